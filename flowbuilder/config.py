"""The settings: one table of what may be set, and one frozen object read from the environment."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

from flowbuilder import kept_secrets, setting_values

REMOVED = "VAULT_KEYS_REMOVED"
"""Under which the home keeps the marks of keys that were removed; it is no setting."""


class SettingsError(ValueError):
    """A setting that is missing or cannot be used, said in one sentence."""


@dataclass(frozen=True)
class Setting:
    """One row of the settings table: an environment variable and what it does."""

    name: str
    default: str
    does: str
    parse: Callable[[str], Any] = str
    secret: bool = False
    needed_in_production: bool = False
    also: tuple[str, ...] = ()

    @property
    def attribute(self) -> str:
        """Return the name that the value has in `Settings`."""
        return self.name.removeprefix("FLOWBUILDER_").lower()

    def value(self, environ: Mapping[str, str]) -> Any:
        """Return the parsed value of the first name that is set, or of the default; raises SettingsError."""
        given = (environ.get(name, "").strip() for name in (self.name, *self.also))
        text = next(filter(None, given), self.default)
        try:
            return self.parse(text)
        except ValueError as problem:
            raise SettingsError(f"{self.name} cannot be used: {problem}.") from None


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "DATABASE_URL",
        "",
        "PostgreSQL 14 or newer, as `postgresql://user:password@host/name`. Empty: the embedded PostgreSQL.",
        setting_values.database_url,
        secret=True,
    ),
    Setting(
        "REDIS_URL",
        "",
        "Redis or Valkey, as `redis://host:6379/0` or `unix:///path`. Empty: the embedded Valkey.",
        setting_values.queue_url,
        secret=True,
    ),
    Setting(
        "FLOWBUILDER_HOME",
        "./var",
        "Folder of the embedded servers, the kept secrets and the lock.",
        setting_values.folder,
    ),
    Setting(
        "FLOWBUILDER_ENV",
        "development",
        "`development` or `production`. In production nothing is generated: missing secrets are refused.",
        setting_values.one_of("development", "production"),
    ),
    Setting(
        "PUBLIC_URL",
        "",
        "Address under which people reach the app; it decides links and cookies. Empty: http://127.0.0.1 and the port.",
        setting_values.web_address,
        needed_in_production=True,
    ),
    Setting(
        "SECRET_KEY",
        "",
        "Signs form tokens and hashes what duplicates are known by; at least 32 characters. With another one, no "
        "earlier lead is known as a duplicate. Empty: generated and kept in the home.",
        secret=True,
        needed_in_production=True,
        also=("SESSION_SECRET",),
    ),
    Setting(
        "VAULT_KEYS",
        "",
        "Keys for stored credentials, `id:base64,id2:base64`, 32 bytes each; the first encrypts, all decrypt. "
        "Empty: generated and kept in the home.",
        setting_values.vault_keys,
        secret=True,
        needed_in_production=True,
    ),
    Setting(
        "OUTBOUND_ALLOW",
        "",
        "Private addresses that may be called, over plain http too, as `127.0.0.1:9901,[::1]:9902`.",
        setting_values.hosts_and_ports,
    ),
    Setting(
        "TRUSTED_PROXIES",
        "0",
        "How many proxies stand before the app, so that `X-Forwarded-For` is believed that far.",
        setting_values.whole_number(0, 10),
    ),
    Setting("ALLOW_HTTP", "0", "`1` permits sign-in over plain http from other machines.", setting_values.yes_or_no),
    Setting(
        "SMTP_URL",
        "",
        "Mail server, as `smtp://user:password@host:587`, or `smtps://` where it is encrypted from the first byte. "
        "Empty: that of Postmark or SendGrid, else no mail leaves.",
        setting_values.mail_server,
        secret=True,
    ),
    Setting(
        "MAIL_FROM",
        "",
        "Sender of the mail that leaves, as `leads@example.com` or `Leads <leads@example.com>`.",
        setting_values.mail_sender,
        also=("POSTMARK_FROM_EMAIL", "SENDGRID_FROM_EMAIL"),
    ),
    Setting(
        "POSTMARK_SERVER_TOKEN", "", "Postmark's token: mail leaves by its server, without `SMTP_URL`.", secret=True
    ),
    Setting("SENDGRID_API_KEY", "", "SendGrid's key: mail leaves by its server, without `SMTP_URL`.", secret=True),
    Setting("FLOWBUILDER_WEB_HOST", "127.0.0.1", "Address that the web server listens on."),
    Setting(
        "FLOWBUILDER_WEB_PORT", "8000", "Port that the web server listens on.", setting_values.whole_number(1, 65535)
    ),
    Setting(
        "FLOWBUILDER_WEB_THREADS",
        "1024",
        "Pages and API calls answered at once; half as many posts may wait for a buyer. At `/f/` they hold none.",
        setting_values.whole_number(4, 4096),
    ),
    Setting(
        "FLOWBUILDER_LEAD_WORKERS",
        "2",
        "Processes of `flowbuilder serve` that carry leads.",
        setting_values.whole_number(0, 64),
    ),
    Setting(
        "FLOWBUILDER_BACKLOG_LIMIT",
        "50000",
        "Leads that are due; above it posts of those with the most of them are answered 503, above twice as many all.",
        setting_values.whole_number(1, 100_000_000),
    ),
    Setting(
        "FLOWBUILDER_REQUESTS_PER_MINUTE",
        "600",
        "Requests to pages and the API that one key, session or else address may make; not about posted leads.",
        setting_values.whole_number(1, 1_000_000),
    ),
    Setting(
        "FLOWBUILDER_OPEN_POSTS_PER_MINUTE",
        "60",
        "Posts without a key that one address may send to a source that needs none; this machine may send any.",
        setting_values.whole_number(1, 1_000_000),
    ),
    Setting(
        "FLOWBUILDER_LOG_LEVEL",
        "info",
        "Least level that is logged.",
        setting_values.one_of("debug", "info", "warning", "error"),
    ),
    Setting(
        "FLOWBUILDER_LOG_FORMAT",
        "auto",
        "`json` (one object per line), `text`, or `auto`: text on a terminal, JSON elsewhere.",
        setting_values.one_of("auto", "json", "text"),
    ),
    Setting(
        "FLOWBUILDER_METRICS_TOKEN",
        "",
        "Whoever sends it as `Authorization: Bearer` may read `/metrics`. Empty: only this machine may.",
        secret=True,
    ),
    Setting(
        "FLOWBUILDER_CLOCK_OFFSET",
        "0",
        "Seconds added to the clock that people see; for tests and rehearsals.",
        setting_values.seconds,
    ),
)


@dataclass(frozen=True)
class Settings:
    """Every setting as a typed value; see `SETTINGS` for what each one does."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    home: Path
    env: str
    public_url: str
    secret_key: str = field(repr=False)
    vault_keys: tuple[tuple[str, bytes], ...] = field(repr=False)
    outbound_allow: tuple[tuple[str, int], ...]
    trusted_proxies: int
    allow_http: bool
    smtp_url: str = field(repr=False)
    mail_from: str
    postmark_server_token: str = field(repr=False)
    sendgrid_api_key: str = field(repr=False)
    web_host: str
    web_port: int
    web_threads: int
    lead_workers: int
    backlog_limit: int
    requests_per_minute: int
    open_posts_per_minute: int
    log_level: str
    log_format: str
    metrics_token: str = field(repr=False)
    clock_offset: float

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Return the settings that `environ` gives; raises SettingsError, also for what production must not lack."""
        values = {setting.attribute: setting.value(environ) for setting in SETTINGS}
        values["public_url"] = values["public_url"] or f"http://127.0.0.1:{values['web_port']}"
        values["smtp_url"] = values["smtp_url"] or setting_values.provider_server(
            values["postmark_server_token"], values["sendgrid_api_key"]
        )
        read = cls(**values)
        if read.is_production:
            _refuse_unsafe_production(environ, read.secret_key)
        return read

    @property
    def is_production(self) -> bool:
        """Return whether missing secrets are refused instead of generated."""
        return self.env == "production"


@cache
def settings() -> Settings:
    """Return the settings of this process, read once; secrets that are missing are made and kept in the home."""
    found = Settings.read(os.environ)
    if found.is_production or (found.secret_key and found.vault_keys):
        return found
    kept = kept_secrets.read_or_make(found.home)
    return Settings.read({**os.environ, **_only_missing(found, kept)})


def vault_keys_now(own: Settings) -> tuple[tuple[str, bytes], ...]:
    """Return the vault's keys as they stand by now: those kept in the home are rotated while processes run.

    Keys that somebody set are never looked for in the home. The kept ones are told from them by what they share with
    those that this process began with, or by the marks of kept keys that were removed since.
    """
    kept = kept_secrets.read(own.home)
    now = setting_values.vault_keys(kept.get("VAULT_KEYS", ""))
    marks = {setting_values.vault_key_mark(key) for key in own.vault_keys}
    is_kept = set(now) & set(own.vault_keys) or marks & set(kept.get(REMOVED, "").split(","))
    return now if is_kept else own.vault_keys


def keep_vault_keys(keys: Sequence[tuple[str, bytes]]) -> None:
    """Keep these keys in the home in place of what it holds, and a mark of each that is not among them any more."""
    home = settings().home
    kept = kept_secrets.read(home)
    removed = set(setting_values.vault_keys(kept.get("VAULT_KEYS", ""))) - set(keys)
    marks = {setting_values.vault_key_mark(key) for key in removed}
    marks |= set(filter(None, kept.get(REMOVED, "").split(",")))
    changed = {"VAULT_KEYS": setting_values.vault_keys_text(tuple(keys)), REMOVED: ",".join(sorted(marks))}
    kept_secrets.replace(home, changed)


def keeps_vault_keys() -> bool:
    """Return whether the vault's keys are those kept in the home, and not given by somebody."""
    return not os.environ.get("VAULT_KEYS", "").strip()


