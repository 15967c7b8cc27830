"""Every operation of the API, described: by method and route, in the order of the document.

A test holds this table and the application's routes together. What a handler does is said here
once, for people and programs outside; what it does inside, beside its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from app.api import examples
from app.api.access import WRITE
from app.api.description import Answer, Body, Operation, Parameter
from app.api.models.base import ContentType, ItemStatus, JobState, JobType
from app.api.models.callbacks import CallbackList, Redelivered, RedeliverRequest
from app.api.models.estimates import Estimate
from app.api.models.items import ItemList, JobDetails
from app.api.models.jobs import Job, JobEventList, JobList, JobStatus
from app.api.models.problems import Health, Readiness
from app.api.models.requests import ChangeRequest, JobRequest, RetryRequest

JOBS = "/api/v1/batch-jobs"
ONE = f"{JOBS}/{{job}}"

TAGS: Final[Mapping[str, str]] = {
    "Jobs": "Create jobs, see what they would cost, and find them again.",
    "Control": "Pause, resume, cancel, retry and change jobs while they run.",
    "Results": "What became of a job's items, and what happened to the job.",
    "Live": "Follow jobs as they run: server-sent events, and webhooks that Backscroll calls.",
    "Service": "Whether the service is there, and how it is.",
}

# -- parameters

_LIMIT = Parameter(
    "limit", "query", "How many of a kind a page has at most.",
    {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
)  # fmt: skip


def _cursor(name: str, of: str, pattern: str) -> Parameter:
    return Parameter(
        name, "query", f"`{of}` of the page before; absent: the first page.",
        {"type": "string", "pattern": f"^{pattern}$"},
    )  # fmt: skip


def _component(shape: type[Enum]) -> Mapping[str, Any]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _list(name: str, description: str, items: Mapping[str, Any]) -> Parameter:
    """Several values, separated by commas."""
    return Parameter(
        name, "query", description, {"type": "array", "items": items, "minItems": 1},
        style={"style": "form", "explode": False},
    )  # fmt: skip


_ITEM_PLACE = "seq-[0-9]{1,9}"
_EVENT_PLACE = "id-[0-9]{1,18}"
_JOB_PLACE = (
    r"createdAt-[0-9]{1,16}\.id-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
# PostgreSQL knows no zones farther from UTC.
_TIME = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-.+([Zz]|[+-](0\d|1[0-4]):\d\d)$",
}
_TEXT = Parameter(
    "text", "query", "`true`: each item with the text that was made of it.",
    {"type": "boolean", "default": False},
)  # fmt: skip
_IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key", "header",
    "A name for this request, such as a random uuid. The same request with the same key, sent again"
    " within 24 hours, answers with the job that it made the first time and makes no other; another"
    " request with that key is refused.",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
)  # fmt: skip
_LAST_EVENT_ID = Parameter(
    "Last-Event-ID", "header",
    "The id of the last event that was received: the `life` events after it come first. Browsers"
    " send it when they connect again. Empty: as without it.",
    {"type": "string", "pattern": "^[0-9]{0,18}$"},
)  # fmt: skip

PATH_PARAMETERS: Final[Mapping[str, Parameter]] = {
    "job": Parameter(
        "id", "path", "The job's id.", {"type": "string", "format": "uuid"}, is_required=True
    ),
}

# -- answers

# What reading a body can come to.
_BODY_PROBLEMS = (400, 408, 413, 415, 422)


def _job(description: str, example: examples.Example, *headers: str) -> Answer:
    return Answer(description, Body(Job, {"job": example}), headers)


def _stream(description: str) -> Answer:
    return Answer(
        description,
        Body(
            {
                # Without a type: some programs read it as the whole answer, a text, and others,
                # as OpenAPI before 3.2 leaves open, as one event of it, an object.
                "description": "Server-sent events; the data of each is one JSON object.",
                "x-events": {
                    "job": {"$ref": "#/components/schemas/JobStatus"},
                    "life": {"$ref": "#/components/schemas/JobEvent"},
                    "degraded": {"$ref": "#/components/schemas/StreamNotice"},
                    "recovered": {"$ref": "#/components/schemas/StreamNotice"},
                    "end": {"$ref": "#/components/schemas/StreamEnd"},
                },
            },
            {"events": examples.STREAM},
            "text/event-stream",
        ),
    )


_EVENTS = (
    "- `job`: where a job stands (`JobStatus`); first for what is there already, then for every"
    " change. Without an id.\n"
    "- `life`: something happened to a job (`JobEvent`); its id is the position that"
    " `Last-Event-ID` resumes from, without a gap.\n"
    "- `degraded`, `recovered`: the database is away, so that what you saw may be old; it is back"
    " and what you missed follows (`StreamNotice`).\n"
    "- `end`: the stream is over, and why (`StreamEnd`).\n\n"
    "Comment lines keep the connection alive. Programs other than browsers need a client for"
    " server-sent events; it reads line by line."
)

# -- webhooks

WEBHOOK_HEADERS: Final = (
    Parameter(
        "webhook-id", "header",
        "The same in every delivery of one event: go by it, for an event may come twice.",
        {"type": "string"}, is_required=True,
    ),
    Parameter(
        "webhook-timestamp", "header",
        "When this delivery was sent, in seconds since 1970. Refuse what is older than minutes.",
        {"type": "string", "pattern": "^[0-9]+$"}, is_required=True,
    ),
    Parameter(
        "webhook-signature", "header",
        "`v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body`; several are separated by"
        " spaces, and one that fits is enough.",
        {"type": "string"}, is_required=True,
    ),
)  # fmt: skip
WEBHOOK_EXAMPLE: Final = examples.WEBHOOK

# -- operations

OPERATIONS: Final[Mapping[tuple[str, str], Operation]] = {
    ("POST", JOBS): Operation(
        "createBatchJob", "Jobs", "Create a job",
        "Answers at once, however many messages match; a worker then selects them (`pending`) and"
        " works on them (`processing`). With `dryRun` it answers what the job would do, and creates"
        " nothing.",
        {
            201: _job("The job was created.", examples.PENDING, "Location"),
            200: Answer(
                "The job that this Idempotency-Key has created before; of a `dryRun` the estimate.",
                Body(Job | Estimate, {"job": examples.JOB, "estimate": examples.ESTIMATE}),
                ("Location", "Idempotency-Replayed"),
            ),
        },
        (_IDEMPOTENCY_KEY,),
        Body(JobRequest, examples.REQUESTS | {"dryRun": examples.DRY_RUN}),
        (404, *_BODY_PROBLEMS),
        WRITE,
    ),
    ("GET", JOBS): Operation(
        "listBatchJobs", "Jobs", "List jobs",
        "Newest first. No job appears twice or is passed over while others are created.",
        {200: Answer("A page of jobs.", Body(JobList, {"jobs": examples.JOBS}))},
        (
            _list("status", "Only jobs in one of these states.",
                  _component(JobState)),
            _list("jobType", "Only jobs of one of these types.",
                  _component(JobType)),
            _list("instanceId", "Only jobs about one of these instances.",
                  {"type": "string", "format": "uuid"}),
            Parameter("createdAfter", "query", "Created then or later.", _TIME),
            Parameter("createdBefore", "query", "Created before then.", _TIME),
            Parameter("retryOf", "query", "Only retries of this job.",
                      {"type": "string", "format": "uuid"}),
            Parameter(
                "metadata", "query",
                "Only jobs with these metadata, each as a parameter of its own:"
                " `?metadata.ticket=SUP-1042`.",
                {
                    "type": "object",
                    "propertyNames": {"pattern": r"^metadata\.[^\u0000]+$"},
                    "additionalProperties": {"type": "string", "pattern": r"^[^\u0000]*$"},
                },
                style={"style": "form", "explode": True},
                examples={"none": {}, "ticket": {"metadata.ticket": "SUP-1042"}},
            ),
            _LIMIT,
            _cursor("cursor", "nextCursor", _JOB_PLACE),
        ),
        problems=(422,),
    ),
    ("POST", f"{JOBS}/estimate"): Operation(
        "estimateBatchJob", "Jobs", "Estimate a job",
        "What the same body would do if a job were created of it: how many items, at what cost, in"
        " what time. Creates nothing.",
        {200: Answer("The estimate.", Body(Estimate, {"estimate": examples.ESTIMATE}))},
        body=Body(JobRequest, examples.REQUESTS),
        problems=(404, *_BODY_PROBLEMS),
    ),
    ("GET", ONE): Operation(
        "getBatchJob", "Jobs", "Get a job", "The whole row of the view `batch_jobs`.",
        {200: _job("The job.", examples.JOB)},
        problems=(404, 422),
    ),
    ("GET", f"{ONE}/status"): Operation(
        "getBatchJobStatus", "Jobs", "Get a job's progress",
        "Cheap enough to poll every two seconds, however large the job is.",
        {200: Answer("Where it stands.", Body(JobStatus, {"status": examples.STATUS}))},
        problems=(404, 422),
    ),
    ("PATCH", ONE): Operation(
        "changeBatchJob", "Control", "Change a running job",
        "More lanes open at once, fewer are kept as slices end. A job that waits because its budget"
        " was spent goes on when the new one is larger.",
        {200: _job("The job as it is now.", examples.CHANGED)},
        body=Body(ChangeRequest, {"changes": examples.CHANGES}),
        problems=(404, 409, *_BODY_PROBLEMS),
        scope=WRITE,
    ),
    ("POST", f"{ONE}/pause"): Operation(
        "pauseBatchJob", "Control", "Pause a job",
        "Items in hand are finished, no other begins. Pausing a paused job changes nothing.",
        {200: _job("The job as it is now.", examples.PAUSED)},
        problems=(404, 409),
        scope=WRITE,
    ),
    ("POST", f"{ONE}/resume"): Operation(
        "resumeBatchJob", "Control", "Resume a paused job",
        "It goes on where it was; what it has done stays done.",
        {200: _job("The job as it is now.", examples.JOB)},
        problems=(404, 409),
        scope=WRITE,
    ),
    ("POST", f"{ONE}/cancel"): Operation(
        "cancelBatchJob", "Control", "Cancel a job",
        "Once it has answered, no item begins. What was in hand is still recorded and counted."
        " A job that has ended, a cancelled one too, is a 409.",
        {200: _job("The job as it is now.", examples.CANCELLED)},
        problems=(404, 409),
        scope=WRITE,
    ),
    ("POST", f"{ONE}/retry"): Operation(
        "retryBatchJob", "Control", "Retry a job's failed items",
        "Creates a new job of the items that failed in this one, which must have ended: with the"
        " same parameters, except those in the body.",
        {
            201: _job("The new job.", examples.RETRIED, "Location"),
            200: _job(
                "The job that this Idempotency-Key has created before.", examples.RETRIED,
                "Location", "Idempotency-Replayed",
            ),
        },
        (_IDEMPOTENCY_KEY,),
        Body(RetryRequest, {"overrides": examples.RETRY, "sameAgain": {}}, is_required=False),
        (404, 409, *_BODY_PROBLEMS),
        WRITE,
    ),
    ("GET", f"{ONE}/details"): Operation(
        "getBatchJobDetails", "Results", "Get what became of a job",
        "A page of the processed and a page of the failed items, each with its own cursor, and what"
        " was estimated beside what it cost.",
        {200: Answer("The details.", Body(JobDetails, {"details": examples.DETAILS}))},
        (_LIMIT, _cursor("processedCursor", "nextProcessedCursor", _ITEM_PLACE),
         _cursor("failedCursor", "nextFailedCursor", _ITEM_PLACE)),
        problems=(404, 422),
    ),
    ("GET", f"{ONE}/items"): Operation(
        "listBatchJobItems", "Results", "List a job's items",
        "In the job's order; items never move, so that none appears twice or is passed over.",
        {200: Answer(
            "A page of items.",
            Body(ItemList, {"items": examples.ITEMS, "withText": examples.ITEMS_WITH_TEXT}),
        )},
        (
            _list("status", "Only items that ended so, or have not (`pending`).",
                  _component(ItemStatus)),
            _list("contentType", "Only items of these types.", _component(ContentType)),
            _list("errorCode", "Only items that failed for one of these reasons.",
                  {"type": "string", "pattern": "^[a-z_]+$", "examples": ["media_not_found"]}),
            _TEXT,
            _LIMIT,
            _cursor("cursor", "nextCursor", _ITEM_PLACE),
        ),
        problems=(404, 422),
    ),
    ("GET", f"{ONE}/events"): Operation(
        "listBatchJobEvents", "Results", "List a job's life",
        "Who did what, and when, oldest first.",
        {200: Answer("A page of events.", Body(JobEventList, {"events": examples.EVENTS}))},
        (_LIMIT, _cursor("cursor", "nextCursor", _EVENT_PLACE)),
        problems=(404, 422),
    ),
    ("GET", f"{ONE}/report.csv"): Operation(
        "downloadBatchJobReportCsv", "Results", "Download all items as CSV",
        "RFC 4180 with a heading, in the job's order. Sent as it is read: a job of a million items"
        " takes no more memory than one of ten.",
        {200: Answer(
            "The report.",
            Body({"type": "string"}, {"report": examples.REPORT_CSV}, "text/csv; charset=utf-8"),
            ("Content-Disposition",),
        )},
        (_TEXT,),
        problems=(404, 422),
    ),
    ("GET", f"{ONE}/report.ndjson"): Operation(
        "downloadBatchJobReportNdjson", "Results", "Download all items as NDJSON",
        "An item a line, as `/items` writes it (`Item`), in the job's order.",
        {200: Answer(
            "The report.",
            Body({"type": "string"}, {"report": examples.REPORT_NDJSON}, "application/x-ndjson"),
            ("Content-Disposition",),
        )},
        (_TEXT,),
        problems=(404, 422),
    ),
    ("GET", f"{ONE}/stream"): Operation(
        "streamBatchJob", "Live", "Follow a job",
        f"Ends after the job's last event.\n\n{_EVENTS}",
        {200: _stream("Events, until the job has ended.")},
        (_LAST_EVENT_ID,),
        problems=(404, 422),
    ),
    ("GET", f"{JOBS}/stream"): Operation(
        "streamBatchJobs", "Live", "Follow all jobs",
        f"All jobs that the key may see, without end.\n\n{_EVENTS}",
        {200: _stream("Events, until you leave.")},
        (_LAST_EVENT_ID,),
        problems=(422,),
    ),
    ("GET", f"{ONE}/callbacks"): Operation(
        "listBatchJobCallbacks", "Live", "List a job's callbacks",
        "What its `callbackUrl` was told, and how each delivery went, oldest first.",
        {200: Answer("A page.", Body(CallbackList, {"callbacks": examples.CALLBACKS}))},
        (_LIMIT, _cursor("cursor", "nextCursor", "number-[0-9]{1,18}")),
        problems=(404, 422),
    ),
    ("POST", f"{ONE}/callbacks/redeliver"): Operation(
        "redeliverBatchJobCallbacks", "Live", "Send a job's callbacks once more",
        "Delivered or not, with the same ids and payloads, to the address that the job has now.",
        {200: Answer("What is sent.", Body(Redelivered, {"callbacks": examples.REDELIVERED}))},
        body=Body(RedeliverRequest, {"all": {}, "one": examples.REDELIVER}, is_required=False),
        problems=(404, 409, *_BODY_PROBLEMS),
        scope=WRITE,
    ),
    ("GET", "/healthz"): Operation(
        "getHealth", "Service", "Is the process alive?", "Does not ask the database.",
        {200: Answer("It is.", Body(Health, {"alive": {"status": "ok"}}))},
        scope=None,
    ),
    ("GET", "/readyz"): Operation(
        "getReadiness", "Service", "Can it serve requests?",
        "503 while the database is away, or not migrated to this release.",
        {200: Answer("It can.", Body(Readiness, {"ready": {"status": "ready"}}))},
        scope=None,
    ),
    ("GET", "/metrics"): Operation(
        "getMetrics", "Service", "Metrics for Prometheus",
        "Of all instances: a key that is limited to some may not read them.",
        {200: Answer(
            "The metrics.",
            Body({"type": "string"}, {"metrics": examples.METRICS},
                 "text/plain; version=0.0.4; charset=utf-8"),
        )},
    ),
    ("GET", "/openapi.json"): Operation(
        "getOpenApiDocument", "Service", "This document", "OpenAPI 3.1.",
        {200: Answer(
            "The document.",
            Body({"type": "object"}, {"head": {"openapi": "3.1.0"}}),
            ("ETag",),
        )},
        scope=None,
    ),
}  # fmt: skip
