"""Where a form may send its sender on to once the lead is taken: pages on the hosts that the source allows."""

import re
from collections.abc import Collection

from flowbuilder.intake.reading import is_filled
from rules.problems import Problem

FIELD = "redirect_url"
LONGEST = 2048  # characters
HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]{1,5})?"
PAGE = re.compile(rf"(https?)://({HOST})(?:[/?#][!-~]*)?")
"""Only what every browser reads the same way: no user names, backslashes, spaces or escapes before the path."""
USUAL_PORTS = {"http": ":80", "https": ":443"}


def read_redirect(value: object, hosts: Collection[str]) -> tuple[str | None, Problem | None]:
    """Return the page that a post asks to be sent on to, if it asks for one, or what is wrong with it.

    `hosts` are in lower case, with a port where it is not the usual one.
    """
    if not is_filled(value):
        return None, None
    found = PAGE.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= LONGEST else None
    if found is None:
        message = f"{FIELD} must be the full address of a page, such as https://www.example.com/thanks."
        return None, Problem(FIELD, "redirect_not_usable", message)
    host = found[2].lower().removesuffix(USUAL_PORTS[found[1]])
    if host not in hosts:
        message = f"{FIELD} leads to {host[:100]}, which is not among the hosts that this source allows."
        return None, Problem(FIELD, "redirect_not_allowed", message)
    return found[0], None


def read_host(text: str) -> str | None:
    """Return a host as it is kept, in lower case and with a port if it was written with one; None for anything else."""
    host = text.strip().lower()
    return host if len(host) <= 253 and re.fullmatch(HOST, host) else None
