"""`flowbuilder doctor`: checks everything that it stands on, and says in a sentence what is wrong and what to do.

It changes nothing, sends nothing and prints no secret. The servers of the home are started for it where none run.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict

from flowbuilder import config, embedded, troubles
from flowbuilder.config import Settings, SettingsError
from flowbuilder.embedded import EmbeddedError
from flowbuilder.operating.doctor import database, keys, mail, outbound, queue, work
from flowbuilder.operating.doctor.findings import Finding, ok, worst, wrong

__all__ = ["Finding", "examine", "findings_of"]


def examine(*, host: str | None, as_json: bool) -> int:
    """Check everything and print it; return 1 when something is wrong, 0 otherwise, also with warnings."""
    found = list(_examined(host))
    if as_json:
        print(json.dumps({"state": worst(found), "checks": [asdict(finding) for finding in found]}, indent=1))
    else:
        _print(found)
    return 1 if worst(found) == "wrong" else 0


def findings_of(own: Settings, host: str | None = None) -> Iterator[Finding]:
    """Yield what was found on these servers; a part that cannot be reached is said once, and the others go on."""
    yield from database.check(own)
    yield from queue.check(own)
    yield from keys.check(own)
    yield from work.check(own)
    yield from outbound.check(own, host)
    yield from mail.check(own)


def _examined(host: str | None) -> Iterator[Finding]:
    try:
        own = config.settings()
    except (SettingsError, OSError) as problem:
        yield wrong("settings", troubles.said(problem) or str(problem))
        return
    yield ok("settings", f"They can be used; this is {own.env}.")
    with ExitStack() as stack:
        try:
            live = stack.enter_context(embedded.for_command(own))
        except (EmbeddedError, OSError) as problem:
            yield wrong("servers", troubles.said(problem) or str(problem))
            return
        yield from findings_of(live, host)


def _print(found: Sequence[Finding]) -> None:
    width = max(len(finding.check) for finding in found)
    for finding in found:
        print(f"{finding.state:<8} {finding.check:<{width}}  {finding.said}")
