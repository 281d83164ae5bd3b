"""How the demo's buyers decide: by the lead, by when and how often they were asked, never by chance."""

import base64
import hashlib
import hmac
import json
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar
from urllib.parse import parse_qsl

MOST_REMEMBERED = 20_000
V = TypeVar("V")


@dataclass(frozen=True)
class Asked:
    """One request as it came; header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes
    path: str = "/"

    @property
    def key(self) -> str:
        """Return the idempotency key."""
        return self.headers.get("idempotency-key", "")


@dataclass(frozen=True)
class Answer:
    """What a buyer says: a status, a JSON object, and how long it thinks before (seconds)."""

    status: int
    body: Mapping[str, Any]
    after: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Whether the lead is bought: `reason` says why not, `price` what the buyer pays where it sets its own."""

    reason: str | None = None
    price: str | None = None


@dataclass(frozen=True)
class Wanted:
    """What a buyer looks at, in whatever words its seller wrote it."""

    email: str
    zip_code: str = ""
    credit_score: int | None = None
    bill: int | None = None
    roof_age: int | None = None
    faces_south: bool = False


class Memory:
    """What was answered to which idempotency key, whom the buyer knows already, and how often it was asked."""

    def __init__(self) -> None:
        self._verdicts: OrderedDict[str, Verdict] = OrderedDict()
        self._bought: OrderedDict[str, str] = OrderedDict()
        self._calls: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, key: str) -> int:
        """Count one request with a key; return how many there were, this one included."""
        with self._lock:
            return _keep(self._calls, key, self._calls.pop(key, 0) + 1)

    def settle(self, key: str, email: str, verdict: Verdict, *, is_test: bool) -> Verdict:
        """Return the verdict that stands: the first one of the key; “duplicate” for somebody bought under another."""
        with self._lock:
            if key in self._verdicts:
                return self._verdicts[key]
            if verdict.reason is None and self._bought.get(email, key) != key:
                verdict = Verdict("duplicate")
            if verdict.reason is None and not is_test:
                _keep(self._bought, email, key)
            return _keep(self._verdicts, key, verdict)


class Buyer(ABC):
    """A buyer's side of the wire: lets in who it knows, reads, decides, and answers in words of its own."""

    name: ClassVar[str]

    def __init__(self, credentials: Mapping[str, str]) -> None:
        """Take the credentials that the seller was given."""
        self.credentials = credentials
        self.memory = Memory()

    def answer(self, asked: Asked) -> Answer:
        """Return the answer; the same key gets the same one, however often it comes."""
        if not self.knows(asked):
            return Answer(401, {"error": "We do not know you."})
        lead, reference = self.read(asked.body), reference_of(asked.key)
        is_test = asked.headers.get("x-test") == "true"
        hindrance = None if is_test else self.hindrance(lead, self.memory.count(asked.key))
        if hindrance and hindrance.status >= 500:
            return hindrance
        verdict = self.memory.settle(asked.key, lead.email, self.judge(lead), is_test=is_test)
        after = hindrance.after if hindrance else self.thinks(lead)
        return Answer(200, self.words(verdict, reference), after)

    @abstractmethod
    def knows(self, asked: Asked) -> bool:
        """Return whether the request is from the seller."""

    @abstractmethod
    def read(self, body: bytes) -> Wanted:
        """Return the lead."""

    @abstractmethod
    def judge(self, lead: Wanted) -> Verdict:
        """Return whether the lead is wanted."""

    @abstractmethod
    def words(self, verdict: Verdict, reference: str) -> dict[str, Any]:
        """Return the verdict as this buyer writes it."""

    def hindrance(self, lead: Wanted, call: int) -> Answer | None:  # noqa: ARG002 - most buyers have none
        """Return what keeps this call from an ordinary answer: a 503, or a long wait; None as a rule."""
        return None

    def thinks(self, lead: Wanted) -> float:  # noqa: ARG002 - most buyers are as quick for every lead
        """Return the seconds that an ordinary answer takes."""
        return 0.05


class Sunrise(Buyer):
    """Takes most: everybody whose credit score, if told, is 600 or better. Knows its seller by a bearer token."""

    name = "sunrise"

    def knows(self, asked: Asked) -> bool:
        """Return whether the bearer token is right."""
        return is_same(asked.headers.get("authorization", ""), f"Bearer {self.credentials['sunrise_token']}")

    def read(self, body: bytes) -> Wanted:
        """Read nested JSON."""
        posted = json.loads(body)
        contact = posted.get("contact", {})
        return Wanted(str(contact.get("email", "")), credit_score=whole(posted.get("credit_score")))

    def judge(self, lead: Wanted) -> Verdict:
        """Decline weak credit."""
        weak = lead.credit_score is not None and lead.credit_score < 600
        return Verdict("Credit score below 600") if weak else Verdict()

    def words(self, verdict: Verdict, reference: str) -> dict[str, Any]:
        """Say accepted or declined."""
        if verdict.reason is None:
            return {"status": "accepted", "id": f"SE-{reference}"}
        return {"status": "declined", "reason": verdict.reason}


