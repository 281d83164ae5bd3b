"""Browsers by the names that people know them by."""

import re

BROWSERS = (
    (r"Edg(?:e|A|iOS)?/", "Edge"),
    (r"OPR/", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"(?:Firefox|FxiOS)/", "Firefox"),
    (r"(?:Chrome|CriOS|HeadlessChrome)/", "Chrome"),
    (r"Version/\S+ .*Safari/", "Safari"),
)
"""What tells each from the others, looked for in this order: most of them also say that they are another."""
SYSTEMS = (
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Android", "Android"),
    (r"Windows", "Windows"),
    (r"Macintosh|Mac OS X", "a Mac"),
    (r"CrOS", "ChromeOS"),
    (r"Linux|X11", "Linux"),
)


def name_of(user_agent: str) -> str:
    """Return what a browser is called, as “Firefox on Windows”; of one that cannot be told its first word."""
    browser, system = (_first_in(user_agent, known) for known in (BROWSERS, SYSTEMS))
    if not browser and not system:
        return user_agent.split("/", maxsplit=1)[0].strip()[:40] or "Unknown browser"
    return f"{browser or 'A browser'} on {system}" if system else browser


def _first_in(user_agent: str, known: tuple[tuple[str, str], ...]) -> str:
    return next((name for pattern, name in known if re.search(pattern, user_agent)), "")
