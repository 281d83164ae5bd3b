"""A consent certificate: the proof of a third party that a person asked to be called."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from typing_extensions import override

from rules.fields.base import PRESENCE_OPERATORS, Field, FieldType, Normal

LONGEST = 2048
TRUSTED_FORM = ("cert.trustedform.com", "ping.trustedform.com")
# A web certificate's id has 40 hexadecimal digits; those of mobile apps and of lead ads are longer, in base64url.
TRUSTED_FORM_ID = re.compile(r"[0-9a-f]{40}|[A-Za-z0-9_-]{41,200}")
# A LeadiD token has 36 characters: a UUID, as Jornaya writes it in capitals.
LEADID_TOKEN = re.compile(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}")


class Certificate(NamedTuple):
    """Whose certificate it is, its id, and how it is written."""

    provider: str
    id: str
    text: str


class CertificateType(FieldType):
    """A TrustedForm certificate's https address or a Jornaya LeadiD token in capitals; others stay and are not valid.

    Valid by its form alone: whether a certificate exists and how old it is, only its provider knows.
    """

    key = "certificate"
    label = "Consent certificate"
    operators = (*PRESENCE_OPERATORS, "is", "is_not", "starts_with")
    part_names = ("provider", "id")
    personal = True

    @override
    def read(self, text: str, field: Field) -> Normal:
        certificate = read_certificate(text)
        return Normal(certificate.text, True) if certificate else Normal(text, False)

    @override
    def parts(self, value: object, field: Field) -> dict[str, object]:
        """Return the provider, `trustedform` or `jornaya`, and the certificate's id."""
        certificate = read_certificate(str(value or ""))
        if certificate is None:
            return dict.fromkeys(self.part_names)
        return {"provider": certificate.provider, "id": certificate.id}

    @override
    def mask(self, value: object) -> str:
        certificate = read_certificate(str(value or ""))
        return f"{certificate.provider} ••••{certificate.id[-4:]}" if certificate else "••••" if value else ""


def read_certificate(text: str) -> Certificate | None:
    """Return the certificate that a text names; None for another text and for an id of one digit repeated."""
    text = text.strip()
    if len(text) > LONGEST or len(text.split()) != 1:
        return None
    token = text.upper()
    if LEADID_TOKEN.fullmatch(token):
        return None if is_placeholder(token) else Certificate("jornaya", token, token)
    return read_trusted_form(text)


def read_trusted_form(text: str) -> Certificate | None:
    """Return the certificate of a TrustedForm address, with the token by which it may be shared."""
    try:
        split = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        return None
    host, number = split.netloc.lower(), split.path.strip("/")
    if split.scheme not in ("https", "http") or host not in TRUSTED_FORM:
        return None
    if not TRUSTED_FORM_ID.fullmatch(number) or is_placeholder(number):
        return None
    query = f"?{split.query}" if split.query else ""
    return Certificate("trustedform", number, f"https://{host}/{number}{query}")


def is_placeholder(number: str) -> bool:
    """Say whether an id has nothing but one digit in it, which forms post that never loaded the provider's script."""
    return len(set(number.replace("-", ""))) == 1
