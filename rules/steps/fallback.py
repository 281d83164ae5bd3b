"""Fallback: the fixed end, where a lead comes that nobody took."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Literal

from rules.durations import say_seconds
from rules.effects import Note
from rules.reading import Part
from rules.running import End, Interpreting, Next, Run, Verdict, Wait
from rules.steps.base import Common, Exit, Words, read_common
from rules.steps.buyer import Buyer, read_buyer
from rules.steps.ways import LONGEST_HOLD

NO_BUYER = "No buyer available"


@dataclass(frozen=True, slots=True)
class Fallback:
    """Rejects, holds for another round, or offers the lead to a last buyer. Times in seconds."""

    kind: ClassVar[str] = "fallback"
    label: ClassVar[str] = "When nobody takes the lead"
    common: Common
    do: Literal["reject", "hold", "buyer"]
    reason: str
    retry_every: int = 900
    for_up_to: int = 86400
    start: str = ""
    ask_again: Literal["unavailable", "all"] = "unavailable"
    buyer: Buyer | None = None

    def sentence(self, words: Words) -> str:
        """Return `Wait up to 24 hours, offer again every 15 minutes`."""
        if self.do == "hold":
            every = say_seconds(self.retry_every).removeprefix("1 ")
            return f"Wait up to {say_seconds(self.for_up_to)}, offer again every {every}"
        return self.buyer.sentence(words) if self.buyer else f"Reject “{self.reason}”"

    def exits(self, words: Words) -> tuple[Exit, ...]:
        """Return the ways out of the flow."""
        if self.do == "hold":
            return Exit("que", "Waits"), Exit("bad", f"After {say_seconds(self.for_up_to)}: reject “{self.reason}”")
        if self.buyer:
            return self.buyer.exits(words, f"reject “{self.reason}”")
        return (Exit("bad", f"Rejects “{self.reason}”"),)

    def interpret(self, run: Run) -> Interpreting:
        """Note the rejection, hold for another round while there is time, or ask the last buyer."""
        if self.buyer:
            verdict = yield from self.buyer.ask(run, self.common.id)
            if run.sales or not isinstance(verdict, Next):
                return End("sold", None, None) if run.sales else verdict
        if self.do == "hold" and self._has_time(run):
            run.ask_again = self.ask_again
            return Wait(run.now + timedelta(seconds=self.retry_every), "retry", self.start, self.reason, has_end=True)
        yield Note(self.common.id, "stopped", self.reason)
        return self._rejection(run)

    def _has_time(self, run: Run) -> bool:
        last_moment = (run.first_held or run.now) + timedelta(seconds=self.for_up_to)
        return run.now + timedelta(seconds=self.retry_every) <= last_moment

    def _rejection(self, run: Run) -> Verdict:
        return End("rejected", "expired" if run.first_held else "no_buyer", self.reason)


def read_fallback(part: Part) -> Fallback:
    """Return the fallback that a part describes."""
    common = read_common(part)
    do: Literal["reject", "hold", "buyer"] = part.choice("do", ("reject", "hold", "buyer"))  # type: ignore[assignment]
    inner = part.inside("buyer", "the last buyer")
    if (do == "buyer") != (inner is not None):
        missing = "Choose the buyer that is offered what nobody else took."
        unused = "A last buyer is only offered leads where “do” is “buyer”."
        part.report("buyer", "missing_buyer", missing if do == "buyer" else unused)
    fallback = Fallback(
        common=common,
        do=do,
        reason=part.text("reason", NO_BUYER),
        retry_every=part.duration("retry_every", "15m"),
        for_up_to=_read_for_up_to(part),
        start=part.text("from", ""),
        ask_again=part.choice("ask_again", ("unavailable", "all"), "unavailable"),  # type: ignore[arg-type]
        buyer=read_buyer(inner) if inner else None,
    )
    part.finish()
    return fallback


def _read_for_up_to(part: Part) -> int:
    """Return for how long leads are offered again, of at most the time that any lead is held."""
    # No problem, as what is live has to stay readable: the step's sentence says for how long it is.
    return min(part.duration("for_up_to", "24h"), int(LONGEST_HOLD.total_seconds()))
