"""Somebody at the editor of a flow, in a real browser: does things, and writes down what the page said came of each."""

import random
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from playwright.sync_api import BrowserContext, Dialog, Error, Locator, Page, Request
from playwright.sync_api import TimeoutError as TookTooLong

Told = Literal["saved", "conflict", "not saved", "typed over", "warned", "left", "nothing", "silent"]
"""What a page said of a change.

`typed over`: the same person typed something else in its place before anything was said;
`warned`: it asked whether to leave with something unsaved; `left`: it let go without a word; `nothing`: it said why
there was nothing to do; `silent`: it said nothing at all.
"""
FIELDS = ("note", "name", "price")
DONE = re.compile(r"added|is now|deleted|turned o|Undone|Done again|uplicate")
WATCHING = (Path(__file__).parent / "watching.js").read_text()
SHOWN = "[...new FormData(document.getElementById('panel-form') || undefined).values()]"
UNKNOWN = "The server cannot be reached."
PATIENCE, QUIET = 60.0, 900


@dataclass(frozen=True)
class Change:
    """Something that somebody did, and what the page said of it.

    Typing has a `setting` and the `value`; `letters` says that it was typed letter by letter, `kept` whether the value
    stood on the page when it was told not to be saved. `said` is what the page said of a button.
    """

    who: str
    does: str
    told: Told = "silent"
    step: str = ""
    setting: str = ""
    value: str = ""
    said: str = ""
    letters: bool = False
    kept: bool = True


