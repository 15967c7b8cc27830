"""How gunicorn serves the API; `backscroll serve` starts it with this file."""
