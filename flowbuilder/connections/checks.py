"""What is wrong with a destination before it is saved: its settings, its addresses, and secrets it lacks."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder import addresses
from flowbuilder.addresses import AddressBlocked, AddressUnresolved, Allowed, Resolver, system_resolver
from flowbuilder.lists.queries import known_lists
from rules.delivery.auth import credential_paths
from rules.delivery.destination import parse_destination, split_secrets
from rules.problems import Problem

TEMPLATE = re.compile(r"\{\{[^{}]*\}\}")
"""What is filled in for each lead stands in the path or the query only, so that any text will do for a check."""

SECRET_WORDS = {
    "token": "token",
    "password": "password",
    "key": "key",
    "client_secret": "client secret",
    "signing_secret": "signing secret",
    "old_signing_secret": "old signing secret",
}


def destination_problems(
    destination: Mapping[str, Any],
    *,
    at: str = "",
    stored: Collection[str] = (),
    allow: Allowed = (),
    resolve: Resolver = system_resolver,
) -> list[Problem]:
    """Return everything that is wrong with a destination as it was written, secrets included, with paths below `at`.

    `stored` names the secrets that are kept already, so that they need not be typed again. Resolves host names.
    """
    problems: list[Problem] = []
    parse_destination(destination, at, problems)
    told = {problem.path for problem in problems}
    here = [*_missing_secrets(destination, stored), *_address_problems(destination, allow, resolve)]
    placed = [Problem(f"{at}.{one.path}" if at else one.path, one.code, one.message, one.severity) for one in here]
    return [*problems, *(problem for problem in placed if problem.path not in told)]


def list_problems(
    *, session: Session, account_id: UUID, destination: Mapping[str, Any], at: str = ""
) -> Iterator[Problem]:
    """Yield the suppression lists of a destination that the account does not have."""
    suppress = destination.get("suppress")
    entries = [entry for entry in suppress if isinstance(entry, dict)] if isinstance(suppress, list) else []
    known = known_lists(session, account_id, [str(entry.get("list")) for entry in entries])
    for position, entry in enumerate(entries):
        if entry.get("list") not in known:
            message = f"This account has no stored list “{str(entry.get('list'))[:40]}”."
            path = f"suppress[{position}].list"
            yield Problem(f"{at}.{path}" if at else path, "unknown_list", message)


def needed_secrets(destination: Mapping[str, Any]) -> dict[str, str]:
    """Return the secrets that a destination needs, by name, each with its path in the document."""
    signing = {"signing_secret": "signing_secret"} if destination.get("signed") is True else {}
    return {**credential_paths(destination.get("auth")), **signing}


def kept_secrets(destination: Mapping[str, Any]) -> set[str]:
    """Return the secrets that a destination still uses: those it needs, and an older one to sign with."""
    old = {"old_signing_secret"} if destination.get("old_secret_until") and destination.get("signed") is True else set()
    return {*needed_secrets(destination), *old}


def say_secret(name: str) -> str:
    """Return what a secret is called in a sentence."""
    return SECRET_WORDS.get(name) or f"secret for the header {name.removeprefix('header:')}"


def _missing_secrets(destination: Mapping[str, Any], stored: Collection[str]) -> Iterator[Problem]:
    _, given = split_secrets(destination)
    for name, path in needed_secrets(destination).items():
        if name not in given and name not in stored:
            yield Problem(path, "missing_secret", f"The buyer's {say_secret(name)} is missing.")


def _address_problems(destination: Mapping[str, Any], allow: Allowed, resolve: Resolver) -> Iterator[Problem]:
    for path, url in _addresses(destination):
        try:
            addresses.check(url, resolve=resolve, allow=allow)
        except AddressBlocked as blocked:
            yield Problem(path, "address_blocked", str(blocked))
        except AddressUnresolved:
            words = "This name could not be found just now. Check the spelling; leads wait until it answers."
            yield Problem(path, "address_unresolved", words, "warning")


def _addresses(destination: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    ping, auth, feedback = (destination.get(key) for key in ("ping", "auth", "feedback"))
    written = (
        ("url", destination.get("url")),
        ("ping.url", ping.get("url") if isinstance(ping, Mapping) else None),
        ("feedback.url", feedback.get("url") if isinstance(feedback, Mapping) else None),
        ("auth.token_url", auth.get("token_url") if isinstance(auth, Mapping) else None),
    )
    for path, url in written:
        if isinstance(url, str) and url.strip():
            yield path, TEMPLATE.sub("x", url.strip())
