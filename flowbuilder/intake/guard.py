"""Who may post: the key of the source, and limits on how often an address may come with wrong ones or with none."""

import hmac
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from flowbuilder import keys
from flowbuilder.accounts.throttle import is_loopback, network_of
from flowbuilder.intake.refused import Refused, refuse
from flowbuilder.intake.request import Request
from flowbuilder.intake.sources import OpenSource

WRONG_KEYS = 30
PER_SECONDS = 60.0
MOST_ADDRESSES = 10_000
MISSING = (
    "No key came with the request: send the source's key as X-API-Key, or as Authorization: Bearer. "
    "It is read in these headers only."
)
WRONG = "The key is wrong, revoked or of another source: send that of this one, which begins with lk_live_ or lk_test_."
OF_PROGRAMS = "This is a key of the management API: send the source's key, which begins with lk_live_ or lk_test_."


class Buckets:
    """A bucket for each address: `most` at once, filled again within a minute.

    Posts with a wrong key are counted and turned away so, and posts to a source that needs none. A right key passes
    whatever others send from the same address, which may be a proxy shared by all suppliers.
    """

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, object], tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, address: str, about: object = None) -> int:
        """Count one post, and return how many seconds the address must wait: 0 while it is within the limit."""
        place = network_of(address), about
        with self._lock:
            now = self._clock()
            left, at = self._buckets.pop(place, (float(self.most), now))
            left = min(self.most, left + (now - at) * self.most / PER_SECONDS)
            allowed = left >= 1
            self._buckets[place] = (left - 1 if allowed else left, now)
            while len(self._buckets) > MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        return 0 if allowed else math.ceil((1 - left) * PER_SECONDS / self.most)


def admit(source: OpenSource, request: Request, wrong: Buckets, without_key: Buckets) -> bool:
    """Return whether a post makes a test, as `posts_tests` does; raises Refused, 429 too for a flood without a key.

    This machine is not counted: behind a proxy that TRUSTED_PROXIES does not name, it would be everybody.
    """
    is_test = posts_tests(source, request, wrong)
    is_counted = not source.needs_key and presented_key(request) is None and not is_loopback(request.remote_addr)
    if is_counted and (wait := without_key.count(request.remote_addr, source.source_id)):
        message = f"More than {without_key.most} posts a minute without a key from one address. Wait {wait} s."
        raise refuse(429, "too_many_posts", message, Retry_After=str(wait))
    return is_test


def posts_tests(source: OpenSource, request: Request, wrong: Buckets) -> bool:
    """Return whether the presented key is a test key; raises Refused, 401 for no key or a wrong one, 429 for too many.

    A source that needs no key takes posts without one, but a key that is presented must be right.
    """
    text = presented_key(request)
    if text is None and not source.needs_key:
        return False
    given = keys.read_key(text) if text else None
    stored = source.keys.get(given.id) if given else None
    if given and stored and hmac.compare_digest(stored.secret_hash, given.secret_hash):
        return stored.is_test
    raise wrong_key(request, wrong)


def wrong_key(request: Request, wrong: Buckets) -> Refused:
    """Count a wrong key, and return its refusal: 401, or 429 when there were too many."""
    if wait := wrong.count(request.remote_addr):
        message = f"Too many posts with a wrong key. Wait {wait} s, and check the key."
        return refuse(429, "too_many_wrong_keys", message, Retry_After=str(wait))
    return refuse(401, "wrong_key", _what_is_wrong(presented_key(request)), WWW_Authenticate="Bearer")


def _what_is_wrong(key: str | None) -> str:
    if not key:
        return MISSING
    return OF_PROGRAMS if key.startswith(f"{keys.OF_ACCOUNTS}_") else WRONG


def presented_key(request: Request) -> str | None:
    """Return the key that a request presents, if any."""
    given = request.header("X-API-Key")
    if given is not None:
        return given.strip()
    scheme, _, text = (request.header("Authorization") or "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None
