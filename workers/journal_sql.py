"""The SQL of the journal: finding due leads, guarding leases, reading what was done, writing all of a turn at once."""

from collections.abc import Sequence
from functools import cache

from flowbuilder.intake.posted import COLUMNS, RECORD, TAKE_KEYS
from workers.rows import (
    AgainRow,
    AttemptRow,
    CopyRow,
    EventRow,
    InboxRow,
    LeadChange,
    LeaseRow,
    LossRow,
    OfferRow,
    PostedRow,
    Row,
    WindowRow,
)
from workers.statements import Statement

_COLUMNS = """
    id, account_id, flow_id, source_id, version, is_test, test_outcome, run, asked_before, posted, fields, invalid,
    received_at, crashes + 1 AS crashes, last_step, answer_to, lease_token AS was,
    state = 'received' AND pinged IS NULL AS is_fresh, state = 'working' AS is_left, instruction, kind, pinged,
    currency
"""


def _due(condition: str) -> Statement:
    """Return the statement that finds due leads by the index of open ones, and locks them."""
    return Statement(f"""
        SELECT {_COLUMNS} FROM lead
         WHERE state <> 'done' AND {condition} AND due_at <= GREATEST(now(), :now)
           AND due_at <= CASE state WHEN 'waiting' THEN CAST(:now AS timestamptz) ELSE now() END
         ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
    """)  # noqa: S608  (the conditions are written below)


DUE = _due("crashes = 0")
DUE_OF_OTHERS = _due("crashes = 0 AND account_id <> ALL(:passed_over)")
DUE_ALONE = _due("crashes > 0")
# It waits for a row that a page has locked for a moment: passing it over would lose the answer of a buyer.
GUARD = """
    SELECT id, lease_token, asked_before FROM lead{month}
     WHERE id = ANY(:ids) AND state = 'working' ORDER BY id FOR UPDATE
"""
# The state is compared as an expression, so that no plan goes through all open leads by their own index.
_HELD = """jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, token bigint)
     WHERE lead.id = r.id AND lead.lease_token = r.token AND lead.state || '' = 'working'"""
RENEW = Statement(f"""
    UPDATE lead SET due_at = now() + :lease FROM {_HELD}
    RETURNING lead.id, lead.lease_token
""")  # noqa: S608  (constants)
GIVE_BACK = Statement(f"""
    UPDATE lead SET due_at = now(), crashes = GREATEST(lead.crashes - 1, 0) FROM {_HELD}
""")  # noqa: S608  (constants)
EVENTS = Statement("""
    SELECT lead_id, run, seq, effect, step, asks, result, outcome, reason, at, done_at,
           CASE WHEN effect IN ('look_up', 'ping') THEN detail END AS detail
      FROM lead_event
     WHERE lead_id = ANY(:ids) ORDER BY lead_id, run, seq
""")
OFFERS = Statement("""
    SELECT lead_id, offer_no, id, account_id, connection_id, run, round, step, buyer, price, created_at, state, places,
           is_winner, slot, lost_reason, reason, reference, attempts, cascade_position, finished_at, phase, bid,
           winning_bid, delivery_method, next_at
      FROM offer WHERE lead_id = ANY(:ids) ORDER BY lead_id, offer_no
""")
ATTEMPTS = Statement("""
    SELECT lead_id, offer_no, attempt_no, started_at, state, finished_at, ms, status, error, method FROM attempt
     WHERE lead_id = ANY(:ids) ORDER BY lead_id, offer_no, attempt_no
""")

_EVENT = """(lead_id uuid, run int, seq int, effect text, step text, asks jsonb, at timestamptz, result jsonb,
    outcome text, reason text, done_at timestamptz, path text, detail jsonb)"""
_OFFER = """(lead_id uuid, offer_no int, id uuid, account_id uuid, connection_id uuid, run int, round int, step text,
    buyer text, price bigint, created_at timestamptz, state text, places jsonb, is_winner boolean, slot smallint,
    lost_reason text, reason text, reference text, attempts smallint, cascade_position int, finished_at timestamptz,
    phase text, bid bigint, winning_bid bigint, delivery_method text, next_at timestamptz)"""
_ATTEMPT = """(lead_id uuid, offer_no int, attempt_no int, started_at timestamptz, state text, finished_at timestamptz,
    ms int, status smallint, error text, request jsonb, reply jsonb, method text)"""
