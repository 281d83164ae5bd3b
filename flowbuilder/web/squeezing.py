"""Pages are squeezed on their way out, for requests that no other site can have made.

A page holds what is secret (its form token, people's data), and may hold what somebody put into its address. Whoever
makes a browser ask for such pages and sees how long the answers are could guess the secret bit by bit (BREACH).
Browsers say which site a request comes from: only those of our own pages, and those that a person began, are answered
squeezed.
"""

import gzip

from flask import Flask, Response, request

PAGES = "text/html"
WORTH_IT = 1_000  # bytes
LEVEL = 5
OUR_OWN = ("same-origin", "none")


def init_app(app: Flask) -> None:
    """Squeeze the pages of the app."""
    app.after_request(_squeeze)


def _squeeze(response: Response) -> Response:
    if response.mimetype != PAGES or response.is_streamed or response.direct_passthrough:
        return response
    response.vary.update(("Accept-Encoding", "Sec-Fetch-Site"))
    body = response.get_data()
    if len(body) < WORTH_IT or not _may_be_squeezed():
        return response
    response.set_data(gzip.compress(body, LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response


def _may_be_squeezed() -> bool:
    return bool(request.accept_encodings["gzip"]) and request.headers.get("Sec-Fetch-Site") in OUR_OWN
