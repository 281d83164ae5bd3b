"""Steers the leads of one turn: settles answers, locks what they need, and moves each as far as it gets."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rules.effects import (
    Await,
    Check,
    Close,
    Effect,
    Hold,
    Intake,
    Join,
    Lists,
    LookUp,
    Note,
    Offer,
    Ping,
    Quote,
    Reserve,
    Settle,
    StartAgain,
)
from rules.interpreter import Diverged
from workers import breakers, gathering
from workers.book import Unreadable
from workers.caps import Ask, is_turn
from workers.carrying import Carried
from workers.claims import Claiming, look_at_claims, take_claims
from workers.effects import (
    again,
    by_hand,
    check,
    door,
    ending,
    join,
    lists,
    look_up,
    offer,
    ping,
    quote,
    replacing,
    settle,
    waiting,
)
from workers.journal import LostWrite, Past, read_past
from workers.turn import Turn

Result = dict[str, Any]
LOCKING = (Intake, Reserve, Check, Offer, Quote, Hold)
"""The effects that take places, or wait for what others give back."""


def steer(turn: Turn, batch: Sequence[Carried]) -> Sequence[Carried]:
    """Move every lead of a batch as far as it gets in this turn; return them without those that are lost.

    The windows of all of them are locked once, in between, unless all have plenty of room: what settles first needs no
    lock, and afterwards nothing is decided without them.
    """
    _bring_back(turn, [carried for carried in batch if carried.walk is None and carried not in turn.lost])
    if turn.lost:
        batch = [carried for carried in batch if carried not in turn.lost]
    for carried in batch:
        _hear(turn, carried)
    breakers.write_heard(turn)
    for carried in batch:
        _go_on(turn, carried)
    moving = [carried for carried in batch if carried.key not in turn.left and not carried.is_calling]
    lists.settle(turn, moving)
    _lock(turn, moving)
    turn.give_back()
    for carried in moving:
        _advance(turn, carried)
    turn.give_back()
    return batch


def _bring_back(turn: Turn, batch: Sequence[Carried]) -> None:
    """Build the runs of leads that are not in memory: new ones from their rows, others from their journals.

    Only who has its lease ends a run. So raises LostWrite for one that has ended: it is another worker's lead by now.
    """
    known = read_past(turn.database, [carried.id for carried in batch if not carried.is_fresh])
    for carried in batch:
        past = Past() if carried.is_fresh else known[carried.id]
        if past.events:
            carried.run = max([carried.row["run"], *(event.run for event in past.events)])
        try:
            carried.flow = turn.book.flow(turn.database, carried.row["flow_id"], carried.row["version"])
            if not by_hand.begin(turn, carried, past):
                carried.rebuild(carried.flow, past, door.source_view(turn, carried), turn.now)
        except Unreadable as problem:
            replacing.give_up(turn, carried, past, "flow_unreadable", str(problem))
        except Diverged as difference:
            replacing.replace(turn, carried, past, difference)
        if carried.effect is None and carried.key not in turn.left:
            raise LostWrite(f"the run of lead {carried.id} has ended")


def _hear(turn: Turn, carried: Carried) -> None:
    """Take in what calls came to, and what woke a ping."""
    if carried.key in turn.left:
        return
    waiting.hear(turn, carried)
    if carried.event is None:
        return
    match carried.effect:
        case Quote():
            turn.complete(carried, quote.answered(turn, carried))
        case Ping() as effect:
            result = ping.settle(turn, carried, effect)
            if result is not None:
                turn.complete(carried, result)


def _go_on(turn: Turn, carried: Carried) -> None:
    """Give the run what its calls came to, or go on with what was left open."""
    if carried.begun and carried.key not in turn.left:
        result = waiting.go_on(turn, carried)
        if result is not None:
            turn.complete(carried, result)


def _lock(turn: Turn, moving: Sequence[Carried]) -> None:
    """Lock every window that may be taken from or given back to in this turn, and take the duplicate claims."""
    asks: dict[tuple[int, int], list[Ask]] = {}
    own: list[Ask] = []
    back = [place[0] for place in turn.returned]
    needs_facts = False
    for carried in moving:
        back += [place[0] for place in carried.places]
        effect = carried.effect
        if isinstance(effect, LOCKING):
            # Rows that joined from a campaign may have to know it too, which their flow does not say.
            needs_facts = needs_facts or isinstance(effect, Check)
            row = carried.row
            key = (row["flow_id"].int, row["version"])
            if key not in asks:
                asks[key] = turn.likely_asks(carried)
                needs_facts = needs_facts or carried.known_flow.needs_facts
            own.extend(_own_asks(turn, carried))
    claimings, looks = list[Claiming](), list[Claiming]()
    for carried in sorted(moving, key=lambda one: one.key):
        if isinstance(effect := carried.effect, Intake) and (claiming := door.claiming_of(carried, effect)):
            (looks if carried.takes_nothing else claimings).append(claiming)
    at_buyers = gathering.claims_of(turn, moving)
    wanted = [ask for likely in asks.values() for ask in likely] + own
    ids = turn.dealer.known.find(wanted)
    # Claims are locked after windows, so that a turn which locks claims must not wait for a window later.
    # Nor are turns given back to a round robin that others may have moved since it was looked at.
    moves_back = any(map(is_turn, turn.returned))
    if needs_facts or claimings or at_buyers.to_take or moves_back or not turn.dealer.recall(wanted, back):
        turn.dealer.lock(turn.database, [*ids, *back])
    turn.claims = take_claims(turn.database, claimings, turn.secret, turn.now)
    turn.claims.duplicates.update(look_at_claims(turn.database, looks, turn.secret, turn.now))
    turn.buyer_claims.lock(turn.database, at_buyers.to_take)
    turn.buyer_claims.look_at(turn.database, at_buyers.to_read)


def _own_asks(turn: Turn, carried: Carried) -> list[Ask]:
    """Return what the waiting effect itself asks for: of its source, and in windows counted by a value of the lead."""
    match carried.effect:
        case (Intake() | Reserve()) as effect:
            return turn.source_asks(carried) + turn.flow_asks(carried, effect.caps)
        case Check() as effect:
            return turn.flow_asks(carried, check.windows(effect))
        case Offer() as effect:
            return turn.flow_asks(carried, offer.windows(effect))
        case Quote() as effect:
            return turn.flow_asks(carried, effect.offer["caps"])
    return []


def _advance(turn: Turn, carried: Carried) -> None:
    """Do effect after effect until the run ends, waits, or needs what this turn has not got."""
    if carried.event is not None and isinstance(carried.effect, Hold):
        woke = ending.wake(turn, carried, carried.effect)
        if woke is None:
            return
        turn.complete(carried, woke)
    while carried.key not in turn.left and not carried.is_calling:
        effect = carried.effect
        go = LETTING_GO.get(type(effect))
        if go is not None:
            go(turn, carried, effect)
            continue
        result = _perform(turn, carried, effect)
        if result is None:
            turn.stall(carried)
            return
        turn.complete(carried, result)


def _perform(turn: Turn, carried: Carried, effect: Effect | None) -> Result | None:
    """Return what came of an effect, None when it cannot be said in this turn."""
    perform = PERFORMING.get(type(effect))
    if perform is None:
        raise TypeError(f"no worker knows the effect {effect}")
    return perform(turn, carried, effect) if gathering.is_enough_known(turn, carried, effect) else None


PERFORMING: Mapping[type, Callable[[Turn, Carried, Any], Result | None]] = {
    Note: lambda _turn, _carried, _effect: {},
    Intake: door.take_in,
    Reserve: door.reserve,
    Lists: lists.answer,
    Join: join.join,
    Check: check.check,
    Ping: ping.ping,
    Offer: lambda turn, carried, effect: by_hand.instead(turn, carried) or offer.offer(turn, carried, effect),
    Quote: quote.quote,
    Settle: settle.settle,
    LookUp: look_up.look_up,
    Await: waiting.await_one,
}
"""How each effect is begun, but for those that end a turn of a lead by themselves."""
LETTING_GO: Mapping[type, Callable[[Turn, Carried, Any], object]] = {
    Hold: ending.hold,
    Close: ending.close,
    StartAgain: again.begin,
}
"""How these are done."""
