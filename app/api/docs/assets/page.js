"use strict";

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  filter: true,
  tryItOutEnabled: true,
  // A key that was typed in is forgotten with the page.
  persistAuthorization: false,
  // It would ask a host outside.
  validatorUrl: null,
});