class AtTheEditor:
    """One person with the editor open.

    `told` is what came of their changes so far; `pending` is what they typed and of which nothing was said yet.
    """

    def __init__(self, context: BrowserContext, address: str, who: str, dice: random.Random, odd: int) -> None:
        context.add_init_script(WATCHING)
        self.who, self.address, self.dice, self.typed = who, address, dice, odd
        self.told: list[Change] = []
        self.pending: list[Change] = []
        self.was_warned = False
        self.left_out: list[str] = []
        """The scripts that did not come with the page, as the web was killed just then."""
        self.page: Page = context.new_page()
        self.page.on("requestfailed", self._is_left_out)
        self.page.set_default_timeout(10_000)
        self.page.on("dialog", self._is_asked)
        self.visit()

    def visit(self) -> None:
        """Load the page anew, again and again while nobody answers; what was not saved is gone with the old one."""
        self.was_warned = False
        ends = time.monotonic() + PATIENCE
        while True:
            with suppress(Error):
                self.left_out.clear()
                self.page.goto(self.address)
                if self.page.locator("#rail").count() and not self.left_out:
                    break
            assert time.monotonic() < ends, "nobody answers"
            time.sleep(0.3)
        self._are_told("warned" if self.was_warned else "left")

    def steps(self) -> list[str]:
        """Return the ids of the steps that the page shows, those in lanes too."""
        shown = self.page.locator("#rail .stop[data-step]:not([data-fixed])")
        return [str(one) for one in shown.evaluate_all("them => them.map(one => one.dataset.step)")]

    def places(self) -> list[str]:
        """Return the ids of the buttons that add a step."""
        return [str(one) for one in self.page.locator("#rail .plus").evaluate_all("them => them.map(one => one.id)")]

    def type(self, step: str, *, letters: bool, waits: bool) -> None:
        """Open a step and type something new into one of its fields; without waiting, it is told of later."""
        if not self._opens(step):
            return
        settings = [name for name in FIELDS if self._field(name).count()]
        setting = self.dice.choice(settings)
        self.typed += 2
        value = f"{20 + self.typed / 100:.2f}" if setting == "price" else f"{setting} {self.typed} of {step}"
        with suppress(TookTooLong):
            self._unfold(self._field(setting))
            self._field(setting).click()
            self._types_over(step, setting)
            self.pending.append(Change(self.who, "type", step=step, setting=setting, value=value, letters=letters))
            if letters:
                self.page.keyboard.press("Control+A")
                self.page.keyboard.type(value, delay=self.dice.choice((20, 60, 150)))
            else:
                self._field(setting).fill(value)
        if waits:
            self.settle()

    def press(self, does: str, step: str, *buttons: str) -> None:
        """Press buttons one after the other; write down what the page said of the last."""
        since = self._heard_so_far()
        if not self.page.locator(buttons[0]).count():
            return
        try:
            for button in buttons:
                self.page.locator(button).first.click()
        except TookTooLong:
            self.settle()
            return
        conflict = self.settle()
        heard = [(kind, text) for kind, text in self._hear(since) if kind in ("said", "bad")]
        told = _told_of(heard, self._saved())
        told = "conflict" if conflict and told == "silent" else told
        self.told.append(Change(self.who, does, told, step=step, said=heard[-1][1] if heard else ""))

    def settle(self) -> bool:
        """Wait until the page has come to rest; what was typed is told of. Return whether there was a conflict."""
        self._rest()
        conflict = self.page.locator("#panel-body[data-asks=conflict]")
        if not conflict.count():
            self._are_told("not saved" if self._saved().startswith("Not") else "saved")
            return False
        step, shown = conflict.get_attribute("data-step") or "", conflict.text_content() or ""
        hidden = " ".join(self.page.locator("#panel-mine textarea").evaluate_all("them => them.map(one => one.value)"))
        mine = [one for one in self.pending if one.step == step]
        self.pending = [one for one in self.pending if one.step != step]
        self._are_told("saved")
        is_gone = not self.page.locator("#use-mine").count()
        self.told += [replace(one, told="conflict", kept=is_gone or one.value in shown + hidden) for one in mine]
        self._decide(step, mine[-1:], is_gone=is_gone)
        return True

    def differs(self) -> str:
        """Return in what the page goes on to differ from one that is loaded now, "" once it has heard of everything."""
        ends = time.monotonic() + PATIENCE
        while (found := str(self.page.evaluate("differs()"))) and time.monotonic() < ends:
            self.page.wait_for_timeout(500)
        return found

    def _decide(self, step: str, mine: Sequence[Change], *, is_gone: bool) -> None:
        with suppress(TookTooLong):
            if is_gone:
                self.page.locator("#panel-close").click()
            elif mine and self.dice.random() < 0.6:
                self.page.locator("#use-mine").click()
                self._rest()
                saved = self._saved().startswith("Saved") and not self.page.locator("#use-mine").count()
                self.told.append(replace(mine[0], does="use mine", told="saved" if saved else "not saved"))
            else:
                self.page.locator("#use-theirs").click()
            self._rest()

    def _opens(self, step: str) -> bool:
        if self.page.locator(f"#panel-body[data-step='{step}'] #panel-form").count():
            return True
        with suppress(TookTooLong):
            self.page.locator(f"#open-{step}").click()
            self.page.wait_for_selector(f"#panel-body[data-step='{step}'] #panel-form")
            return True
        self.settle()
        return False

    def _types_over(self, step: str, setting: str) -> None:
        """Note what they typed into this field before, where it still stands there and nothing was said of it."""
        shown = self._field(setting).input_value()
        over = [one for one in self.pending if (one.step, one.setting, one.value) == (step, setting, shown)]
        self.pending = [one for one in self.pending if one not in over]
        self.told += [replace(one, told="typed over") for one in over]

    def _field(self, setting: str) -> Locator:
        return self.page.locator(f"#panel-form [name='{setting}']")

    def _unfold(self, shown: Locator) -> None:
        folded = shown.locator("xpath=ancestor::details[not(@open)]/summary")
        for _ in range(folded.count()):
            folded.first.click()

    def _rest(self) -> None:
        ends = time.monotonic() + PATIENCE
        while not self.page.evaluate(f"isQuiet({QUIET})") and time.monotonic() < ends:
            self.page.wait_for_timeout(100)

    def _are_told(self, told: Told) -> None:
        shown = self.page.evaluate(SHOWN) if told == "not saved" else []
        self.told += [replace(one, told=told, kept=told != "not saved" or one.value in shown) for one in self.pending]
        self.pending = []

    def _saved(self) -> str:
        return (self.page.locator("#saved").text_content() or "").strip()

    def _heard_so_far(self) -> int:
        return len(self._hear(0))

    def _hear(self, since: int) -> list[tuple[str, str]]:
        heard = self.page.evaluate(f"heard({since})")
        return [(kind, text) for kind, text in heard]

    def _is_left_out(self, request: Request) -> None:
        if request.resource_type == "script":
            self.left_out.append(request.url)

    def _is_asked(self, dialog: Dialog) -> None:
        self.was_warned = True
        dialog.accept()


def _told_of(heard: Sequence[tuple[str, str]], saved: str) -> Told:
    """Return what came of a button; without an answer from the server nobody knows."""
    if saved.startswith("Not") or any(UNKNOWN in text for _, text in heard):
        return "not saved"
    if not heard:
        return "silent"
    return "saved" if all(kind == "said" for kind, _ in heard) and DONE.search(heard[-1][1]) else "nothing"
