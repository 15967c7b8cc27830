"""How gunicorn serves the API; `backscroll serve` starts it with this file.

One process serves thousands of clients; WEB_CONCURRENCY sets how many processes there are.
"""

import logging
import os
import sys
from typing import Any

from app.log import log_config
from app.scratch import Scratch
from app.settings import SettingsError, load_settings

try:
    _settings = load_settings()
except SettingsError as error:
    sys.exit(str(error))

bind = [_settings.bind]
if _settings.metrics_bind is not None:
    bind.append(_settings.metrics_bind)
wsgi_app = "app.api.application:application()"
worker_class = "app.api.connections.ApiWorker"
workers = _settings.api_processes
asgi_lifespan = "on"
proc_name = "backscroll-api"

loglevel = _settings.log_level.lower()
logconfig_dict = log_config(_settings.log_level, _settings.log_format)
accesslog = None  # app.api.observed writes it
errorlog = "-"

keepalive = _settings.keep_alive
graceful_timeout = _settings.api_stop_grace

# Two servers of one user would fight over gunicorn's control socket; signals do all we need.
control_socket_disable = True

# Several processes count in files of one folder, so that whichever is asked has all numbers.
_counts = Scratch() if workers > 1 else None
if _counts is not None:
    _counts.remove_abandoned()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_counts.folder)


def when_ready(server: Any) -> None:
    # Of itself gunicorn cuts off everybody at the first Ctrl-C; now only a second one does.
    server.handle_int = server.handle_term
    logging.getLogger("app.api").info("the API listens on http://%s", _settings.bind)


def child_exit(server: Any, worker: Any) -> None:
    if _counts is not None:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    if _counts is not None:
        _counts.remove()
    logging.getLogger("app.api").info("the API has stopped")
