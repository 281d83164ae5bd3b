"""Whole pages or named blocks of them, and the response headers that htmx understands."""

import json
from typing import Any

from flask import Flask, Response, current_app, make_response, redirect, render_template
from htmx_flask import Htmx, request

htmx = Htmx()
"""Gives requests `request.htmx`; the headers of answers are written here, where each has one use."""


def init_app(app: Flask) -> None:
    """Let requests know htmx, and tell caches that a page's address answers htmx otherwise than a visit."""
    htmx.init_app(app)
    app.after_request(_vary)


def wants_fragment() -> bool:
    """Return whether htmx asks for a part of a page; a page restored from history is always whole."""
    return bool(request.htmx) and not request.htmx.history_restore_request


def is_fetched_by_page() -> bool:
    """Return whether an open page fetched this by itself or in passing, so that it does not count as use."""
    return bool(request.method == "GET" and wants_fragment())


def page(template: str, block: str | None = None, *, status: int = 200, **values: Any) -> Response:
    """Return the whole page for a visit, or for htmx only its block of that name, if one is named.

    Several blocks, separated by blanks, are sent one after the other: mark those that are swapped elsewhere with
    `hx-swap-oob` when `is_fragment` is true.
    """
    if not block or not wants_fragment():
        return make_response(render_template(template, is_fragment=False, **values), status)
    return make_response(_blocks(template, block.split(), {**values, "is_fragment": True}), status)


def nothing_new() -> Response:
    """Return the answer to a poll that changes nothing: htmx leaves the page as it is."""
    return Response(status=204)


def go_to(address: str) -> Response:
    """Send the browser to an address of ours: a redirect (303) for a visit, the header that htmx follows for it."""
    if not request.htmx:
        return make_response(redirect(address, 303))
    return Response(status=204, headers={"HX-Redirect": address})


def with_events(response: Response, **events: Any) -> Response:
    """Let htmx fire these events in the page once the response has come."""
    response.headers["HX-Trigger"] = json.dumps(events)
    return response


def with_address(response: Response, address: str) -> Response:
    """Let the browser show this address as the page's own."""
    response.headers["HX-Push-Url"] = address
    return response


def _blocks(template: str, names: list[str], values: dict[str, Any]) -> str:
    current_app.update_template_context(values)
    found = current_app.jinja_env.get_template(template)
    context = found.new_context(values)
    # The first piece of the whole page: imports and macros that stand outside the blocks are known from then on.
    whole = found.root_render_func(context)
    next(whole)
    return "".join(part for name in names for part in context.blocks[name][0](context))


def _vary(response: Response) -> Response:
    response.vary.add("HX-Request")
    return response
