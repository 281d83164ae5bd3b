"""How the text of an environment variable becomes a value; each function raises ValueError with what is wrong."""

import base64
import binascii
import hashlib
import math
from collections.abc import Callable
from email.utils import getaddresses
from pathlib import Path
from urllib.parse import quote, urlsplit


def database_url(text: str) -> str:
    """Return the address in the form that names the driver, or an empty text."""
    scheme, separator, rest = text.partition("://")
    _refuse_unsplit(text)
    if not text or scheme == "postgresql+psycopg":
        return text
    if scheme not in ("postgres", "postgresql") or not separator:
        raise ValueError("it must begin with postgresql://")
    return f"postgresql+psycopg://{rest}"


def queue_url(text: str) -> str:
    """Return the address of Valkey, or an empty text."""
    scheme, separator, rest = text.partition("://")
    if not text:
        return text
    if scheme not in ("redis", "rediss", "unix") or not separator or not rest:
        raise ValueError("it must be an address like redis://host:6379/0 or unix:///path")
    _refuse_unsplit(text)
    return text


def _refuse_unsplit(address: str) -> None:
    """The libraries' own words would repeat the address with its password."""
    try:
        parts = urlsplit(address)
        is_split = parts.netloc.count("@") <= 1 and parts.port != 0
    except ValueError:
        is_split = False
    if not is_split:
        raise ValueError("its port must be a number; write : / @ in a password as %3A %2F %40")


def folder(text: str) -> Path:
    """Return the folder as an absolute path."""
    return Path(text).expanduser().absolute()


def web_address(text: str) -> str:
    """Return the address without a slash at its end, or an empty text."""
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("it must be an address like https://leads.example.com")
    return text.rstrip("/")


def mail_server(text: str) -> str:
    """Return the address of a mail server, or an empty text."""
    try:
        parts = urlsplit(text)
        is_right = not text or (parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0)
    except ValueError:  # Its words would repeat a part of the password.
        is_right = False
    if not is_right:
        raise ValueError("it must be an address like smtp://user:password@host:587, special characters as %40")
    return text


def mail_sender(text: str) -> str:
    """Return one mail address, with a name before it or not, or an empty text."""
    found = getaddresses([text]) if text.isprintable() else []
    if text and (len(found) != 1 or not all(found[0][1].rpartition("@")[::2]) or " " in found[0][1]):
        raise ValueError("it must be one address like leads@example.com")
    return text


def provider_server(postmark_token: str, sendgrid_key: str) -> str:
    """Return the mail server of the provider that a token is for, or an empty text; both take it as the password."""
    if postmark_token:
        token = quote(postmark_token, safe="")
        return f"smtp://{token}:{token}@smtp.postmarkapp.com:587"
    return f"smtp://apikey:{quote(sendgrid_key, safe='')}@smtp.sendgrid.net:587" if sendgrid_key else ""


def one_of(*words: str) -> Callable[[str], str]:
    """Return a reader that takes only these words."""

    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"it must be one of {', '.join(words)}")
        return text.lower()

    return read


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from `least` to `most`."""

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(f"it must be a whole number from {least} to {most}")
        return int(text)

    return read


def seconds(text: str) -> float:
    """Return a length of time, which may be negative."""
    try:
        length = float(text)
    except ValueError:
        length = math.nan
    if not math.isfinite(length):
        raise ValueError("it must be a number of seconds")
    return length


def yes_or_no(text: str) -> bool:
    """Return what 1, true, yes or 0, false, no mean."""
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError("it must be 1 or 0")


def vault_keys(text: str) -> tuple[tuple[str, bytes], ...]:
    """Return the keys in the order given, each with its id: `id:base64,id2:base64`."""
    keys = tuple(_vault_key(entry.strip()) for entry in text.split(",") if entry.strip())
    if len({key_id for key_id, _ in keys}) != len(keys):
        raise ValueError("two keys have the same id")
    return keys


def vault_keys_text(keys: tuple[tuple[str, bytes], ...]) -> str:
    """Return the text that `vault_keys` reads."""
    return ",".join(f"{key_id}:{base64.b64encode(key).decode()}" for key_id, key in keys)


def vault_key_mark(key: tuple[str, bytes]) -> str:
    """Return by what a key is known again that is not kept any more; nothing can be opened with it."""
    return hashlib.sha256(key[1]).hexdigest()[:16]


def hosts_and_ports(text: str) -> tuple[tuple[str, int], ...]:
    """Return every host with its port: `127.0.0.1:9901,[::1]:9902`."""
    return tuple(_host_and_port(entry.strip()) for entry in text.split(",") if entry.strip())


def hosts_and_ports_text(pairs: tuple[tuple[str, int], ...]) -> str:
    """Return the text that `hosts_and_ports` reads."""
    return ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in pairs)


def _vault_key(entry: str) -> tuple[str, bytes]:
    key_id, separator, encoded = entry.partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if not separator or not key_id.isalnum() or len(key) != 32:
        raise ValueError("each key is id:base64 of 32 bytes")
    return key_id, key


def _host_and_port(entry: str) -> tuple[str, int]:
    host, _, port = entry.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError(f"{entry!r} is not host:port")
    return host.removeprefix("[").removesuffix("]").lower(), int(port)
