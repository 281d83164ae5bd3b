"""`flowbuilder web`: the pages and APIs under granian: one process, an event loop for posts, threads for pages."""

import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from flowbuilder import config, logs, open_files
from flowbuilder.config import Settings
from flowbuilder.scheduling import be_patient
from flowbuilder.serving.tether import end_with_parent

SELDOM = (10_000, 20, 50)
"""After how many objects more garbage is looked for, and how much more seldom among older ones."""


def serve_web(settings: Settings) -> None:
    """Serve until SIGTERM; requests that run are given 18 seconds to end."""
    be_patient()
    server = Granian(
        "flowbuilder.app:asgi_app",
        address=settings.web_host,
        port=settings.web_port,
        interface=Interfaces.ASGI,
        backlog=2048,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=18,
    )
    server.serve(target_loader=_load_tethered)


def _load_tethered(_target: str) -> Callable[..., Any]:
    # This runs in the process that answers; without it that one would keep the port when the other is killed.
    end_with_parent(os.getppid())
    open_files.allow_many()
    own = config.settings()
    logs.set_up(level=own.log_level, as_json=logs.wants_json(own.log_format, sys.stderr), process="web")
    # Until granian sets its own handlers, those that this process inherited would swallow a signal to stop.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    # What is loaded now stays for good: looking through all of it for garbage would take a tenth of the start, and
    # later stop every request for 0.3 seconds.
    gc.disable()
    from flowbuilder.app import asgi_app, create_app  # noqa: PLC0415 - only the process that answers may build the app

    app = asgi_app(create_app(own), own)

    gc.freeze()
    gc.set_threshold(*SELDOM)
    gc.enable()
    return app
