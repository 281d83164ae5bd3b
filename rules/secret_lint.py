"""Keys and passwords that somebody wrote into a flow, where everybody who sees it can read them."""

from collections.abc import Iterator

from rules.findings import finding
from rules.flow import Flow
from rules.problems import Problem
from rules.secrets import is_surely_secret, looks_secret

NAMES_ONLY = ("id", "connection", "from", "list", "key", "type")
"""Settings whose texts name something else, so that nothing can be hidden in them."""
ADVICE = "Everybody who sees this flow can read it: keep it with the connection of the buyer instead."


def find_secrets(flow: Flow) -> Iterator[Problem]:
    """Find texts that look like credentials: named values, what fields are set to, notes, reasons, rules."""
    for name, value in flow.values.items():
        if isinstance(value, str) and looks_secret(name, value):
            yield _secret(f"values.{name}")
    rest = {key: value for key, value in flow.document.items() if key not in ("values", "fields")}
    for path, name, text in _texts(rest, "", ""):
        if looks_secret(name, text) if ".set[" in path and not path.endswith("[0]") else is_surely_secret(text):
            yield _secret(path)


def _secret(path: str) -> Problem:
    return finding(path, "looks_secret", f"This looks like a key or a password. {ADVICE}")


def _texts(document: object, path: str, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield every text with its address, and the name of the setting or of the field that it is the value of."""
    if isinstance(document, str):
        yield path, name, document
    elif isinstance(document, dict):
        for key, value in document.items():
            if key not in NAMES_ONLY:
                yield from _texts(value, f"{path}.{key}" if path else str(key), str(key))
    elif isinstance(document, list):
        is_change = len(document) in (2, 3) and isinstance(document[0], str) and path.endswith("]")
        for position, value in enumerate(document):
            yield from _texts(value, f"{path}[{position}]", document[0] if is_change else name)
