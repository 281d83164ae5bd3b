"""What is written down when a page or a call fails: which view, what kind of error, and where; nobody's data."""

import logging
from types import TracebackType
from typing import Any

from flask import Flask, request

from flowbuilder import logs

Fault = tuple[type[Any], BaseException, TracebackType] | tuple[None, None, None]


def init_app(app: Flask) -> None:
    """Have the app write one line about an error that nobody caught, in place of the framework's own words."""
    app.log_exception = _tell  # type: ignore[method-assign]  # the framework's own place for it


def _tell(exc_info: Fault) -> None:
    """The address is left out, because people's data may stand in it; the view says which page it was."""
    if exc_info[1] is not None:
        fields = logs.fault_fields(exc_info[1])
        logs.tell("page_failed", level=logging.ERROR, view=request.endpoint, method=request.method, **fields)