_INBOX = """(id uuid, account_id uuid, connection_id uuid, lead_id uuid, offer_no int, attempt_no int,
    at timestamptz)"""
_COPY = """(lead_id uuid, offer_no int, method text, account_id uuid, connection_id uuid, created_at timestamptz,
    due_at timestamptz, state text, finished_at timestamptz)"""
_LEAD = """(id uuid, token bigint, state text, outcome text, waiting_for text, reason_code text, reason text, run int,
    asked_before jsonb, revenue bigint, cost bigint, due_at timestamptz, finished_at timestamptz, last_step text,
    was bigint)"""

# An update is sent the columns that it changes, and those by which it finds a row: what a row asked, or the request of
# a call, stands in the database already and is far longer than the rest.
_EVENT_RESULT = """(lead_id uuid, run int, seq int, result jsonb, outcome text, reason text, done_at timestamptz,
    detail jsonb)"""
_OFFER_STATE = """(lead_id uuid, offer_no int, state text, price bigint, places jsonb, is_winner boolean, slot smallint,
    lost_reason text, reason text, reference text, attempts smallint, finished_at timestamptz, bid bigint,
    winning_bid bigint, next_at timestamptz)"""
_ATTEMPT_STATE = """(lead_id uuid, offer_no int, attempt_no int, state text, finished_at timestamptz, ms int,
    status smallint, error text, reply jsonb)"""
_COPY_STATE = """(lead_id uuid, offer_no int, method text, due_at timestamptz, state text, finished_at timestamptz)"""
_AGAIN = """(lead_id uuid, token bigint, was bigint, version int, run int, asked_before jsonb, due_at timestamptz,
    posted jsonb, fields jsonb, invalid text[], ignored text[])"""
_LOSS = "(lead_id uuid, offer_no int, lost_reason text, winning_bid bigint)"
_LEASE = "(lead_id uuid, token bigint)"
_WINDOW = "(id bigint, change bigint, ceiling bigint)"


_FIRST = """state, outcome, waiting_for, reason_code, reason, run, asked_before, revenue, cost, finished_at,
    last_step"""
_POSTED = f"""{RECORD.removesuffix(")")}, token bigint, state text, outcome text, waiting_for text, reason_code text,
    reason text, run int, asked_before jsonb, revenue bigint, cost bigint, due_at timestamptz, finished_at timestamptz,
    last_step text)"""
POSTED = f"""posted AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(CAST(:{{rows}} AS jsonb)) AS r {_POSTED}),
    keyed AS ({TAKE_KEYS})"""  # noqa: S608  (constants)
"""What leads that were handed over are read from before they are inserted, with their keys."""

_READ = {
    "jsonb": "NULLIF(r -> {at}, 'null')",
    "text[]": "CASE jsonb_typeof(r -> {at}) WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(r -> {at})) END",
}
"""How a value at some place of a row is read that is no plain one."""


def _rows(record: str) -> str:
    """Return the rows of one kind, to be named when the statement is put together.

    Each comes as a list. PostgreSQL would have to sort the names of an object, and look each one up again.
    """
    columns = (part.split() for part in record.strip("()").split(","))
    read = [
        f"{_READ.get(kind, f'CAST(r ->> {{at}} AS {kind})').format(at=at)} AS {name}"
        for at, (name, kind) in enumerate(columns)
    ]
    return f"(SELECT {', '.join(read)} FROM jsonb_array_elements(CAST(:{{rows}} AS jsonb)) AS r) AS r"  # noqa: S608


def _columns(record: str) -> tuple[str, ...]:
    """Return the names of a record's columns."""
    return tuple(part.split()[0] for part in record.strip("()").split(","))


def _insert(table: str, record: str, month: str = "{month}") -> str:
    columns = ", ".join(_columns(record))
    return f"INSERT INTO {table}{month} ({columns}) SELECT {columns} FROM {_rows(record)} RETURNING 1"  # noqa: S608  (constants)


INSERTS: dict[type[Row], str] = {
    PostedRow: f"""
        INSERT INTO lead{{month}} ({COLUMNS}, {_FIRST}, kind, due_at, lease_token)
        SELECT {COLUMNS}, {_FIRST}, COALESCE(kind, 'post'), COALESCE(due_at, now() + :lease), token FROM posted
        RETURNING 1
    """,  # noqa: S608  (constants)
    EventRow: _insert("lead_event", _EVENT),
    OfferRow: _insert("offer", _OFFER),
    AttemptRow: _insert("attempt", _ATTEMPT),
    InboxRow: _insert("inbox_lead", _INBOX, month=""),
    CopyRow: _insert("delivery_copy", _COPY, month=""),
}


