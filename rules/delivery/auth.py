"""How a destination shows who is calling, and the credentials for it, which are kept apart from the document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rules.delivery.headers import HeaderRefused, check_header, check_name
from rules.delivery.signing import BadSecret, read_secret
from rules.reading import Part

Kind = Literal["none", "basic", "bearer", "header"]
KINDS = ("none", "basic", "bearer", "header")
LONGEST_SECRET = 4000

# Where a document names a credential, and under which name it is kept.
CREDENTIAL_OF = {"bearer": "token", "basic": "password", "header": "key"}
_WRITTEN_AS = {"token": "token", "password": "password", "key": "key", "value": "key"}


@dataclass(frozen=True, slots=True)
class Auth:
    """What a request needs to be let in; `name` is a header's name or the user name of basic authentication."""

    kind: Kind = "none"
    name: str = ""

    @property
    def credential(self) -> str | None:
        """Return the name of the credential that has to be there, None if there is none."""
        return CREDENTIAL_OF.get(self.kind)

    @property
    def header(self) -> str | None:
        """Return the header that carries the credential, in lower case."""
        return {"none": None, "header": self.name.lower()}.get(self.kind, "authorization")


def read_auth(part: Part) -> Auth:
    """Return the authentication that a destination describes; without any, none."""
    settings = part.inside("auth", "the authentication")
    if settings is None:
        return Auth()
    kind: Any = settings.choice("type", KINDS, "none")
    name = {"basic": "username", "header": "name"}.get(kind)
    auth = Auth(kind, settings.text(name) if name else "")
    if kind == "header" and auth.name:
        _check_header_name(settings, auth.name)
    if kind == "basic" and ":" in auth.name:
        settings.report("username", "bad_user_name", "A user name for basic authentication cannot hold a colon.")
    _read_secrets(settings, auth.credential)
    settings.finish()
    return auth


def read_signing(part: Part) -> bool:
    """Return whether requests are signed: `signed` says so, or a `signing_secret` that is just being saved."""
    is_signed = part.flag("signed")
    if not part.has("signing_secret"):
        return is_signed
    secret = part.text("signing_secret")
    try:
        read_secret(secret)
    except BadSecret as error:
        part.report("signing_secret", "bad_signing_secret", str(error))
    return True


def split_secrets(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the document without its secrets, and the secrets by name (token, password, key, signing_secret).

    A secret that is not text stays where it is, for `parse_destination` to report. Blank secrets are dropped, so that
    a form that shows none can be saved without changing them.
    """
    rest, credentials = dict(document), {}
    if isinstance(rest.get("signing_secret"), str):
        credentials["signing_secret"] = rest.pop("signing_secret").strip()
        rest["signed"] = True
    if isinstance(rest.get("auth"), Mapping):
        auth = dict(rest["auth"])
        for key, name in _WRITTEN_AS.items():
            if isinstance(auth.get(key), str):
                credentials[name] = auth.pop(key).strip()
        rest["auth"] = auth
    return rest, {name: secret for name, secret in credentials.items() if secret}


def _check_header_name(settings: Part, name: str) -> None:
    try:
        check_name(name)
    except HeaderRefused as error:
        settings.report("name", "bad_header", str(error))


def _read_secrets(settings: Part, credential: str | None) -> None:
    """Check secrets that are still in the document because it is just being saved."""
    for key, name in _WRITTEN_AS.items():
        if name != credential or not settings.has(key):
            continue
        secret = settings.text(key, longest=LONGEST_SECRET)
        try:
            check_header("Authorization", secret)
        except HeaderRefused:
            settings.report(key, "bad_secret", "A credential cannot hold line breaks or other control characters.")
