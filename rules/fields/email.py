"""An e-mail address."""

import re

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES
from typing_extensions import override

from rules.fields.base import COMMON_OPERATORS, PRESENCE_OPERATORS, TEXT_OPERATORS, Field, FieldType, Normal

LONGEST = 254  # RFC 5321, 4.5.3.1.3: a path of 256 octets with its angle brackets

# The short way for what most addresses are: ASCII letters, digits and `.`, `_`, `+`, `-` at a host name without doubled
# hyphens, which mark encoded names. The library looks at each character of these and only changes the domain's case.
LABEL = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
PLAIN = re.compile(
    rf"((?=[^@]{{1,64}}@)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@((?:(?![^.]{{64}}){LABEL}\.)+[A-Za-z]{{2,63}})"
)
RESERVED = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
SHARED_MAILBOXES = frozenset(CASE_INSENSITIVE_MAILBOX_NAMES)


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
        try:
            # Addresses under .test cannot be reached by anybody; samples and demonstrations use them.
            return Normal(validate_email(text, check_deliverability=False, test_environment=True).normalized, True)
        except EmailNotValidError:
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
