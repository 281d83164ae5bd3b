"""An email address."""

import re

from typing_extensions import override

from rules.fields.base import COMMON_OPERATORS, PRESENCE_OPERATORS, TEXT_OPERATORS, Field, FieldType, Normal
from rules.mailboxes import read_mailbox

LONGEST = 254  # RFC 5321, 4.5.3.1.3: a path of 256 octets with its angle brackets

# The short way for what most addresses are: ASCII letters, digits and `.`, `_`, `+`, `-` at a host name without doubled
# hyphens, which mark encoded names. The library looks at each character of these and only changes the domain's case.
LABEL = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
PLAIN = re.compile(
    rf"((?=[^@]{{1,64}}@)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@((?:(?![^.]{{64}}){LABEL}\.)+[A-Za-z]{{2,63}})"
)
RESERVED = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})
"""The last labels of names that nobody can be reached under (RFC 6761)."""
SHARED_MAILBOXES = frozenset(
    {
        *("info", "marketing", "sales", "support", "abuse", "noc", "security", "postmaster", "hostmaster", "usenet"),
        *("news", "webmaster", "www", "uucp", "ftp"),
    }
)
"""The names of mailboxes that are the same in capitals (RFC 2142)."""


class EmailType(FieldType):
    """An address with its domain in lower case; valid by its form (RFC 5322), without asking the network."""

    key = "email"
    label = "Email"
    operators = (*COMMON_OPERATORS, "domain_in", *TEXT_OPERATORS, *PRESENCE_OPERATORS)
    part_names = ("user", "domain", "tld")
    personal = True
    checked_when_required = True

    @override
    def read(self, text: str, field: Field) -> Normal:
        if len(text) > LONGEST:
            return Normal(text, False)
        if plain := _read_plain(text):
            return Normal(plain, True)
        if mailbox := read_mailbox(text):
            return Normal(mailbox.normal, True)
        user, at, domain = text.rpartition("@")
        return Normal(f"{user}{at}{domain.lower()}" if at else text, False)

    @override
    def is_possible(self, value: object, field: Field) -> bool:
        user, _, domain = str(value or "").rpartition("@")
        return bool(user) and "." in domain.strip(".")

    @override
    def parts(self, value: object, field: Field) -> dict[str, object]:
        user, _, domain = str(value or "").rpartition("@")
        if not user:
            return dict.fromkeys(self.part_names)
        return {"user": user, "domain": domain, "tld": domain.rpartition(".")[2]}

    @override
    def mask(self, value: object) -> str:
        user, _, domain = str(value or "").rpartition("@")
        if not user or not domain:
            return "••••" if value else ""
        host, dot, tld = domain.rpartition(".")
        return f"{user[0]}••@{(host or tld)[0]}••••{dot}{tld if dot else ''}"


def _read_plain(text: str) -> str | None:
    """Return a plain address as the library writes it; None for all that it must look at itself."""
    form = PLAIN.fullmatch(text)
    if form is None:
        return None
    user, domain = form[1], form[2].lower()
    if user.lower() in SHARED_MAILBOXES or domain.rpartition(".")[2] in RESERVED:
        return None
    return f"{user}@{domain}"