def home_folder() -> Path:
    """Return the home alone, without making anything in it."""
    return Settings.read(os.environ).home


def override(values: Mapping[str, str]) -> Settings:
    """Set variables for this process and those it starts, as a command's options do; return the settings."""
    os.environ.update(values)
    settings.cache_clear()
    return settings()


def child_environ(parent: Settings) -> dict[str, str]:
    """Return the environment for a process that shall see the same settings as `parent`."""
    return {
        **os.environ,
        "DATABASE_URL": parent.database_url,
        "REDIS_URL": parent.redis_url,
        "FLOWBUILDER_HOME": str(parent.home),
        "PUBLIC_URL": parent.public_url,
        "SECRET_KEY": parent.secret_key,
        "VAULT_KEYS": setting_values.vault_keys_text(parent.vault_keys),
        "OUTBOUND_ALLOW": setting_values.hosts_and_ports_text(parent.outbound_allow),
        "SMTP_URL": parent.smtp_url,
        "MAIL_FROM": parent.mail_from,
        "FLOWBUILDER_WEB_HOST": parent.web_host,
        "FLOWBUILDER_WEB_PORT": str(parent.web_port),
        "FLOWBUILDER_LOG_FORMAT": parent.log_format,
        "PYTHONUNBUFFERED": "1",
    }


def _only_missing(found: Settings, kept: Mapping[str, str]) -> dict[str, str]:
    attributes = {setting.name: setting.attribute for setting in SETTINGS}
    return {name: text for name, text in kept.items() if name in attributes and not getattr(found, attributes[name])}


def _refuse_unsafe_production(environ: Mapping[str, str], secret_key: str) -> None:
    needed = [setting for setting in SETTINGS if setting.needed_in_production]
    missing = [s.name for s in needed if not any(environ.get(name, "").strip() for name in (s.name, *s.also))]
    if missing:
        raise SettingsError(f"FLOWBUILDER_ENV=production needs {', '.join(missing)}; see docs/operating.md.")
    if len(secret_key) < 32 or len(set(secret_key)) < 10:
        raise SettingsError("SECRET_KEY is too easy to guess for production: use 32 random characters or more.")
