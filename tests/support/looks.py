"""Looking at a page as people do: nobody is shut out, nothing sticks out of the frame, nothing complains."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDE = {"viewport": {"width": 1280, "height": 900}}
NARROW = {"viewport": {"width": 390, "height": 844}}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def look_closely(page: Page) -> None:
    """Check a page with axe, and that nothing makes it scroll sideways."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found] == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url


def note_faults(page: Page, faults: list[str]) -> None:
    """Write down whatever the page says to its console from now on."""
    page.on("console", lambda said: faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
