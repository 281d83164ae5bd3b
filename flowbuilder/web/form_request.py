"""What people send in forms and addresses, without what no text holds: the database refuses characters of zero."""

from typing import Any

from flask import Flask
from htmx_flask.requests import HtmxAwareRequest
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

NUL = "\0"


class Texts(ImmutableMultiDict[str, str]):
    """Names and values as they came, but without NUL, as intake and the API read texts."""

    def __init__(self, mapping: Any = None) -> None:
        """Take what was read of a query or of a form."""
        pairs = MultiDict(mapping).items(multi=True)
        super().__init__([(name.replace(NUL, ""), _without_nul(value)) for name, value in pairs])


class FormRequest(HtmxAwareRequest):  # type: ignore[misc]  # the extension has no types
    """A request whose query and form hold no NUL."""

    parameter_storage_class = Texts


def init_app(app: Flask) -> None:
    """Have the app read forms so; after the extension that has it know the requests of htmx."""
    app.request_class = FormRequest


def _without_nul(value: Any) -> Any:
    """Return a text without NUL; a file stays as it is."""
    return value.replace(NUL, "") if isinstance(value, str) else value
