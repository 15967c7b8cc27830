"""How gunicorn serves the API; `backscroll serve` starts it with this file.

One process serves thousands of clients. WEB_CONCURRENCY, which gunicorn reads itself, sets how
many processes there are.
"""

import logging
import os
import signal
from typing import Any

from app.log import log_config

bind = os.environ.get("BACKSCROLL_BIND") or "127.0.0.1:8000"
wsgi_app = "app.api.application:application()"
worker_class = "asgi"
asgi_lifespan = "on"
proc_name = "backscroll-api"

_level = (os.environ.get("BACKSCROLL_LOG_LEVEL") or "INFO").upper()
loglevel = _level.lower()
logconfig_dict = log_config(_level)
accesslog = None
errorlog = "-"

keepalive = 30
# A stop waits so long for every open connection, also for those that clients merely keep.
graceful_timeout = 3

# Two servers of one user would fight over gunicorn's control socket; signals do all we need.
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Ends the streams as soon as the process is told to stop; nothing else would, see app.api."""

    def stop() -> None:
        worker.handle_exit_signal()
        worker.state.get("end_streams", lambda: None)()

    worker.loop.add_signal_handler(signal.SIGTERM, stop)


def when_ready(server: Any) -> None:
    logging.getLogger("app.api").info("the API listens on http://%s", bind)


def on_exit(server: Any) -> None:
    logging.getLogger("app.api").info("the API has stopped")