def _few(record: str) -> str:
    """Return the same rows for a statement that joins them.

    The limit takes none away. The planner cannot know it and so expects few rows, for each of which it looks one up
    by its key; for a hundred it would rather read a small table from end to end, and go on so when it has grown.
    """
    return f"(SELECT * FROM {_rows(record)} LIMIT :most) AS r"  # noqa: S608  (constants)


UPDATES: dict[type[Row], str] = {
    EventRow: f"""
        UPDATE lead_event{{month}} e SET result = r.result, outcome = r.outcome, reason = r.reason, done_at = r.done_at,
               detail = COALESCE(r.detail, e.detail)
          FROM {_few(_EVENT_RESULT)}
         WHERE e.lead_id = r.lead_id AND e.run = r.run AND e.seq = r.seq AND e.result IS NULL
        RETURNING 1
    """,  # noqa: S608  (constants)
    OfferRow: f"""
        UPDATE offer{{month}} o
           SET state = r.state, price = r.price, places = r.places, is_winner = r.is_winner, slot = r.slot,
               lost_reason = r.lost_reason, reason = r.reason, reference = r.reference, attempts = r.attempts,
               finished_at = r.finished_at, bid = r.bid, winning_bid = r.winning_bid, next_at = r.next_at
          FROM {_few(_OFFER_STATE)}
         WHERE o.lead_id = r.lead_id AND o.offer_no = r.offer_no
           AND o.state NOT IN ('accepted', 'declined', 'error', 'cancelled')
        RETURNING 1
    """,  # noqa: S608  (constants)
    LossRow: f"""
        UPDATE offer{{month}} o SET lost_reason = r.lost_reason, winning_bid = r.winning_bid
          FROM {_few(_LOSS)}
         WHERE o.lead_id = r.lead_id AND o.offer_no = r.offer_no
        RETURNING 1
    """,  # noqa: S608  (constants)
    AttemptRow: f"""
        UPDATE attempt{{month}} a
           SET state = r.state, finished_at = r.finished_at, ms = r.ms, status = r.status, error = r.error,
               reply = r.reply
          FROM {_few(_ATTEMPT_STATE)}
         WHERE a.lead_id = r.lead_id AND a.offer_no = r.offer_no AND a.attempt_no = r.attempt_no
           AND a.state = 'sending'
        RETURNING 1
    """,  # noqa: S608  (constants)
    CopyRow: f"""
        UPDATE delivery_copy c SET state = r.state, due_at = r.due_at, finished_at = r.finished_at
          FROM {_few(_COPY_STATE)}
         WHERE c.lead_id = r.lead_id AND c.offer_no = r.offer_no AND c.method = r.method AND c.finished_at IS NULL
        RETURNING 1
    """,  # noqa: S608  (constants)
    LeadChange: f"""
        UPDATE lead{{month}} lead
           SET state = r.state, outcome = r.outcome, waiting_for = r.waiting_for, reason_code = r.reason_code,
               reason = r.reason, run = r.run, asked_before = r.asked_before, revenue = r.revenue, cost = r.cost,
               due_at = COALESCE(r.due_at, CASE WHEN r.was = r.token THEN lead.due_at ELSE now() + :lease END),
               finished_at = r.finished_at, last_step = r.last_step, lease_token = r.token, crashes = 0,
               instruction = NULL
          FROM {_few(_LEAD)}
         WHERE lead.id = r.id AND lead.lease_token = r.was AND lead.outcome IS NULL
        RETURNING 1
    """,  # noqa: S608  (constants)
    AgainRow: f"""
        UPDATE lead{{month}} lead
           SET version = r.version, run = r.run, asked_before = r.asked_before,
               posted = COALESCE(r.posted, lead.posted), fields = COALESCE(r.fields, lead.fields),
               invalid = COALESCE(r.invalid, lead.invalid), ignored = COALESCE(r.ignored, lead.ignored),
               state = 'waiting', waiting_for = 'retry', due_at = r.due_at, lease_token = r.token, crashes = 0,
               last_step = NULL, instruction = NULL
          FROM {_few(_AGAIN)}
         WHERE lead.id = r.lead_id AND lead.lease_token = r.was AND lead.outcome IS NULL
        RETURNING 1
    """,  # noqa: S608  (constants)
    LeaseRow: f"""
        UPDATE lead{{month}} lead
           SET state = 'working', waiting_for = NULL, due_at = now() + :lease, crashes = lead.crashes + 1,
               lease_token = r.token
          FROM {_few(_LEASE)}
         WHERE lead.id = r.lead_id
        RETURNING 1
    """,  # noqa: S608  (constants)
    # Locked in the order of their ids, also where a turn has not done so before.
    WindowRow: f"""
        UPDATE cap_window w SET used = w.used + r.change
          FROM (SELECT r.* FROM {_few(_WINDOW)} JOIN cap_window l ON l.id = r.id ORDER BY l.id FOR UPDATE OF l) AS r
         WHERE w.id = r.id AND (r.change <= 0 OR w.used + r.change <= r.ceiling)
        RETURNING 1
    """,  # noqa: S608  (constants)
}

