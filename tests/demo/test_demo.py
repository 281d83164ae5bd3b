"""`flowbuilder demo` as a person starts it: the whole process tree, twice in one home."""

import re
import signal
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from flowbuilder.client import Client
from flowbuilder.demo.kept import Kept
from flowbuilder.embedded.homes import open_home
from flowbuilder.embedded.postgres import Postgres
from tests.support.processes import eventually, free_port, policy_of, policy_of_the_patient, processes_of, started
from tests.support.proofs import findings
from tests.support.servers import plain_url

DEMO = ("flowbuilder", "demo")
SECOND_START_WITHIN = 90  # seconds; ten on a machine that does nothing else


@pytest.fixture
def home(tmp_path):
    return tmp_path / "var"


HAND_ON = {"flowbuilder web", "workers leads", "workers jobs", "bin/postgres", "valkey-server"}
"""The processes that hand leads on to one another."""


def policies(home, name):
    """Return what the scheduler takes all threads of some processes for, but for those that end meanwhile."""
    found = set()
    for pid in processes_of(home, name):
        with suppress(ProcessLookupError, FileNotFoundError):
            found |= {policy_of(int(thread.name)) for thread in Path(f"/proc/{pid}/task").iterdir()}
    return found


def a_program(home, port):
    return Client(f"http://127.0.0.1:{port}", Kept.read(home).api_key)


def said_in_the_box(demo, name):
    line = demo.wait_for(f"│  {name}")
    return re.search(rf"{name} +(\S+)", line)[1]


def test_the_first_lead_is_sold_and_a_second_start_finds_everything(home):
    with started(home, *DEMO, "--port", port := free_port()) as first:
        first.wait_for("first lead delivered after", 180)
        password = said_in_the_box(first, "Password")
        assert said_in_the_box(first, "Address") == f"http://127.0.0.1:{port}"
        patient = {policy_of_the_patient()}
        eventually(lambda: all(policies(home, name) == patient for name in HAND_ON))
        assert policies(home, "flowbuilder.demo") == {policy_of()}
        with a_program(home, port) as program:
            # The newest one may be a supplier's test, which reaches no buyer.
            sold = next(lead for lead in program.leads(status="sold") if not lead["is_test"])
            won = [offer for offer in program.lead(sold["id"])["offers"] if offer["is_winner"]]
            assert {offer["status"] for offer in won} == {"accepted"}
        assert rows(home, "SELECT count(*) FROM lead WHERE outcome = 'sold' AND revenue > 0") > 0
        end_with_ctrl_c(first, home)
        before = Kept.read(home)
        with started(home, *DEMO, "--port", port) as second:
            second.wait_for("Password", SECOND_START_WITHIN)
            assert said_in_the_box(second, "Password") == password
            assert Kept.read(home) == before
            with a_program(home, port) as program:
                assert program.lead(sold["id"])["status"] == "sold"
                assert len(list(program.flows())) == 4
                eventually(lambda: program.leads(limit=1)[0]["received_at"] > sold["received_at"])
            end_with_ctrl_c(second, home)
            assert not [line for line in second.said if "first lead delivered" in line]


HAPPENED = {
    "outcomes": ("SELECT DISTINCT outcome FROM lead WHERE outcome IS NOT NULL", {"sold", "rejected", "duplicate"}),
    "waiting": ("SELECT DISTINCT waiting_for FROM lead WHERE state = 'waiting'", {"retry", "person"}),
    "methods": ("SELECT DISTINCT method FROM attempt", {"webhook", "email", "inbox", "notice", "feedback"}),
    "phases": ("SELECT DISTINCT phase FROM offer", {"ping", "post"}),
    "answers": ("SELECT DISTINCT state FROM offer", {"accepted", "declined", "error"}),
    "losers": ("SELECT DISTINCT lost_reason FROM offer WHERE phase = 'ping'", {"outbid", "timeout", "no_bid"}),
    "currencies": ("SELECT DISTINCT document ->> 'currency' FROM flow_version", {"USD", "GBP", "EUR"}),
    "shared": ("SELECT max(sales) FROM (SELECT count(*) sales FROM offer WHERE is_winner GROUP BY lead_id) s", {3}),
}
"""Questions to the demo's database, and what has to be among the answers."""


def test_everything_happens_within_minutes_and_the_books_agree(home):
    with started(home, *DEMO, "--quiet", "--port", port := free_port()) as demo:
        demo.wait_for("Password", 180)
        eventually(lambda: still_to_come(home) == {}, 180)
        end_with_ctrl_c(demo, home)
    with started(home, *DEMO, "--quiet", "--no-suppliers", "--port", port) as demo:
        demo.wait_for("Password", 180)
        eventually(lambda: wrong_in(home) == [], 150)
        end_with_ctrl_c(demo, home)


def test_without_suppliers_the_market_stands_and_nobody_posts(home):
    with started(home, *DEMO, "--no-suppliers", "--quiet", "--port", port := free_port()) as demo:
        demo.wait_for("Password", 180)
        with a_program(home, port) as program:
            eventually(lambda: all(row["tested_at"] for row in program.connections()), 120)
            assert program.leads() == []
            access = Kept.read(home).sources["Search Leads, solar"]
            assert access.path.startswith("/f/")
        assert processes_of(home, "flowbuilder.demo.suppliers") == {}
        assert len(processes_of(home, "flowbuilder.demo.buyers")) == 1
        end_with_ctrl_c(demo, home)


def test_the_demo_is_refused_in_production(home):
    production = {"FLOWBUILDER_ENV": "production", "PUBLIC_URL": "https://leads.example.com"}
    secrets = {"SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz", "VAULT_KEYS": f"k1:{'A' * 43}="}
    with started(home, *DEMO, **production, **secrets) as demo:
        assert demo.end() == 1
        assert "does not run with FLOWBUILDER_ENV=production" in demo.said[-1]


def end_with_ctrl_c(demo, home):
    demo.signal(signal.SIGINT)
    assert demo.end(150) == 0, "".join(demo.said)
    assert processes_of(home) == {}


def rows(home, question):
    with psycopg.connect(plain_url(url_of(home))) as connection:
        return connection.execute(question).fetchone()[0]


def still_to_come(home):
    """Return what has not happened yet, by what it is."""
    with psycopg.connect(plain_url(url_of(home))) as connection:
        missing = {
            name: wanted - {row[0] for row in connection.execute(question)}
            for name, (question, wanted) in HAPPENED.items()
        }
    return {name: left for name, left in missing.items() if left}


def wrong_in(home):
    """Return what is wrong in the books; leads may still be on their way."""
    engine = create_engine(url_of(home))
    with engine.connect() as database:
        found = findings(database)
    engine.dispose()
    return found


def url_of(home):
    return Postgres(open_home(home), fsync=True).url
