"""The demo's three networks: they bid for what they see of a lead, and one of them changes its mind after winning."""

import json
from abc import abstractmethod
from typing import Any, ClassVar

from flowbuilder.demo.trading import Answer, Asked, Buyer, Verdict, Wanted, is_same, reference_of, whole

REFUSED_AFTER_WINNING, TOO_SLOW = "Q", "Z"
"""The last letter of a postal code by which Kestrel refuses what it won, or Northstar bids too late."""
NOTHING: dict[str, Any] = {}


class Network(Buyer):
    """Bids at one address, takes the lead at another, and hears at a third why it lost. Knows its seller by a key."""

    quick: ClassVar[float]
    """Seconds that a bid takes."""

    def answer(self, asked: Asked) -> Answer:
        """Bid, take a lead that was won, or hear what came of a bid."""
        if not self.knows(asked):
            return Answer(401, {"error": "We do not know you."})
        if asked.path.endswith("/ping"):
            return self._bid(self.read(asked.body), asked.key)
        return Answer(200, NOTHING) if asked.path.endswith("/feedback") else super().answer(asked)

    def knows(self, asked: Asked) -> bool:
        """Return whether the key is right."""
        return is_same(asked.headers.get("x-api-key", ""), self.credentials[f"{self.name}_key"])

    def read(self, body: bytes) -> Wanted:
        """Read flat JSON, before the lead is bought and after."""
        posted = json.loads(body)
        faces_south = str(posted.get("roof", "")) == "south"
        email, code = str(posted.get("email", "")), str(posted.get("postal_code", ""))
        return Wanted(email, zip_code=code, bill=whole(posted.get("monthly_bill")), faces_south=faces_south)

    @abstractmethod
    def bid(self, lead: Wanted) -> int | None:
        """Return what the lead is worth to it in pence, None when it does not want it."""

    def judge(self, lead: Wanted) -> Verdict:  # noqa: ARG002 - most keep to their bids
        """Take what was won."""
        return Verdict()

    def words(self, verdict: Verdict, reference: str) -> dict[str, Any]:
        """Say yes or no."""
        if verdict.reason is None:
            return {"accepted": True, "id": reference}
        return {"accepted": False, "reason": verdict.reason}

    def takes_long(self, lead: Wanted) -> float:  # noqa: ARG002 - most are as quick for every lead
        """Return the seconds that a bid for this lead takes."""
        return self.quick

    def _bid(self, lead: Wanted, key: str) -> Answer:
        pence = self.bid(lead)
        if pence is None:
            return Answer(200, {"bid": 0, "reason": "Not for us"}, self.quick)
        said = {"bid": f"{pence // 100}.{pence % 100:02}", "bid_id": f"{self.name[:2].upper()}-{reference_of(key)}"}
        return Answer(200, said, self.takes_long(lead))


class Leadhaven(Network):
    """Quick, and wants everything: it pays by the bill."""

    name, quick = "leadhaven", 0.06

    def bid(self, lead: Wanted) -> int | None:
        """Return £9.50, and 12 pence for each pound of the bill."""
        return 950 + 12 * (lead.bill or 0)


class Kestrel(Network):
    """Pays much for roofs that face south and little for others; now and then its desk is full once it has won."""

    name, quick = "kestrel", 0.25

    def bid(self, lead: Wanted) -> int | None:
        """Return £36 for a roof that faces south, £18.50 for any other; bills below £50 are not for it."""
        if (lead.bill or 0) < 50:
            return None
        return 3600 if lead.faces_south else 1850

    def judge(self, lead: Wanted) -> Verdict:
        """Refuse some of what was won."""
        is_full = lead.zip_code.endswith(REFUSED_AFTER_WINNING)
        return Verdict("Our desk is full") if is_full else Verdict()


class Northstar(Network):
    """Large bills only, for which it pays most; it thinks long, and for some postal codes too long."""

    name, quick = "northstar", 0.7

    def bid(self, lead: Wanted) -> int | None:
        """Return 22 pence for each pound of a bill from £100 on."""
        return 22 * lead.bill if lead.bill and lead.bill >= 100 else None

    def takes_long(self, lead: Wanted) -> float:
        """Return longer than its seller waits for those postal codes."""
        return 2.5 if lead.zip_code.endswith(TOO_SLOW) else self.quick


NETWORKS: tuple[type[Network], ...] = (Leadhaven, Kestrel, Northstar)