NEW: dict[type[Row], tuple[str, ...]] = {
    EventRow: _columns(_EVENT),
    OfferRow: _columns(_OFFER),
    AttemptRow: _columns(_ATTEMPT),
    InboxRow: _columns(_INBOX),
    CopyRow: _columns(_COPY),
}
CHANGED: dict[type[Row], tuple[str, ...]] = {
    EventRow: _columns(_EVENT_RESULT),
    OfferRow: _columns(_OFFER_STATE),
    LossRow: _columns(_LOSS),
    AttemptRow: _columns(_ATTEMPT_STATE),
    CopyRow: _columns(_COPY_STATE),
    LeadChange: _columns(_LEAD),
    AgainRow: _columns(_AGAIN),
    LeaseRow: _columns(_LEASE),
    WindowRow: _columns(_WINDOW),
}
"""The columns that an insert and an update are sent, in this order."""


WRITTEN = "a lead is held by another worker, or a cap is reached; rows written: "
"""What the error says with which writing fails that did not find every row as it was read; the counts stand behind.

Operators read it in the log of PostgreSQL.
"""


def in_order(kinds: Sequence[type[Row]]) -> list[int]:
    """Return in which order the rows of some kinds are written, by their places: windows come first.

    PostgreSQL writes each part as it is counted. Keys that came with posts are taken next, as nobody who has taken one
    may wait for a window, and before their leads, as the web does.
    """
    return sorted(range(len(kinds)), key=lambda at: kinds[at] is not WindowRow)


@cache
def writing(month: str, inserted: tuple[type[Row], ...], updated: tuple[type[Row], ...]) -> Statement:
    """Return one statement that does all of a turn's writing, and fails unless each part wrote as many rows as wanted.

    `month` is what the tables have behind their names. The parts touch different rows, so that their order does not
    matter; one statement costs one trip to the database, and none more as it need not be waited for before a commit.
    """
    parts = [INSERTS[kind] for kind in inserted] + [UPDATES[kind] for kind in updated]
    written = ", ".join(f"w{at} AS ({part.format(rows=f'rows{at}', month=month)})" for at, part in enumerate(parts))
    counted = [f"w{at}" for at in in_order((*inserted, *updated))]
    if PostedRow in inserted:
        written = f"{POSTED.format(rows=f'rows{inserted.index(PostedRow)}')}, {written}"
        counted.insert(1 if WindowRow in updated else 0, "keyed")
    counts = ", ".join(f"(SELECT count(*) FROM {part})" for part in counted)  # noqa: S608  (constants)
    selected = (
        f"CASE WHEN done = CAST(:wanted AS bigint[]) THEN 0 ELSE CAST('{WRITTEN}' || CAST(done AS text) AS integer) END"
    )
    if updated == (LeaseRow,) and not inserted:
        # A claim that is lost with the database was never made: its token is not in any row.
        selected += ", set_config('synchronous_commit', 'off', true)"
    return Statement(f"WITH {written} SELECT {selected} FROM (SELECT ARRAY[{counts}] AS done) AS counted")  # noqa: S608


@cache
def guarding(month: str) -> Statement:
    """Return the statement that locks leads which are worked on, and tells under which tokens."""
    return Statement(GUARD.format(month=month))