class BrightRoof(Buyer):
    """Is choosy, and pays what it finds a lead is worth. Knows its seller by user name and password."""

    name = "brightroof"

    def knows(self, asked: Asked) -> bool:
        """Return whether user name and password are right."""
        pair = f"acme:{self.credentials['brightroof_password']}".encode()
        return is_same(asked.headers.get("authorization", ""), f"Basic {base64.b64encode(pair).decode()}")

    def read(self, body: bytes) -> Wanted:
        """Read a form."""
        posted = dict(parse_qsl(body.decode()))
        bill, roof_age = whole(posted.get("bill")), whole(posted.get("roof_age"))
        return Wanted(posted.get("email", ""), bill=bill, roof_age=roof_age)

    def judge(self, lead: Wanted) -> Verdict:
        """Decline small bills and old roofs; pay by the bill, or by the age of the roof."""
        if lead.bill is not None and lead.bill < 150:
            return Verdict("Monthly bill below our minimum")
        if lead.roof_age is not None and lead.roof_age > 30:
            return Verdict("Roof too old for our crews")
        cents = 1800 + 5 * (lead.bill or 0) if lead.roof_age is None else 3600 + 60 * lead.roof_age
        return Verdict(price=f"{cents // 100}.{cents % 100:02}")

    def words(self, verdict: Verdict, reference: str) -> dict[str, Any]:
        """Say buy, with the price, or pass."""
        if verdict.reason is None:
            return {"result": "buy", "price": verdict.price, "ref": f"BR{reference}"}
        return {"result": "pass", "why": verdict.reason}


class Helio(Buyer):
    """Takes nearly all, slowly: its old system is busy or falls silent when it is first asked about some postal codes.

    Knows its seller by a key in a header, and believes only what is signed after Standard Webhooks 1.0.
    """

    name = "helio"
    silence = 4.0  # seconds, longer than its seller waits

    def knows(self, asked: Asked) -> bool:
        """Return whether the key is right and the body is signed."""
        return is_same(asked.headers.get("x-partner-key", ""), self.credentials["helio_key"]) and is_signed(
            asked, self.credentials["helio_signing_secret"]
        )

    def read(self, body: bytes) -> Wanted:
        """Read flat JSON."""
        posted = json.loads(body)
        score = whole(posted.get("score"))
        return Wanted(str(posted.get("email", "")), zip_code=str(posted.get("zip", "")), credit_score=score)

    def judge(self, lead: Wanted) -> Verdict:
        """Decline only where no lender would help."""
        hopeless = lead.credit_score is not None and lead.credit_score < 550
        return Verdict("No lender for this score") if hopeless else Verdict()

    def words(self, verdict: Verdict, reference: str) -> dict[str, Any]:
        """Say success or not."""
        if verdict.reason is None:
            return {"success": True, "lead": {"ref": f"H-{reference}"}}
        return {"success": False, "error": verdict.reason}

    def hindrance(self, lead: Wanted, call: int) -> Answer | None:
        """Be busy on the first call for codes that end in 7, and silent on it for those that end in 3."""
        if call == 1 and lead.zip_code.endswith("7"):
            return Answer(503, {"error": "Please try again"}, self.thinks(lead), {"Retry-After": "2"})
        if call == 1 and lead.zip_code.endswith("3"):
            return Answer(200, {}, self.silence)
        return None

    def thinks(self, lead: Wanted) -> float:
        """Return from 0.4 to 1.3 seconds, the same for the same person."""
        return 0.4 + hashlib.sha256(lead.email.encode()).digest()[0] % 10 / 10


HOME_BUYERS: tuple[type[Buyer], ...] = (Sunrise, BrightRoof, Helio)


def reference_of(key: str) -> str:
    """Return the buyer's own number of a lead, always the same for an idempotency key."""
    return hashlib.sha256(key.encode()).hexdigest()[:8].upper()


def is_signed(asked: Asked, secret: str) -> bool:
    """Return whether one of the signatures in `webhook-signature` is right."""
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    message, timestamp, signatures = (asked.headers.get(name, "") for name in names)
    content = b".".join((message.encode(), timestamp.encode(), asked.body))
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256).digest()
    right = f"v1,{base64.b64encode(digest).decode()}"
    return any(is_same(signature, right) for signature in signatures.split())


def is_same(given: str, right: str) -> bool:
    """Return whether a secret is the right one."""
    return hmac.compare_digest(given.encode(), right.encode())


def whole(value: object) -> int | None:
    """Return the whole units of a number, written in any way."""
    text = str(value if value is not None else "").partition(".")[0]
    return int(text) if text.isdecimal() else None


def _keep(kept: OrderedDict[str, V], key: str, value: V) -> V:
    kept[key] = value
    while len(kept) > MOST_REMEMBERED:
        kept.popitem(last=False)
    return value
