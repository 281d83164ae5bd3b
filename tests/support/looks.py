"""Looking at a page as people do: nobody is shut out, nothing sticks out of the frame, nothing complains."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page

WIDE = {"viewport": {"width": 1280, "height": 900}}
NARROW = {"viewport": {"width": 390, "height": 844}}
SMALL_AND_DARK = NARROW | {"color_scheme": "dark", "reduced_motion": "reduce"}
"""How somebody looks at a page whom everything suits that is not usual."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
"""What axe is asked. That it need not describe all that is in order makes it more than twice as quick."""


def look_closely(page: Page) -> None:
    """Check a page with axe, and that nothing makes it scroll sideways."""
    found = Axe().run(page, options=AXE).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found] == [], page.url
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
