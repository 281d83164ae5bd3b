"""The settings table: what is read, what is refused, and that the handbook tells the same."""

import base64
import re
from pathlib import Path

import pytest

from flowbuilder import config
from flowbuilder.config import SETTINGS, Settings, SettingsError

KEY = base64.b64encode(bytes(range(32))).decode()
PRODUCTION = {
    "FLOWBUILDER_ENV": "production",
    "PUBLIC_URL": "https://leads.example.com",
    "SECRET_KEY": "kZ3-9dQfL0aXv7BnR2mTyW8sHcJ5uEiP",
    "VAULT_KEYS": f"k1:{KEY}",
}


def test_every_setting_has_a_default_that_can_be_read():
    read = Settings.read({})
    assert (read.database_url, read.redis_url, read.web_port) == ("", "", 8000)
    assert read.backlog_limit == 50_000
    assert read.public_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("name", "text", "attribute", "value"),
    [
        ("DATABASE_URL", "postgres://a:b@db/leads", "database_url", "postgresql+psycopg://a:b@db/leads"),
        ("DATABASE_URL", "postgresql://db/leads", "database_url", "postgresql+psycopg://db/leads"),
        ("FLOWBUILDER_HOME", "/srv/leads", "home", Path("/srv/leads")),
        ("PUBLIC_URL", "https://leads.example.com/", "public_url", "https://leads.example.com"),
        ("SESSION_SECRET", "read under its older name", "secret_key", "read under its older name"),
        ("VAULT_KEYS", f"k2:{KEY}, k1:{KEY}", "vault_keys", (("k2", bytes(range(32))), ("k1", bytes(range(32))))),
        ("OUTBOUND_ALLOW", "127.0.0.1:9901,[::1]:80", "outbound_allow", (("127.0.0.1", 9901), ("::1", 80))),
        ("TRUSTED_PROXIES", "2", "trusted_proxies", 2),
        ("ALLOW_HTTP", "1", "allow_http", True),
        ("FLOWBUILDER_CLOCK_OFFSET", "-3600.5", "clock_offset", -3600.5),
        (
            "SMTP_URL",
            "smtps://fred:p4ss%20word@mail.example.com",
            "smtp_url",
            "smtps://fred:p4ss%20word@mail.example.com",
        ),
        ("MAIL_FROM", "Acme Leads <leads@example.com>", "mail_from", "Acme Leads <leads@example.com>"),
        ("SENDGRID_FROM_EMAIL", "leads@example.com", "mail_from", "leads@example.com"),
        ("POSTMARK_SERVER_TOKEN", "a/b", "smtp_url", "smtp://a%2Fb:a%2Fb@smtp.postmarkapp.com:587"),
        ("SENDGRID_API_KEY", "SG.x", "smtp_url", "smtp://apikey:SG.x@smtp.sendgrid.net:587"),
    ],
)
def test_a_text_becomes_a_value(name, text, attribute, value):
    assert getattr(Settings.read({name: text}), attribute) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DATABASE_URL", "mysql://db/leads"),
        ("DATABASE_URL", "leads.db"),
        ("PUBLIC_URL", "leads.example.com"),
        ("PUBLIC_URL", "https://leads.example.com/?a=1"),
        ("VAULT_KEYS", "k1:c2hvcnQ="),
        ("VAULT_KEYS", "k1:not base64"),
        ("VAULT_KEYS", KEY),
        ("VAULT_KEYS", f"k1:{KEY},k1:{KEY}"),
        ("OUTBOUND_ALLOW", "127.0.0.1"),
        ("OUTBOUND_ALLOW", "127.0.0.1:99999"),
        ("TRUSTED_PROXIES", "-1"),
        ("ALLOW_HTTP", "perhaps"),
        ("FLOWBUILDER_WEB_PORT", "eighty"),
        ("FLOWBUILDER_ENV", "staging"),
        ("FLOWBUILDER_CLOCK_OFFSET", "nan"),
        ("SMTP_URL", "http://mail.example.com"),
        ("SMTP_URL", "smtp://fred:p/ssword@mail.example.com"),
        ("MAIL_FROM", "leads"),
        ("MAIL_FROM", "leads@example.com, more@example.com"),
        ("MAIL_FROM", "leads@example.com\nBcc: all@example.com"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused_by_the_name_of_its_setting(name, text):
    with pytest.raises(SettingsError, match=f"^{name} cannot be used: .+[.]$"):
        Settings.read({name: text})


def test_production_with_all_it_needs_is_taken():
    assert Settings.read(PRODUCTION).is_production


@pytest.mark.parametrize("name", [setting.name for setting in SETTINGS if setting.needed_in_production])
def test_production_refuses_what_is_missing(name):
    with pytest.raises(SettingsError, match=f"needs {name};"):
        Settings.read({**PRODUCTION, name: ""})


@pytest.mark.parametrize("secret", ["change-me", "a" * 64, "secret" * 8])
def test_production_refuses_a_secret_that_can_be_guessed(secret):
    with pytest.raises(SettingsError, match="too easy to guess"):
        Settings.read({**PRODUCTION, "SECRET_KEY": secret})


def test_secrets_are_not_shown_when_settings_are_printed():
    shown = repr(
        Settings.read({**PRODUCTION, "DATABASE_URL": "postgresql://u:hunter2@db/x", "REDIS_URL": "redis://:pw9@r"})
    )
    secrets = [setting.attribute for setting in SETTINGS if setting.secret]
    assert "hunter2" not in shown
    assert not [name for name in secrets if f"{name}=" in shown]


def test_missing_secrets_are_made_once_and_kept_for_their_owner_only(tmp_path, monkeypatch):
    monkeypatch.setenv("FLOWBUILDER_HOME", str(tmp_path / "var"))
    first, second = _read_again(), _read_again()
    assert first.secret_key == second.secret_key
    assert first.vault_keys == second.vault_keys
    assert (tmp_path / "var" / "secrets.env").stat().st_mode & 0o777 == 0o600


def test_a_secret_that_is_given_goes_before_the_kept_one(tmp_path, monkeypatch):
    monkeypatch.setenv("FLOWBUILDER_HOME", str(tmp_path))
    monkeypatch.setenv("SESSION_SECRET", "given by the one who runs it")
    read = _read_again()
    assert read.secret_key == "given by the one who runs it"
    assert len(read.vault_keys) == 1


def test_a_child_process_sees_the_same_settings():
    ours = config.settings()
    assert Settings.read(config.child_environ(ours)) == ours


def test_the_handbook_has_every_setting_with_its_default_and_what_it_does():
    handbook = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
    lines = re.findall(r"^\| `[A-Z_]+`.*", handbook, re.MULTILINE)
    rows = {tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in lines}
    assert rows == {_row(setting) for setting in SETTINGS}


def _row(setting):
    also = "".join(f" (or `{name}`)" for name in setting.also)
    marks = [word for word, holds in (("secret", setting.secret), ("needed", setting.needed_in_production)) if holds]
    return (
        f"`{setting.name}`{also}",
        f"`{setting.default}`" if setting.default else "",
        ", ".join(marks),
        setting.does,
    )


def _read_again():
    config.settings.cache_clear()
    try:
        return config.settings()
    finally:
        config.settings.cache_clear()


def test_a_mail_server_that_cannot_be_used_is_refused_without_a_word_of_its_password():
    with pytest.raises(SettingsError) as refused:
        Settings.read({"SMTP_URL": "smtp://fred:planted/ssword@mail.example.com"})
    assert "planted" not in str(refused.value)
