"""What the page of a test run shows: how the lead ended, what its supplier would be told, and the path that it took."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flowbuilder import ids
from flowbuilder.intake.answers import Answer, LeadAnswer, lead_response, refusal_response
from flowbuilder.intake.refused import Refused
from flowbuilder.leads.stories import Veil
from flowbuilder.trials.path import Passage, passages, veil_over
from flowbuilder.trials.running import Bench, Trial
from rules.flow_wording import Card, LaneCards, rail
from rules.money import say_money

TITLES = {
    "sold": "Sold",
    "rejected": "Rejected",
    "waiting": "Waiting",
    "duplicate": "Duplicate",
    "error": "Error",
    "invalid": "Refused",
}


@dataclass(frozen=True)
class Told:
    """What the supplier would get."""

    first_line: str
    headers: tuple[str, ...]
    body: str


@dataclass(frozen=True)
class Lane:
    """A lane of a split with the stops on it."""

    label: str
    stops: tuple["Stop", ...]


@dataclass(frozen=True)
class Stop:
    """One card of the rail, with what happened there; `passage` is None where the lead never came."""

    card: Card
    passage: Passage | None
    rows: tuple["Stop", ...]
    lanes: tuple[Lane, ...]

    @property
    def outcome(self) -> str:
        """Return how the step ended: a group as its buyers did; "" where the lead never came."""
        of_rows = [row.passage.outcome for row in self.rows if row.passage]
        for outcome in ("accepted", "waiting"):
            if outcome in of_rows:
                return outcome
        if of_rows and self.passage is None:
            return of_rows[-1]
        return self.passage.outcome if self.passage else ""


@dataclass(frozen=True)
class Shown:
    """A test run as its page tells it; money in words."""

    status: str
    title: str
    to: str
    reason: str
    money: str
    problems: tuple[str, ...]
    told: Told
    stops: tuple[Stop, ...]
    is_masked: bool


def shown(bench: Bench, trial: Trial, *, in_full: bool) -> Shown:
    """Return a run in words; the person of a lead that came in is masked without `in_full`."""
    veil = veil_over(bench, trial, in_full=in_full)
    found = passages(bench, trial, veil)
    tried, end = trial.tried, trial.end
    reason = "" if tried.status == "sold" else tried.reason or ""
    return Shown(
        status=tried.status,
        title=TITLES[tried.status],
        to=" and ".join(bench.names.connections.get(one, "a buyer that is gone") for one in end.buyers),
        reason=veil.over(reason) if veil else reason,
        money=_money(bench, trial),
        problems=tuple(problem.message for problem in tried.problems[1:]),
        told=_told(bench, trial, veil),
        stops=tuple(_stop(card, found) for card in rail(bench.rules, bench.names)),
        is_masked=veil is not None,
    )


def _stop(card: Card, found: Mapping[str, Passage]) -> Stop:
    rows, lanes = tuple(_stop(row, found) for row in card.rows), tuple(_lane(lane, found) for lane in card.lanes)
    return Stop(card, found.get(card.id), rows, lanes)


def _lane(lane: LaneCards, found: Mapping[str, Passage]) -> Lane:
    return Lane(lane.label, tuple(_stop(card, found) for card in lane.cards))


def _money(bench: Bench, trial: Trial) -> str:
    """Return `$42.00 price, $31.50 cost, $10.50 margin`, nothing for a lead that is not sold."""
    run, currency = trial.tried.run, bench.rules.currency
    if run is None or trial.tried.status != "sold":
        return ""
    amounts = (run.revenue, "price"), (run.cost, "cost"), (run.revenue - run.cost, "margin")
    return ", ".join(f"{say_money(amount, currency)} {word}" for amount, word in amounts)


def _told(bench: Bench, trial: Trial, veil: Veil | None) -> Told:
    answer = _answer(bench, trial, veil)
    headers = tuple(f"{name}: {text}" for name, text in (("Content-Type", answer.content_type), *answer.headers))
    return Told(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers, answer.body.decode())


def _answer(bench: Bench, trial: Trial, veil: Veil | None) -> Answer:
    """Return what the wire would say; the id is that of no lead."""
    tried = trial.tried
    if tried.status == "invalid":
        return refusal_response(Refused(422, tried.problems, ignored=tried.ignored))
    is_done, cost = tried.status != "waiting", tried.run.cost if tried.run else 0
    reason = veil.over(tried.reason) if veil and tried.reason else tried.reason
    lead = LeadAnswer(
        ids.first_id_at(trial.at),
        "done" if is_done else "waiting",
        tried.status if is_done else None,
        None if tried.status == "sold" else reason,
        cost if tried.status == "sold" else 0,
        bench.rules.currency,
        list(tried.ignored),
    )
    return lead_response(lead, done=201, location=f"/f/{bench.flow.key}/{trial.source_key}")
