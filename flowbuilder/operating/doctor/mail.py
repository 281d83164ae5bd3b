"""Checks of the mail server: it answers, encrypts, and takes the password; no mail is sent."""

import smtplib
import ssl
from collections.abc import Iterator
from urllib.parse import SplitResult, unquote, urlsplit

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from flowbuilder import db
from flowbuilder.config import Settings
from flowbuilder.operating.doctor.findings import Finding, ok, warning, wrong

PATIENCE = 5.0  # seconds
BY_MAIL = text("""
    SELECT count(*) FROM connection
     WHERE state <> 'revoked' AND (CAST(destination AS jsonb) -> 'deliver_by' ? 'email'
                                   OR CAST(destination AS jsonb) ->> 'format' = 'email'
                                   OR CAST(destination AS jsonb) -> 'inbox' ->> 'notice' <> '')
""")
HERE = ("localhost", "127.0.0.1", "::1")


def check(own: Settings) -> Iterator[Finding]:
    """Yield what is found; without SMTP_URL no mail is meant to leave."""
    if not own.smtp_url:
        yield _without_server(own)
        return
    if not own.mail_from:
        yield wrong("mail", "MAIL_FROM is empty: set the address that mail comes from.")
    yield _try(urlsplit(own.smtp_url))


def _without_server(own: Settings) -> Finding:
    """Return whether it matters that no mail leaves: it does where buyers get their leads by mail."""
    many = _deliver_by_mail(own)
    if many:
        return wrong("mail", f"No mail leaves, and connections need it ({many}): set SMTP_URL and MAIL_FROM.")
    judge = warning if own.is_production else ok
    return judge("mail", "No mail leaves: set SMTP_URL and MAIL_FROM if it shall.")


def _deliver_by_mail(own: Settings) -> int:
    """Return how many connections need mail; none while the database is away, which its own check says."""
    engine = db.make_engine(own.database_url, pool_size=1)
    try:
        with engine.connect() as database:
            return int(database.execute(BY_MAIL).scalar_one())
    except SQLAlchemyError:
        return 0
    finally:
        engine.dispose()


def _try(url: SplitResult) -> Finding:
    name = url.hostname or ""
    if url.scheme not in ("smtp", "smtps") or not name:
        return wrong("mail", "SMTP_URL cannot be used: write it as smtp://user:password@host:587.")
    try:
        with _connect(url) as server:
            return _speak(server, url, name)
    except smtplib.SMTPAuthenticationError:
        return wrong("mail", f"{name} refuses the user name or the password: put SMTP_URL right.")
    except ssl.SSLCertVerificationError as problem:
        return wrong("mail", f"The certificate of {name} is not good ({problem.verify_message}): tell its owner.")
    except (OSError, smtplib.SMTPException, ValueError) as problem:
        return wrong("mail", f"{name} does not answer as a mail server ({type(problem).__name__}): put SMTP_URL right.")


def _connect(url: SplitResult) -> smtplib.SMTP:
    if url.scheme == "smtps":
        return smtplib.SMTP_SSL(
            url.hostname or "", url.port or 465, timeout=PATIENCE, context=ssl.create_default_context()
        )
    return smtplib.SMTP(url.hostname or "", url.port or 587, timeout=PATIENCE)


def _speak(server: smtplib.SMTP, url: SplitResult, name: str) -> Finding:
    """Greet, encrypt if that is offered, sign in if there is a user; the password never goes out in the clear."""
    server.ehlo()
    is_secure = url.scheme == "smtps"
    if not is_secure and server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
        is_secure = True
    if url.username and not (is_secure or name in HERE):
        return wrong("mail", f"{name} offers no encryption, so the password was not sent: use another port or server.")
    if url.username:
        server.login(unquote(url.username), unquote(url.password or ""))
    if not (is_secure or name in HERE):
        return warning("mail", f"{name} answers, but offers no encryption: mail can be read on its way.")
    return ok("mail", f"{name} answers{' and lets us in' if url.username else ''}; nothing was sent.")
