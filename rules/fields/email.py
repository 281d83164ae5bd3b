"""An e-mail address."""

from email_validator import EmailNotValidError, validate_email
from typing_extensions import override

from rules.fields.base import COMMON_OPERATORS, PRESENCE_OPERATORS, TEXT_OPERATORS, Field, FieldType, Normal

LONGEST = 254  # RFC 5321, 4.5.3.1.3: a path of 256 octets with its angle brackets


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
