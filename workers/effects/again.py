"""Starting a lead that waits again in another version of its flow, because a person asked for that."""

from flowbuilder.intake.reading import LeadForm, Reading
from rules.ahead import answers_in
from rules.differences.base import same
from rules.effects import Hold, StartAgain
from rules.flow import Flow
from workers.book import Unreadable
from workers.carrying import Carried
from workers.rows import AgainRow
from workers.turn import Turn

MAY_HAVE_IT = ("reserved", "sending", "accepted", "unknown")


def can_begin(turn: Turn, carried: Carried, version: int) -> bool:
    """Return whether a lead can go on in a version: nobody has it or may have it, and the version would take its data.

    A lead that was promised a price, or whose money is counted in another currency, stays where it is.
    """
    row = carried.row
    is_held = isinstance(carried.effect, Hold) and not carried.effect.keeps
    is_open = any(offer.phase == "post" and offer.state in MAY_HAVE_IT for offer in carried.offers)
    if not is_held or is_open or row["is_test"] or row["pinged"] or row["version"] == version:
        return False
    try:
        flow = turn.book.flow(turn.database, row["flow_id"], version)
    except Unreadable:
        return False
    reading = _read_again(carried, flow, version)
    return flow.currency == carried.known_flow.currency and not (reading and reading.problems)


def begin(turn: Turn, carried: Carried, effect: StartAgain) -> None:
    """Leave the run, and have the next turn begin another in the version; the buyers that were asked stay asked.

    What the lead held at the door and in cap steps it gave back when it began to wait.
    """
    flow = turn.book.flow(turn.database, carried.row["flow_id"], effect.version)
    reading = _read_again(carried, flow, effect.version)
    state = carried.known_walk.state
    joined = {one: row.buyer.connection for one, row in state.joined.items()}
    row = AgainRow(
        lead_id=carried.id,
        token=carried.token,
        was=carried.written_token,
        version=effect.version,
        run=carried.run + 1,
        asked_before=answers_in(carried.known_flow, flow, state.asked, joined),
        due_at=turn.now,
    )
    event = turn.open_event(carried)
    if reading:
        row.posted, row.fields = reading.posted, reading.values
        row.invalid, row.ignored = reading.invalid, reading.ignored
        event.detail = {"lead": {key: carried.row[key] for key in ("fields", "posted", "invalid")}}
    turn.complete(carried, {"from": carried.row["version"], "asked_before": carried.asked_before})
    turn.start_again(carried, row)


def _read_again(carried: Carried, flow: Flow, version: int) -> Reading | None:
    """Return what was posted as a version reads it, None where that is as the lead's own version did."""
    documents = (carried.known_flow.document, flow.document)
    if same(*(document.get("fields", []) for document in documents)):
        return None
    form = LeadForm(flow.fields, version=version, currency=flow.currency)
    return form.read(carried.row["posted"], now=carried.row["received_at"])
