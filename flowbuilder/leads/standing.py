"""Where a lead that waits stands: which buyers it could be sent to, and which of its offers have no answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.flows.checks import connection_names
from flowbuilder.leads import queries
from flowbuilder.models import Lead, LeadEvent, Offer
from rules.flow import Flow, parse_flow
from rules.instructions import why_not_offer
from rules.interpreter import Diverged, recorded, replay
from rules.money import exponent_of
from rules.running import Run
from rules.timeline import as_rules_see

MAY_HAVE_IT = ("answer", "person")
"""What a lead waits for while a buyer may have it."""


@dataclass(frozen=True)
class Buyer:
    """A buyer of the flow that a lead runs on; `why_not` is a code where the lead cannot be sent to it."""

    id: str
    name: str
    connection: str
    why_not: str | None


@dataclass(frozen=True)
class Unsettled:
    """An offer of which only a person can say what became of it; `price` is what it was offered for, as it is typed."""

    offer_no: int
    buyer: str
    price: str


@dataclass(frozen=True)
class Choices:
    """What a person can decide about a lead now; nothing while something else `is_being_done`."""

    can_try: bool = False
    can_reject: bool = False
    buyers: tuple[Buyer, ...] = ()
    unsettled: tuple[Unsettled, ...] = ()
    is_being_done: bool = False


def choices_of(session: Session, lead: Lead) -> Choices:
    """Return what a person can decide about a lead."""
    if lead.instruction is not None:
        return Choices(is_being_done=True)
    waits = lead.state == "waiting" and lead.kind == "post"
    is_free = waits and (lead.waiting_for not in MAY_HAVE_IT or lead.is_test)
    buyers = [buyer for buyer in buyers_of(session, lead) if not buyer.why_not] if is_free else []
    names = connection_names(session, lead.account_id)
    open_offers = (
        Unsettled(
            offer.offer_no,
            names.get(ids.show(offer.connection_id, "con"), offer.buyer),
            f"{Decimal(offer.price).scaleb(-exponent_of(lead.currency))}",
        )
        for offer in unsettled(session, lead)
    )
    return Choices(waits, is_free, tuple(buyers), tuple(open_offers))


def buyers_of(session: Session, lead: Lead) -> list[Buyer]:
    """Return the buyers of a lead's flow as they are written; none when the flow cannot be read any more."""
    document = queries.documents_of(session, [lead]).get((lead.flow_id, lead.version))
    flow, _problems = parse_flow(document) if document else (None, [])
    state = _state_of(session, lead, flow) if flow else None
    if flow is None or state is None:
        return []
    names = connection_names(session, lead.account_id)
    return [
        Buyer(
            key,
            _called(names.get(buyer.connection, buyer.connection), buyer.common.name),
            buyer.connection,
            "off" if buyer.common.off else why_not_offer(flow, state, key),
        )
        for key, buyer in flow.buyers.items()
    ]


def buyer_named(buyers: Sequence[Buyer], text: str) -> Buyer | None:
    """Return the buyer with this id, or of this connection one that the lead can be sent to, if there is one."""
    named = [buyer for buyer in buyers if text in (buyer.id, buyer.connection)]
    return next((buyer for buyer in named if not buyer.why_not), named[0] if named else None)


def unsettled(session: Session, lead: Lead) -> Sequence[Offer]:
    """Return the offers of which only a person can say what became of them."""
    if lead.state == "done":
        states = ["unknown"]
    else:
        is_open = lead.state == "waiting" and lead.waiting_for in MAY_HAVE_IT
        states = ["reserved", "sending"] if is_open else []
    wanted = select(Offer).where(Offer.lead_id == lead.id, Offer.phase == "post", Offer.state.in_(states))
    return session.scalars(wanted.order_by(Offer.offer_no)).all()


def _state_of(session: Session, lead: Lead, flow: Flow) -> Run | None:
    """Return what the lead's run knows by now, None when its journal does not fit its flow."""
    own = (LeadEvent.lead_id == lead.id, LeadEvent.run == lead.run, LeadEvent.effect != "by_hand")
    events = session.scalars(select(LeadEvent).where(*own).order_by(LeadEvent.seq)).all()
    if not events:
        return None
    try:
        return replay(flow, as_rules_see(lead, events), events[0].at, map(recorded, events)).state
    except Diverged:
        return None


def _called(connection: str, step: str) -> str:
    return f"{connection} ({step})" if step else connection
