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
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _fresh_secrets() -> dict[str, str]:
    vault_key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {"SECRET_KEY": secrets.token_urlsafe(48), "VAULT_KEYS": f"k1:{vault_key}"}


def _write_once(path: Path, values: dict[str, str]) -> None:
    # Two processes may start at once: the link is made whole or not at all, and the first one stays.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={text}\n" for name, text in values.items())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
