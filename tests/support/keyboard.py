"""Somebody without a mouse: everything is reached by Tab, and every key counts."""

from playwright.sync_api import Locator, Page, expect

IS_ANSWERED = "() => !document.querySelector('.htmx-request')"
IS_SOMEWHERE = "() => ![null, document.body, document.documentElement].includes(document.activeElement)"
IS_FOCUSED = "one => one === document.activeElement"
IS_BEHIND = """one => Boolean(
  document.activeElement.compareDocumentPosition(one) & (Node.DOCUMENT_POSITION_FOLLOWING)
)"""
IS_IN_GROUP = "one => one.name === document.activeElement.name && one.form === document.activeElement.form"
IS_CHOSEN = "(one, label) => one.selectedOptions[0].label.trim() === label"
MOST_STOPS = 90
"""So many presses of Tab in one direction are more than any page should ask for."""
STOP = """
  () => {
    const one = document.activeElement;
    const before = window.stopBefore;
    window.stops ||= new Set();
    if (one === document.body) return { isLeft: true, isKnown: false, wrong: [] };
    const isKnown = window.stops.has(one);
    window.stops.add(one);
    const said = `${one.localName} ${one.id || one.name || one.textContent.trim().slice(0, 40)}`;
    const wrong = [];

    const styleOf = (it) => it ? getComputedStyle(it) : { outlineStyle: "none" };
    const hasRing = (it) => styleOf(it).outlineStyle !== "none" && parseFloat(styleOf(it).outlineWidth) >= 1;
    const shows = [one, one.parentElement, one.parentElement?.parentElement, one.nextElementSibling];
    if (!shows.some(hasRing)) wrong.push(`${said} does not show that it has the focus`);

    const box = one.getClientRects()[0] || one.getBoundingClientRect();
    const middle = [box.left + box.width / 2, box.top + box.height / 2];
    const seen = document.elementFromPoint(...middle);
    const isSeen = seen && (one.contains(seen) || seen.contains(one) || seen.closest("label")?.control === one);
    if (!isSeen) wrong.push(`${said} is hidden at ${middle.map(Math.round)} by ${seen?.id || seen?.className}`);

    const around = one.closest(".side, .places, .editor-head, .panel-foot, .panel, #toasts, main") || document.body;
    const frame = around.getBoundingClientRect();
    // The buttons of a row and of a card are the last in it, wherever in it they are drawn.
    const row = one.closest(".panel-row, .rule, .card");
    const place = {
      around, row,
      left: box.left - frame.left, right: box.right - frame.left,
      top: box.top - frame.top + around.scrollTop, bottom: box.bottom - frame.top + around.scrollTop,
    };
    if (before && before.around === around && !isKnown && !(row && row === before.row)) {
      const isAbove = place.bottom <= before.top + 1 && place.left < before.right - 1;
      const isBeside = place.top < before.bottom - 1 && place.bottom > before.top + 1 && place.right <= before.left + 1;
      if (isAbove || isBeside) wrong.push(`${said} comes after what stands ${isAbove ? "below" : "right of"} it`);
    }
    window.stopBefore = place;
    return { isLeft: false, isKnown, wrong };
  }
"""
"""Tells of what has the focus whether it was come by before, and what is wrong: not shown, hidden, out of order."""


class Keyboard:
    """A page in the hands of somebody who has only keys; `pressed` is how many were pressed so far."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def press(self, key: str) -> None:
        """Press a key, once the page has answered all before; it must be known where the keys go."""
        self.await_answers()
        self.page.keyboard.press(key)
        self.pressed += 1

    def type(self, text: str) -> None:
        """Type a text into what has the focus."""
        self.await_answers()
        self.page.keyboard.type(text)
        self.pressed += len(text)

    def await_answers(self) -> None:
        """Wait until the page is at rest; the focus is somewhere then, but on a page that was just visited."""
        self.page.wait_for_function(IS_ANSWERED)
        if self.pressed:
            self.page.wait_for_function(IS_SOMEWHERE)

    def go_to(self, what: Locator) -> None:
        """Press Tab until something has the focus, or Shift and Tab where it stands further up."""
        self._walk(what, IS_FOCUSED)

    def activate(self, what: Locator) -> None:
        """Go to a link, a button or a choice, and take it."""
        expect(what).to_be_visible()
        if what.get_attribute("type") == "radio":
            self._walk(what, IS_IN_GROUP)
            self._step_to(what, "ArrowDown")
        else:
            self.go_to(what)
            self.press("Enter")

    def choose(self, what: Locator, label: str) -> None:
        """Choose one of a list: by the first letters, then downwards."""
        self.go_to(what)
        for letter in label[:2]:
            if not what.evaluate(IS_CHOSEN, label):
                self.press(letter)
        for _ in range(MOST_STOPS):
            if what.evaluate(IS_CHOSEN, label):
                return
            self.press("ArrowDown")
        raise AssertionError(f"“{label}” is not in the list")

    def write(self, what: Locator, text: str) -> None:
        """Go to a field and write into it; what stood there is replaced."""
        self.go_to(what)
        self.press("ControlOrMeta+a")
        self.type(text)

    def _walk(self, what: Locator, until: str) -> None:
        expect(what).to_be_visible()
        self.await_answers()
        key = "Tab" if what.evaluate(IS_BEHIND) else "Shift+Tab"
        self._step_to(what, key, until)

    def _step_to(self, what: Locator, key: str, until: str = IS_FOCUSED) -> None:
        for _ in range(MOST_STOPS):
            if what.evaluate(until):
                return
            self.press(key)
        raise AssertionError(f"{what} cannot be reached by {key}")


def walk(page: Page, most: int = 250) -> list[str]:
    """Press Tab until everything was come by once; return what did not show its focus, was hidden or out of order."""
    wrong: list[str] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        found = page.evaluate(STOP)
        if found["isKnown"]:
            return wrong
        wrong += found["wrong"]
        if found["isLeft"]:
            page.evaluate("window.stopBefore = null")
    raise AssertionError(f"{page.url} does not end")
