"""Secrets that nobody set: made once, kept in the home, readable by its owner only."""

import base64
import os
import secrets
from pathlib import Path

FILE_NAME = "secrets.env"


def read_or_make(home: Path) -> dict[str, str]:
    """Return the kept secrets by the names of their settings, made on the first call (mode 0600)."""
    path = home / FILE_NAME
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        _write_once(path, _fresh_secrets())
    return read(home)


def read(home: Path) -> dict[str, str]:
    """Return the kept secrets by the names of their settings; none when nothing is kept in this home."""
    path = home / FILE_NAME
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line)


def replace(home: Path, changed: dict[str, str]) -> None:
    """Keep other secrets under some names, beside the rest: after a crash the old file is there, or the new one."""
    path = home / FILE_NAME
    draft = _write_draft(path, {**read(home), **changed})
    draft.replace(path)
    folder = os.open(home, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def fresh_vault_key() -> str:
    """Return 32 random bytes in base64, as VAULT_KEYS holds them."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _fresh_secrets() -> dict[str, str]:
    return {"SECRET_KEY": secrets.token_urlsafe(48), "VAULT_KEYS": f"k1:{fresh_vault_key()}"}


def _write_draft(path: Path, values: dict[str, str]) -> Path:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={text}\n" for name, text in values.items())
        file.flush()
        os.fsync(file.fileno())
    return draft


def _write_once(path: Path, values: dict[str, str]) -> None:
    # Two processes may start at once: the link is made whole or not at all, and the first one stays.
    draft = _write_draft(path, values)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
