"""How a destination shows who is calling, and the credentials for it, which are kept apart from the document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rules.delivery.headers import HeaderRefused, check_header, check_name
from rules.delivery.signing import BadSecret, read_secret
from rules.delivery.tokens import Grant, read_grant
from rules.reading import Part

Kind = Literal["none", "basic", "bearer", "key", "headers", "oauth2"]
Place = Literal["header", "query", "body"]
# `header` is the older way to write a key in a header.
KINDS = ("none", "basic", "bearer", "header", "key", "headers", "oauth2")
PLACES = ("header", "query", "body")
LONGEST_SECRET = 4000
MOST_SECRET_HEADERS = 10
LONGEST_NAME = 200

# The credential that a kind needs, and the settings under which a document that is being saved may hold it.
CREDENTIALS = {"bearer": "token", "basic": "password", "header": "key", "key": "key", "oauth2": "client_secret"}
_WRITTEN_AS = {
    "token": "token", "password": "password", "key": "key", "value": "key", "client_secret": "client_secret",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Auth:
    """What a request needs to be let in.

    `name` is the user name of basic authentication, or what carries a key: a header, a field of the query or of the
    body. `headers` are the names of several headers that each hold a secret.
    """

    kind: Kind = "none"
    name: str = ""
    place: Place = "header"
    headers: tuple[str, ...] = ()
    grant: Grant | None = None

    @property
    def credentials(self) -> tuple[str, ...]:
        """Return the names of the credentials that have to be there."""
        if self.kind == "headers":
            return tuple(header_credential(name) for name in self.headers)
        return (CREDENTIALS[self.kind],) if self.kind in CREDENTIALS else ()

    @property
    def header_names(self) -> frozenset[str]:
        """Return the headers that carry credentials, in lower case."""
        match self.kind:
            case "none":
                return frozenset()
            case "key":
                return frozenset({self.name.lower()} if self.place == "header" else ())
            case "headers":
                return frozenset(name.lower() for name in self.headers)
        return frozenset({"authorization"})


def header_credential(name: str) -> str:
    """Return the name under which the secret of one header is kept."""
    return f"header:{name.lower()}"


def credential_paths(auth: object) -> dict[str, str]:
    """Return the credentials that the written authentication of a destination needs, each with its path."""
    if not isinstance(auth, Mapping):
        return {}
    headers = auth.get("headers")
    if auth.get("type") == "headers" and isinstance(headers, Mapping):
        return {header_credential(str(name)): f"auth.headers.{name}" for name in headers}
    name = CREDENTIALS.get(str(auth.get("type")))
    return {name: f"auth.{name}"} if name else {}


def read_auth(part: Part) -> Auth:
    """Return the authentication that a destination describes; without any, none."""
    settings = part.inside("auth", "the authentication")
    if settings is None:
        return Auth()
    kind = settings.choice("type", KINDS, "none")
    auth = _READERS[kind](settings)
    _check_secrets(settings, CREDENTIALS.get(kind))
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
    """Return the document without its secrets, and the secrets by the names under which they are kept.

    A secret that is not text stays where it is, for `parse_destination` to report. Blank secrets are dropped, so that
    a form that shows none can be saved without changing them; a header that holds one keeps its name with a blank.
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
        if isinstance(auth.get("headers"), Mapping):
            auth["headers"], given = _split_headers(auth["headers"])
            credentials |= given
        rest["auth"] = auth
    return rest, {name: secret for name, secret in credentials.items() if secret}


def _split_headers(headers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    texts = {name: text for name, text in headers.items() if isinstance(text, str)}
    left = {name: "" if name in texts else text for name, text in headers.items()}
    return left, {header_credential(str(name)): text.strip() for name, text in texts.items()}


def _read_nothing(_settings: Part) -> Auth:
    return Auth()


def _read_bearer(_settings: Part) -> Auth:
    return Auth("bearer")


def _read_basic(settings: Part) -> Auth:
    name = settings.text("username")
    if ":" in name:
        settings.report("username", "bad_user_name", "A user name for basic authentication cannot hold a colon.")
    return Auth("basic", name)


def _read_key(settings: Part) -> Auth:
    name = settings.text("name", longest=LONGEST_NAME)
    place: Any = settings.choice("in", PLACES, "header")
    if place == "header" and name:
        _check_header_name(settings, "name", name)
    return Auth("key", name, place)


def _read_headers(settings: Part) -> Auth:
    """Read several headers with secrets in them: `headers` holds their names, with a blank once they are kept."""
    written = settings.take("headers")
    if not isinstance(written, dict) or not 1 <= len(written) <= MOST_SECRET_HEADERS:
        message = f"“headers” must be an object of 1 to {MOST_SECRET_HEADERS} headers and their secrets."
        settings.report("headers", "not_an_object", message)
        return Auth("headers")
    for name, text in written.items():
        _check_header_name(settings, f"headers.{name}", name)
        if not isinstance(text, str):
            settings.report(f"headers.{name}", "not_text", f"The secret of the header {name} must be text.")
        else:
            _check_secret(settings, f"headers.{name}", text)
    if len({name.lower() for name in written}) < len(written):
        settings.report("headers", "set_twice", "A header is there twice.")
    return Auth("headers", headers=tuple(written))


def _read_oauth2(settings: Part) -> Auth:
    return Auth("oauth2", grant=read_grant(settings))


_READERS = {
    "none": _read_nothing,
    "bearer": _read_bearer,
    "basic": _read_basic,
    "header": _read_key,
    "key": _read_key,
    "headers": _read_headers,
    "oauth2": _read_oauth2,
}


def _check_header_name(settings: Part, key: str, name: str) -> None:
    try:
        check_name(name)
    except HeaderRefused as error:
        settings.report(key, "bad_header", str(error))


def _check_secrets(settings: Part, credential: str | None) -> None:
    """Check secrets that are still in the document because it is just being saved."""
    for key in _written_keys(credential):
        if settings.has(key):
            _check_secret(settings, key, settings.text(key, longest=LONGEST_SECRET))


def _written_keys(credential: str | None) -> Iterator[str]:
    return (key for key, name in _WRITTEN_AS.items() if name == credential)


def _check_secret(settings: Part, key: str, secret: str) -> None:
    try:
        check_header("Authorization", secret)
    except HeaderRefused:
        settings.report(key, "bad_secret", "A credential cannot hold line breaks or other control characters.")
