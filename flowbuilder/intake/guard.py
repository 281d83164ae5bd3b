"""Who may post: the key of the source, and a limit on how often an address may come with wrong ones."""

import hmac
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from flowbuilder import keys
from flowbuilder.intake.refused import Refused, refuse
from flowbuilder.intake.request import Request
from flowbuilder.intake.sources import OpenSource

WRONG_KEYS = 30
PER_SECONDS = 60.0
MOST_ADDRESSES = 10_000
MISSING = "No key came with the request: send the source's key as X-API-Key, or as Authorization: Bearer."
WRONG = "The key is wrong, revoked or of another source: send that of this one, which begins with lk_live_ or lk_test_."


class WrongKeys:
    """A bucket of wrong keys for each address: so many at once, filled again within a minute.

    Only posts with a wrong key are counted and turned away. A right one passes whatever others send from the same
    address, which may be a proxy shared by all suppliers.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, address: str) -> int:
        """Count one wrong key, and return how many seconds the address must wait: 0 while it is within the limit."""
        with self._lock:
            now = self._clock()
            left, at = self._buckets.pop(address, (float(WRONG_KEYS), now))
            left = min(WRONG_KEYS, left + (now - at) * WRONG_KEYS / PER_SECONDS)
            allowed = left >= 1
            self._buckets[address] = (left - 1 if allowed else left, now)
            while len(self._buckets) > MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        return 0 if allowed else math.ceil((1 - left) * PER_SECONDS / WRONG_KEYS)


def posts_tests(source: OpenSource, request: Request, wrong: WrongKeys) -> bool:
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


def wrong_key(request: Request, wrong: WrongKeys) -> Refused:
    """Count a wrong key, and return its refusal: 401, or 429 when there were too many."""
    if wait := wrong.count(request.remote_addr):
        message = f"Too many posts with a wrong key. Wait {wait} s, and check the key."
        return refuse(429, "too_many_wrong_keys", message, Retry_After=str(wait))
    message = WRONG if presented_key(request) else MISSING
    return refuse(401, "wrong_key", message, WWW_Authenticate="Bearer")


def presented_key(request: Request) -> str | None:
    """Return the key that a request presents, if any."""
    given = request.header("X-API-Key")
    if given is not None:
        return given.strip()
    scheme, _, text = (request.header("Authorization") or "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None
