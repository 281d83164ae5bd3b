"""How often pages and the API may be asked: so many requests a minute for whoever is known, else for an address.

Intake has its own limits and is not counted here, nor are files for the browser and the checks of a load balancer.
"""

import math
import time
from functools import partial

from flask import Flask, Response, request
from flask_limiter import Limiter, RateLimitExceeded

from flowbuilder.accounts.access import somebody
from flowbuilder.accounts.throttle import network_of
from flowbuilder.api.auth import known_key
from flowbuilder.api.errors import error_answer, is_for_api
from flowbuilder.config import Settings
from flowbuilder.web.error_pages import error_page

NOT_COUNTED = frozenset({"ingest", "health"})


def init_app(app: Flask, settings: Settings) -> None:
    """Count every request before anything else is done for it; above the limit it is answered 429.

    The counts are kept in memory: one process answers all requests.
    """
    limiter = Limiter(
        _who_asks,
        application_limits=[f"{settings.requests_per_minute} per minute"],
        storage_uri="memory://",
    )
    limiter.request_filter(_is_not_counted)
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, partial(_too_often, limiter))


def _is_not_counted() -> bool:
    return request.blueprint in NOT_COUNTED


def _who_asks() -> str:
    """Only who proved to be somebody is counted as such: made-up keys all count for the address they come from."""
    if is_for_api():
        key = known_key()
        return f"key {key.id}" if key else _address()
    visitor = somebody()
    return f"session {visitor.session_hash.hex()}" if visitor else _address()


def _address() -> str:
    return f"address {network_of(request.remote_addr or '')}"


def _too_often(limiter: Limiter, _error: RateLimitExceeded) -> Response:
    response = error_answer(429) if is_for_api() else error_page(429)
    limit = limiter.current_limit
    # The package counts by this clock too.
    response.headers["Retry-After"] = str(max(1, math.ceil(limit.window.reset_time - time.time())) if limit else 60)
    return response
