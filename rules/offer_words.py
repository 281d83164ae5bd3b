"""Says what became of an offer: it went out, was answered, is waited for, was told to a supplier, settled by hand."""

from rules.money import say_money
from rules.reasons import say_reason
from rules.saying import say_list
from rules.telling import EventLike, Telling


def say_offer(telling: Telling, event: EventLike) -> str:
    """Return `Offered at $42.00; no clear answer yet`, or what was answered."""
    price = say_money(event.asks["price"], telling.currency)
    if event.result is None:
        return f"Offered at {price}; no clear answer yet"
    if event.result["answer"] == "open":
        others = (
            "others are asked at the same time" if event.asks.get("leaves") == "asked" else "others are asked meanwhile"
        )
        return f"Offered at {price}; {others}"
    return _say_answer(telling, event, f"Offered at {price}")


def _say_answer(telling: Telling, event: EventLike, offered: str) -> str:
    """Return what became of an offer; `offered` says at which price, where that is known."""
    if event.result.get("by_hand"):
        return say_by_hand(telling, event)
    match event.result["answer"]:
        case "accepted":
            return f"Accepted at {say_money(event.result['price'], telling.currency)}"
        case "declined" if event.reason == "timeout":
            return _say_timeout(event, offered)
        case "declined":
            return f"{offered}: {say_reason(event.reason or 'rejected')}"
        case "not_asked":
            return f"Not asked: {say_reason(event.reason or 'error')}"
        case "unknown":
            return "May have taken the lead, and never answered"
    return f"{offered}: {say_reason(event.reason or 'error')}"


def _say_timeout(event: EventLike, offered: str) -> str:
    """Return `Timed out after 30 s, offered at $42.00`; journals that were written before do not say after how long."""
    waited = event.result.get("waited_ms") or event.asks.get("timeout_ms")
    offered = offered[0].lower() + offered[1:]
    return f"Timed out after {waited / 1000:g} s, {offered}" if waited else f"Timed out, {offered}"


def say_await(telling: Telling, event: EventLike) -> str:
    """Return `Waits for Sunrise Energy or Helio Partners`; what the first of them answered, once one did."""
    if event.result is not None:
        return _say_answer(telling, event, f"Offered at {say_money(event.result['price'], telling.currency)}")
    connections = [telling.connection_of(buyer) or buyer for buyer in event.asks["offers"]]
    return f"Waits for {say_list([telling.names.called(one) for one in connections], 'or')}"


def say_quote(telling: Telling, event: EventLike) -> str:
    """Return `Told its supplier $31.50 for it: posted`."""
    said = f"Told its supplier {say_money(event.asks['price'], telling.currency)} for it"
    if event.result is None:
        return f"{said}; waits for the post"
    if event.result["answer"] == "not_asked":
        return f"Not asked: {say_reason(event.reason or 'error')}"
    return f"{said}: {'posted' if event.result['answer'] == 'posted' else 'not posted in time'}"


def say_by_hand(telling: Telling, event: EventLike) -> str:
    """Return what a person said of a buyer that had not answered."""
    asks = event.asks if event.effect == "by_hand" else event.result
    if asks["answer"] == "accepted":
        return f"A person settled it: the buyer has the lead, at {say_money(asks['price'], telling.currency)}"
    return "A person settled it: the buyer does not have the lead"
