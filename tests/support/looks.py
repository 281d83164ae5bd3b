"""Looking at a page as people do: nobody is shut out, nothing sticks out of the frame, nothing complains."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, expect

WIDE = {"viewport": {"width": 1280, "height": 900}}
NARROW = {"viewport": {"width": 390, "height": 844}}
SMALL_AND_DARK = NARROW | {"color_scheme": "dark", "reduced_motion": "reduce"}
"""How somebody looks at a page whom everything suits that is not usual."""
LOOKS = {"light and wide": {**WIDE, "color_scheme": "light"}, "dark and narrow": {**NARROW, "color_scheme": "dark"}}
"""Both lights and both widths, each once: where things stand does not depend on their colours."""
MOUSE, FINGER = 24, 44
"""The least sizes in pixels: the first by WCAG 2.5.8, the second what fingers need."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
"""What axe is asked. That it need not describe all that is in order makes it more than twice as quick."""
AXE_SCRIPT = Axe().axe_script
VIOLATIONS = """
  async asked => {
    const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((one) => one.finished));
    const found = await axe.run(document, asked);
    return found.violations.map((each) => [each.id, each.nodes.slice(0, 3).map((node) => node.html)]);
  }
"""
"""Returns the rules that a page breaks, and where. All else that axe says of it would take long to fetch.

While a colour fades into another, neither is what people read: what moves comes to its end before.
"""


def look_closely(page: Page) -> None:
    """Check a page with axe, and that nothing makes it scroll sideways."""
    page.evaluate(AXE_SCRIPT)
    wrong = page.evaluate(VIOLATIONS, AXE)
    assert wrong == [], f"{page.url}: {wrong}"
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url


LEFT_MEANWHILE = ("htmx:afterRequest", "htmx:sendError", "htmx:sendAbort")
"""What htmx says of requests that the browser ends because their page is left."""


def note_faults(page: Page, faults: list[str]) -> None:
    """Write down whatever the page says to its console from now on, but for requests that ended with their page."""

    def note(said: ConsoleMessage) -> None:
        if said.type in ("error", "warning") and not said.text.startswith(LEFT_MEANWHILE):
            faults.append(said.text)

    page.on("console", note)
    page.on("pageerror", lambda error: faults.append(str(error)))


STICKS_OUT = """
  () => {
    const beyond = document.documentElement.scrollWidth - innerWidth;
    const isOut = (one) => one.getBoundingClientRect().right > innerWidth + 1;
    const out = [...document.querySelectorAll("body *")].filter(isOut);
    const named = out.slice(-4).map((one) => `${one.localName} ${one.id || one.className}`);
    return beyond > 0 ? [`${beyond} px stick out: ${named.join(", ")}`] : [];
  }
"""
"""Returns what makes a page scroll sideways."""
TEXT_SIZE = "size => { document.documentElement.style.fontSize = size }"
"""What a reader sets who needs bigger letters; nothing may be lost when they are twice as big (WCAG 1.4.4)."""
IN_EACH_OTHERS_WAY = """
  () => {
    const CONTROLS = "main :is(a, button, input, select, textarea, summary)";
    const isSeen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
    const layer = (one) => {
      for (let at = one; at; at = at.parentElement) if (/fixed|sticky/.test(getComputedStyle(at).position)) return at;
      return null;
    };
    const said = (one) => one.id || one.getAttribute("aria-label") || one.textContent.trim().slice(0, 40) || one.name;
    const all = [...document.querySelectorAll(CONTROLS)].filter(isSeen);
    const boxes = all.map((one) => ({ one, layer: layer(one), rects: [...one.getClientRects()] }));
    const found = [];
    boxes.forEach((first, at) => boxes.slice(at + 1).forEach((second) => {
      if (first.layer !== second.layer || first.one.contains(second.one) || second.one.contains(first.one)) return;
      const meet = first.rects.some((a) => second.rects.some((b) =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2));
      if (meet) found.push(`${said(first.one)} lies on ${said(second.one)}`);
    }));
    const isCut = (one) => isSeen(one) && !one.matches(".for-readers") && one.scrollWidth > one.clientWidth + 1
      && one.matches("button, .button, .badge, summary, h1, h2, h3, label")
      && getComputedStyle(one).textOverflow !== "ellipsis";
    for (const one of document.querySelectorAll("main *")) if (isCut(one)) found.push(`${said(one)} is cut`);
    return found;
  }
"""
"""Returns controls that lie on each other, and words that do not fit where they stand."""


