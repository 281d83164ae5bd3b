"""The demo as a process tree: `flowbuilder serve` with the buyers and suppliers beside it, and the market in it."""

import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from flowbuilder import clock, config, db
from flowbuilder.accounts import operations, passwords, queries
from flowbuilder.client import ApiError, Client, Unreachable
from flowbuilder.config import Settings
from flowbuilder.demo.kept import (
    BUYERS,
    FILE_NAME,
    MAIL,
    MAILBOX,
    DemoError,
    Kept,
    SourceAccess,
    make_credentials,
    settle_ports,
)
from flowbuilder.demo.market import set_up
from flowbuilder.demo.suppliers import server_of
from flowbuilder.embedded.locks import SHORT, home_lock
from flowbuilder.serving import serve
from flowbuilder.serving.serve import Process, Stage
from flowbuilder.setting_values import hosts_and_ports_text

ACCOUNT = "Acme Leads"
EMAIL = "owner@acme-leads.example"
SENDER = "Acme Leads <leads@acme-leads.example>"
LOOPBACK = "127.0.0.1"
STOP_WITHIN = 5.0  # seconds
SET_UP_WITHIN = 60.0  # seconds
LOOK_EVERY = 0.2  # seconds


def serve_market(settings: Settings, *, quiet: bool, suppliers: bool) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code. Raises DemoError and what `serve.run` raises."""
    begun = time.monotonic()
    if settings.is_production:
        raise DemoError("The demo makes up companies and leads: it does not run with FLOWBUILDER_ENV=production.")
    ports = _prepare_home(settings).ports
    allowed = [*settings.outbound_allow, *((LOOPBACK, ports[buyer]) for buyer in BUYERS)]
    changed = {"OUTBOUND_ALLOW": hosts_and_ports_text(tuple(dict.fromkeys(allowed)))}
    # Whatever mail server was set: made-up companies get no real mail.
    settings = config.override({**changed, "SMTP_URL": f"smtp://{LOOPBACK}:{ports[MAIL]}", "MAIL_FROM": SENDER})
    opening = Opening(begun, watches=suppliers)
    return serve.run(
        settings,
        extra=demo_processes(quiet=quiet, suppliers=suppliers),
        prepare=open_account,
        on_ready=opening.open,
    )


def demo_processes(*, quiet: bool, suppliers: bool) -> list[Process]:
    """Return the process of the buyers, and that of the suppliers when they are wanted."""
    python, told = sys.executable, ("--quiet",) if quiet else ()
    buyers = Process("buyers", (python, "-m", "flowbuilder.demo.buyers"), Stage.RECEIVER, STOP_WITHIN)
    posting = (python, "-m", "flowbuilder.demo.suppliers", *told)
    return [buyers, Process("supplier", posting, Stage.POSTER, STOP_WITHIN)] if suppliers else [buyers]


def open_account(live: Settings) -> None:
    """Make the seller's account with its owner, unless it is there. Raises DemoError when nobody kept its key."""
    kept = _kept(live.home)
    engine = db.make_engine(live.database_url)
    with db.make_sessions(engine).begin() as session:
        is_there = queries.person_by_email(session, EMAIL) is not None
        if not is_there:
            made = operations.create_account(
                session=session, kind="seller", name=ACCOUNT, email=EMAIL, password=kept.password, now=clock.now()
            )
            # Before the commit: a key without an account is replaced at the next start, one that is lost cannot be.
            replace(kept, api_key=made.api_key, sources={}).write(live.home)
    engine.dispose()
    if is_there and not kept.api_key:
        raise DemoError(
            f"The database holds the demo's account, but {live.home / FILE_NAME} does not hold its key: "
            "delete the home with `make clean`, or choose another FLOWBUILDER_HOME."
        )


class Opening:
    """What happens once the web answers: the market is set up, the sign-in shown, the first delivery reported."""

    def __init__(self, begun: float, *, watches: bool) -> None:
        """Take when the start began (`time.monotonic`) and whether leads are posted, so that one may be sold."""
        self._begun = begun
        self._watches = watches

    def open(self, live: Settings) -> None:
        """Set up the market and say how to look at it; ends its thread when that cannot be done."""
        kept = _kept(live.home)
        client = Client(server_of(live), kept.api_key)
        try:
            is_new = not kept.sources
            replace(kept, sources=_set_up_patiently(client, kept)).write(live.home)
        except (ApiError, Unreachable) as problem:
            serve.say("demo", f"The market cannot be set up: {problem}")
            sys.exit(1)
        print(sign_in_box(live.public_url, kept.password, f"http://{LOOPBACK}:{kept.ports[MAILBOX]}"), flush=True)
        if is_new and self._watches:
            threading.Thread(target=self._report_first_sale, args=(client,), daemon=True).start()

    def _report_first_sale(self, client: Client) -> None:
        while not _is_any_sold(client):
            time.sleep(LOOK_EVERY)
        serve.say("demo", f"first lead delivered after {time.monotonic() - self._begun:.1f} s")


def sign_in_box(address: str, password: str, mailbox: str) -> str:
    """Return how to sign in, and where mails can be read that went to buyers, in a box of text."""
    lines = ["Flowbuilder's demo runs. Sign in:", ""]
    lines += [f"{name:<9} {text}" for name, text in (("Address", address), ("Email", EMAIL), ("Password", password))]
    lines += ["", f"{'Mailbox':<9} {mailbox}"]
    width = max(map(len, lines))
    middle = (f"│  {line:<{width}}  │" for line in lines)
    edge = "─" * (width + 4)
    return "\n".join(["", f"┌{edge}┐", *middle, f"└{edge}┘", ""])


def _prepare_home(settings: Settings) -> Kept:
    """Return what is kept in the home, made or put right under its lock: nobody else serves it meanwhile."""
    with home_lock(settings.home, SHORT):
        kept = Kept.read(settings.home) or Kept({}, make_credentials(), passwords.generate_password())
        ports = settle_ports(settings.home, kept.ports, taken=[settings.web_port])
        kept = replace(kept, ports=ports, credentials={**make_credentials(), **kept.credentials})
        kept.write(settings.home)
    return kept


def _kept(home: Path) -> Kept:
    kept = Kept.read(home)
    if kept is None:
        raise DemoError(f"{home / FILE_NAME} was deleted while the demo started: start it again.")
    return kept


def _set_up_patiently(client: Client, kept: Kept) -> dict[str, SourceAccess]:
    """Set up the market, again and again while the server cannot answer; raises ApiError and Unreachable."""
    deadline = time.monotonic() + SET_UP_WITHIN
    while True:
        try:
            return set_up(client, kept)
        except (ApiError, Unreachable) as problem:
            is_away = isinstance(problem, Unreachable) or problem.status >= 500
            if not is_away or time.monotonic() > deadline:
                raise
        time.sleep(LOOK_EVERY)


def _is_any_sold(client: Client) -> bool:
    """Return whether a buyer took a lead; test leads reach none."""
    try:
        return any(not lead["is_test"] for lead in client.leads(status="sold"))
    except (ApiError, Unreachable):
        # The server may be stopping, or starting again; the next look tells.
        return False
