"""Puts a lead aside that no worker can carry: it ends as an error that a person looks at, and can be replayed."""

from datetime import datetime

from sqlalchemy import Connection, Engine, text

from workers.caps import Dealer, KnownWindows
from workers.crashpoints import committed
from workers.effects.replacing import earned
from workers.journal import Lease, Past, guard, read_past, write
from workers.journaled import has_ended, places_of
from workers.rows import Changes

LEAD = text("SELECT currency, instruction FROM lead WHERE id = :id")
CLOSE = text("""
    UPDATE lead SET state = 'done', outcome = :outcome, reason_code = 'quarantined', reason = :why, waiting_for = NULL,
                    revenue = :revenue, cost = :cost, finished_at = :now, due_at = :now, instruction = NULL
     WHERE id = :id AND lease_token = :token
""")
END_OFFERS = text("""
    UPDATE offer SET state = CASE phase WHEN 'post' THEN 'unknown' ELSE 'error' END,
                     lost_reason = CASE phase WHEN 'post' THEN 'unknown' ELSE 'timeout' END, finished_at = :now,
                     next_at = NULL
     WHERE lead_id = :id AND state IN ('reserved', 'sending')
""")
# Attempts of offers that have ended are copies: these go on.
END_ATTEMPTS = text("""
    UPDATE attempt a SET state = 'ambiguous', finished_at = :now FROM offer o
     WHERE a.lead_id = :id AND a.state = 'sending'
       AND o.lead_id = a.lead_id AND o.offer_no = a.offer_no AND o.state IN ('reserved', 'sending')
""")


def quarantine(engine: Engine, lease: Lease, why: str, now: datetime) -> str | None:
    """End a lead as quarantined and give back its places; an offer that was out keeps its own, it may be taken.

    One that a buyer has stays sold, and its places count. Return how it ended, None where the lease was not held:
    nothing is done then.
    """
    lead_id, token = lease
    with committed(engine, "quarantine") as database:
        if not guard(database, [lease]):
            return None
        past = read_past(database, [lead_id])[lead_id]
        currency, instruction = database.execute(LEAD, {"id": lead_id}).one()
        sold = earned(past, currency)
        if not sold and not has_ended(instruction, past.events):
            _give_back(database, engine, past)
        outcome, (revenue, cost) = ("sold", sold) if sold else ("error", (0, 0))
        database.execute(END_ATTEMPTS, {"id": lead_id, "now": now})
        database.execute(END_OFFERS, {"id": lead_id, "now": now})
        said = {"outcome": outcome, "why": why, "revenue": revenue, "cost": cost}
        database.execute(CLOSE, {"id": lead_id, "token": token, "now": now} | said)
    return outcome


def _give_back(database: Connection, engine: Engine, past: Past) -> None:
    newest = max((event.run for event in past.events), default=0)
    places = [place for place in places_of(event for event in past.events if event.run == newest) if not place[2]]
    dealer = Dealer(KnownWindows(engine))
    dealer.lock(database, [place[0] for place in places])
    dealer.give_back(places)
    changes = Changes()
    dealer.add_to(changes)
    write(database, changes)
