"""Texts that look like keys or passwords, which belong to a connection and not where everybody reads them."""

import re

from rules.delivery.headers import seems_secret

SURELY = re.compile(
    r"""
      \b[spr]k_(live|test)_\w{8,}             # payment providers
    | \bsk-[\w-]{16,}
    | \b(ghp|gho|ghs|glpat|xox[abps])[_-][\w-]{10,}
    | \b(AKIA|ASIA)[0-9A-Z]{16}\b
    | \bAIza[\w-]{30,}
    | \bSG\.[\w-]{16,}\.[\w-]{16,}
    | \bwhsec_\S{16,}
    | \beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*       # a signed token
    | \b(Bearer|Basic)\s+(?!\{\{)[\w+/=.~-]{12,}
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY
    | ://[^/\s:@{]+:[^/\s@{]+@                # a password in an address
    | [?&](api[_-]?key|key|token|secret|password|access_token)=(?!\{\{)[^&\s{]{6,}
    """,
    re.VERBOSE,
)
LONG = re.compile(r"[A-Za-z0-9+/_=-]{32,}")


def is_surely_secret(text: str) -> bool:
    """Return whether a text holds something in the form of a credential, whatever it is for."""
    return bool(SURELY.search(text))


def looks_secret(name: str, text: str) -> bool:
    """Return whether a fixed text under a name is probably a credential.

    It is by its form, by its name, or because it is one long word of letters and digits that nobody reads out.
    """
    word = text.strip()
    is_mixed = re.search(r"[A-Za-z]", word) and re.search(r"\d", word)
    return (
        is_surely_secret(text) or seems_secret(name.replace("_", "-"), text) or bool(LONG.fullmatch(word) and is_mixed)
    )
