"""What there is to look at: a market with all kinds of leads and flows, and the address of every page of it."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Connection, Flow, Membership, Source
from tests.support.cast import (
    Cast,
    Member,
    a_check,
    a_connection,
    a_flow,
    a_lead,
    a_list,
    a_source,
    an_attempt,
    an_inbox_lead,
    an_offer,
    now,
)
from tests.support.journals import (
    ANA,
    MadeUp,
    a_document,
    a_told_lead,
    asks_much,
    its_bids,
    shared_by_two,
    with_bids,
    with_lanes,
)

PAGES = [
    *("/", "/leads", "/leads/{lead}", "/leads/{rejected}", "/leads/{shared}", "/leads/{auctioned}", "/account"),
    *("/waiting", "/leads/{held}", "/leads/{silent}", "/leads/{half}"),
    *("/flows", "/flows/{flow}", "/flows/{lanes}", "/flows/{bids}", "/flows/new"),
    *("/flows/{flow}/test", "/flows/{lanes}/test", "/flows/{bids}/test", "/flows/{flow}/test?lead={lead}"),
    *("/flows/{flow}/checks", "/flows/{asks}/checks"),
    *("/connections", "/connections/{connection}", "/connections/new"),
    *("/connections/{mailed}", "/connections/{mailed}/edit", "/connections/{mailed}/inbox", "/leads/{inboxed}"),
    *("/connections/{mailed}/inbox/{row}", "/connections/{connection}/inbox"),
    *("/sources", "/sources/{source}", "/sources/{source}/edit", "/sources/new"),
    *("/lists", "/lists/{list}", "/lists/{list}/delete", "/lists/new", "/flows/{asks}"),
    *("/fields", "/fields/new", "/flows/{flow}/remove"),
]
EDITOR = [
    *("/flows/{flow}/edit", "/flows/{flow}/edit?step=intake", "/flows/{flow}/edit?step=s1"),
    *("/flows/{flow}/edit?step=s2", "/flows/{flow}/edit?step=end", "/flows/{flow}/edit?add=s1"),
    *("/flows/{flow}/edit?step=s2&do=move", "/flows/{flow}/edit?step=s2&do=copy"),
    *("/flows/{lanes}/edit", "/flows/{lanes}/edit?step=g1", "/flows/{lanes}/edit?step=b1"),
    *("/flows/{bids}/edit?step=b0", "/flows/{asks}/edit", "/flows/{new}/edit", "/flows/{wrong}/edit"),
    *("/flows/{wrong}/edit?step=s3", "/flows/{wrong}/review", "/flows/{changed}/edit", "/flows/{changed}/review"),
    *("/flows/{changed}/review?impact=now", "/flows/{flow}/versions", "/flows/{flow}/versions/1", "/flows/{changed}"),
]
"""The editor with its panels, its questions and its problems; reviews, and versions."""
EMPTY = [
    *("/", "/leads", "/waiting", "/waiting?for=cap", "/flows", "/connections", "/sources", "/lists", "/fields"),
    "/leads?status=sold",
]
"""Pages on which nothing stands yet."""
BY_INBOX = {
    "deliver_by": ["inbox", "email"], "inbox": {"notice": "ana@helio.example"},
    "email": {"to": "leads@helio.example", "subject": "Lead from {{lead.state}}", "body": "Hello,\nplease call."},
    "mapping": [["Name", {"var": "lead.first_name"}], ["Email", {"var": "lead.email"}]],
}  # fmt: skip


@dataclass(frozen=True)
class Market:
    """What the flows and leads of a market are made with: two buyers, one flow to both, and who posts to it."""

    brightroof: Connection
    sunrise: Connection
    document: dict[str, Any]
    flow: Flow
    source: Source


def sights(session: Session, cast: Cast) -> dict[str, str]:
    """Give Sara a market with all kinds of leads; return the ids that stand in addresses, by the names in `PAGES`."""
    brightroof, sunrise = (a_connection(session, cast.sara, name=name) for name in ("Brightroof", "Sunrise Energy"))
    document = a_document(brightroof, sunrise)
    flow = a_flow(session, cast.sara, document=document)
    market = Market(brightroof, sunrise, document, flow, a_source(session, flow))
    session.add(Membership(account_id=cast.zoe.account.id, person_id=cast.sara.person.id, role="analyst"))
    plain_leads(session, market)
    found = {
        "flow": ids.show(flow.id, "flo"),
        "source": ids.show(market.source.id, "src"),
        "connection": ids.show(brightroof.id, "con"),
        **told_leads(session, cast.sara, market),
        **an_inbox(session, cast.sara, market),
        **more_flows(session, cast.sara, market),
    }
    session.commit()
    return found


def plain_leads(session: Session, market: Market) -> None:
    """Write down leads of every state, without journals, and six that a buyer failed to take."""
    every: list[dict[str, Any]] = [
        {"outcome": "duplicate", "reason": "Seen 3 days ago"},
        {"outcome": "error", "reason": "The rule reads what is not a number", "reason_code": "quarantined"},
        {"state": "waiting", "outcome": None, "waiting_for": "person"},
        {"state": "working", "outcome": None},
        {"is_test": True},
    ]
    for values in every:
        a_lead(session, market.source, **values)
    for _ in range(6):
        lead = a_lead(session, market.source)
        an_attempt(session, an_offer(session, lead, market.brightroof, state="error", is_winner=False), state="error")


def told_leads(session: Session, sara: Member, market: Market) -> dict[str, str]:
    """Write down leads with whole stories, and the flows that some of them took; return what is named in addresses."""
    brightroof, sunrise, document, source = market.brightroof, market.sunrise, market.document, market.source
    sold = a_told_lead(session, source, document, answers={"s2": MadeUp("declined", reason="Outside area")})
    rejected = a_told_lead(session, source, document, fields={**ANA, "state": "NV"})
    holds = a_document(brightroof, sunrise, fallback={"id": "end", "do": "hold"})
    failing = {"s2": MadeUp("error", reason="error"), "s3": MadeUp("error", reason="error")}
    held = a_told_lead(session, a_source(session, a_flow(session, sara, document=holds)), holds, answers=failing)
    silent = a_lead(session, source, state="waiting", outcome=None, waiting_for="person", finished_at=None)
    an_offer(session, silent, sunrise, step="s3", buyer="s3", state="sending", finished_at=None)
    lanes = a_flow(session, sara, document=with_lanes(brightroof, sunrise))
    shared = a_told_lead(session, a_source(session, lanes), lanes.draft, fields={**ANA, "bill": 90})
    both = a_flow(session, sara, document=shared_by_two(brightroof, sunrise))
    half = a_told_lead(session, a_source(session, both), both.draft, answers={"b1": MadeUp("timeout")})
    half.waiting_for = "answer"
    bids = a_flow(session, sara, document=with_bids(brightroof, sunrise))
    auctioned = a_told_lead(session, a_source(session, bids), bids.draft, answers={"b0": MadeUp(bid=3600)})
    its_bids(session, auctioned, (brightroof, 3600), (sunrise, 0))
    leads = {"lead": sold, "rejected": rejected, "held": held, "silent": silent, "shared": shared, "half": half}
    return {
        **{name: ids.show(lead.id) for name, lead in leads.items()},
        "auctioned": ids.show(auctioned.id),
        "lanes": ids.show(lanes.id, "flo"),
        "bids": ids.show(bids.id, "flo"),
    }


def an_inbox(session: Session, sara: Member, market: Market) -> dict[str, str]:
    """Write down a buyer with an inbox, and leads in it, one of them read."""
    mailed = a_connection(session, sara, name="Helio Home", destination=BY_INBOX)
    rows = [an_inbox_lead(session, a_lead(session, market.source), mailed, read_at=at) for at in (None, now(), None)]
    return {
        "mailed": ids.show(mailed.id, "con"),
        "row": ids.show(rows[0].id),
        "inboxed": ids.show(rows[0].lead_id),
    }


def more_flows(session: Session, sara: Member, market: Market) -> dict[str, str]:
    """Write down flows that ask much, that are new, wrong, and changed since they went live; with a list and checks."""
    flow = partial(a_flow, session, sara)
    listed = ids.show(a_list(session, sara, kind="phone", size=4_980).id, "lst")
    a_check(session, market.flow, lead=ANA)
    a_check(session, market.flow, lead={**ANA, "state": "NV"}, name="NV is sold")
    wrong = a_document(market.brightroof, market.sunrise)
    del wrong["steps"][2]["buyer"]["price"]
    changed = flow(name="Changed since", document=market.document)
    a_told_lead(session, a_source(session, changed), market.document)
    changed.draft, changed.draft_revision = a_document(market.sunrise, market.brightroof), 2
    flows = {
        "asks": flow(name="Asks much", document=asks_much(market.brightroof, listed)),
        "new": flow(name="New today", live_version=None),
        "wrong": flow(name="Not yet right", document=wrong, live_version=None),
        "changed": changed,
    }
    return {"list": listed, **{name: ids.show(one.id, "flo") for name, one in flows.items()}}
