"""Reading a buyer as it is written: a step of its own, or a row of a group."""

from rules.caps import read_caps
from rules.duplicates import read_duplicates
from rules.earnings import Least
from rules.hours import read_hours
from rules.reading import Part
from rules.retry import read_policy
from rules.steps.base import read_common
from rules.steps.buyer.buyer import Buyer
from rules.steps.ways import read_ways
from rules.suppressing import read_suppressions

NO_FIELD = "The flow has no field “{}”."


def read_buyer(part: Part) -> Buyer | None:
    """Return the buyer step that a part describes, None when something it cannot do without has problems."""
    sells_on = part.choice("sell", ("stop", "continue"), "stop") == "continue"
    buyer = read_offer(part, sells_on=sells_on)
    part.finish()
    return buyer


def read_offer(
    part: Part, *, sells_on: bool, least: Least | None = None, price_in: str | None = "price"
) -> Buyer | None:
    """Return the buyer of a step or of a group's row; the caller reads what only one of the two has.

    `price_in` is the setting that its price stands in, None for a buyer that makes bids.
    """
    common = read_common(part)
    price, when = part.price(price_in) if price_in else None, part.rule("when")
    if price_in and not part.has(price_in):
        part.report(price_in, "missing_price", "Say what this buyer pays for a lead.")
    policy = read_policy(part, holds=part.settings.get("on_error") == "hold")
    connection, requires = _read_connection(part), part.words("requires", part.document.fields.__contains__, NO_FIELD)
    caps, hours = read_caps(part, "caps", common.id, may_spend=True), read_hours(part)
    duplicates, suppress = read_duplicates(part), read_suppressions(part)
    ways, timeout_ms, on_ambiguous = read_ways(part), _read_timeout(part), part.take("on_ambiguous")
    if price_in and price is None:
        return None
    return Buyer(
        common=common,
        connection=connection,
        price=price,
        price_written=part.take(price_in) if price_in else None,
        when=when,
        requires=requires,
        caps=caps,
        hours=hours,
        ways=ways,
        policy=policy,
        policy_written=policy.as_asked() | {"on_ambiguous": on_ambiguous},
        timeout_ms=timeout_ms,
        sells_on=sells_on,
        least=least,
        duplicates=duplicates,
        suppress=suppress,
    )


def _read_connection(part: Part) -> str:
    """Return the connection, which a buyer that was only just added does not have yet."""
    if part.take("connection") in (None, ""):
        part.report("connection", "missing_connection", "Choose the buyer that is offered the lead.")
        return ""
    return part.text("connection")


def _read_timeout(part: Part) -> int | None:
    """Return the longest wait for an answer in milliseconds, None for the connection's own."""
    if not part.has("timeout"):
        return None
    timeout = part.duration("timeout", "30s")
    if not 1 <= timeout <= 60:
        part.report("timeout", "out_of_bounds", "“timeout” must be from 1s to 60s.")
    return timeout * 1000