def hard_to_press(page: Page) -> list[str]:
    """Return what has too little room for what presses it, and buttons in the accent's colour beyond the first."""
    width = page.evaluate("innerWidth")
    least = FINGER if width <= NARROW["viewport"]["width"] else MOUSE
    return [f"{page.url}: {one}" for one in [*page.evaluate(TOO_SMALL, least), *page.evaluate(ACCENTS)[1:]]]


CUT_CHOICES = """
  () => {
    const seen = [...document.querySelectorAll("select")].filter((one) => one.checkVisibility() && one.offsetWidth);
    const room = (one) => {
      const alone = one.cloneNode(false);
      alone.add(new Option(one.selectedOptions[0]?.textContent.trim() ?? ""));
      one.parentElement.append(alone);
      const look = { font: getComputedStyle(one).font, padding: getComputedStyle(one).padding, position: "absolute" };
      const free = { ...look, width: "max-content", "min-width": "0", "max-width": "none", flex: "none" };
      for (const [name, value] of Object.entries(free)) alone.style.setProperty(name, value, "important");
      const needed = alone.offsetWidth;
      alone.remove();
      return one.offsetWidth - needed;
    };
    return seen.filter((one) => room(one) < -1).map((one) => `${one.id}: ${one.selectedOptions[0].textContent.trim()}`);
  }
"""
"""Returns the choices that do not fit into the control that shows them."""


def cut_choices(page: Page) -> list[str]:
    """Return what is chosen somewhere on a page and cannot be read whole."""
    return [f"{page.url}: {one}" for one in page.evaluate(CUT_CHOICES)]


def settled(page: Page) -> None:
    """Wait until a page has all its parts."""
    expect(page.locator("[aria-busy=true], .htmx-request")).to_have_count(0)


def wrong_from_afar(page: Page) -> dict[str, list[str]]:
    """Look at a wide page as it is set by people who see little; return what is wrong in each way, by its name."""
    small, phone, wide = ({"width": 320, "height": 640}, NARROW["viewport"], WIDE["viewport"])
    found = {}
    for name, size, letters in (("320 px", small, ""), ("big on a phone", phone, "200%"), ("big", wide, "200%")):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.evaluate(TEXT_SIZE, letters)
        found[name] = seen_from_afar(page)
    page.evaluate(TEXT_SIZE, "")
    page.emulate_media(forced_colors="active")
    found["forced colours"] = seen_from_afar(page)
    page.emulate_media(forced_colors="none")
    return {name: seen for name, seen in found.items() if seen}


def seen_from_afar(page: Page) -> list[str]:
    """Return what makes a page scroll sideways, lies on something else, or is cut."""
    return [*page.evaluate(STICKS_OUT), *page.evaluate(IN_EACH_OTHERS_WAY)]


TOO_SMALL = """
  least => {
    const PRESSED = "a, button, select, textarea, summary, input:not([type=hidden])";
    const isSeen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0
      && !one.closest(".for-readers, .skip");
    const isInText = (one) => one.matches("a") && getComputedStyle(one).display === "inline";
    const grown = (one) => {
      const after = getComputedStyle(one, "::after");
      return after.position === "absolute" ? [parseFloat(after.width) || 0, parseFloat(after.height) || 0] : [0, 0];
    };
    const sizes = (one) => {
      const box = one.getBoundingClientRect();
      return [[box.width, box.height], grown(one)];
    };
    const of = (one) => [one, ...(one.labels ?? [])].flatMap(sizes);
    const said = (one) => one.id || one.getAttribute("aria-label") || one.textContent.trim().slice(0, 40) || one.name;
    const all = [...document.querySelectorAll(PRESSED)].filter((one) => isSeen(one) && !isInText(one));
    return all.filter((one) => !of(one).some(([wide, high]) => Math.min(wide, high) >= least - .5))
      .map((one) => `${one.localName} ${said(one)}: ${of(one)[0].map(Math.round).join(" by ")}`);
  }
"""
"""Returns what is pressed and has fewer pixels than that, its label counted; links within a text are exempt."""
ACCENTS = """
  () => {
    const isSeen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
    const inFront = (one) => {
      const box = one.getBoundingClientRect();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      return y > innerHeight || one.contains(document.elementFromPoint(x, y));
    };
    const accent = document.createElement("i");
    accent.style.color = "var(--accent)";
    document.body.append(accent);
    const colour = getComputedStyle(accent).color;
    accent.remove();
    const isAccent = (one) => isSeen(one) && getComputedStyle(one).backgroundColor === colour && inFront(one);
    return [...document.querySelectorAll(".button, button")].filter(isAccent).map((one) => one.textContent.trim());
  }
"""
"""Returns the buttons in the accent's colour: a page has one, for what is most likely done next."""
