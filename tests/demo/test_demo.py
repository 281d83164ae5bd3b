"""`flowbuilder demo` as a person starts it: the whole process tree, twice in one home."""

import re
import signal
import time

import psycopg
import pytest

from flowbuilder.client import Client
from flowbuilder.demo.kept import Kept
from flowbuilder.embedded.homes import open_home
from flowbuilder.embedded.postgres import Postgres
from tests.support.processes import eventually, free_port, processes_of, started
from tests.support.servers import plain_url

DEMO = ("flowbuilder", "demo")
SECOND_START_WITHIN = 30  # seconds; ten on a machine that does nothing else


@pytest.fixture
def home(tmp_path):
    return tmp_path / "var"


def a_program(home, port):
    return Client(f"http://127.0.0.1:{port}", Kept.read(home).api_key)


def said_in_the_box(demo, name):
    line = demo.wait_for(f"│  {name}")
    return re.search(rf"{name} +(\S+)", line)[1]


@pytest.mark.timeout(240)
def test_the_first_lead_is_sold_and_a_second_start_finds_everything(home):
    with started(home, *DEMO, "--port", port := free_port()) as first:
        first.wait_for("first lead delivered after", 120)
        password = said_in_the_box(first, "Password")
        assert said_in_the_box(first, "Address") == f"http://127.0.0.1:{port}"
        with a_program(home, port) as program:
            [sold] = program.leads(status="sold", limit=1)
            [offer] = [offer for offer in program.lead(sold["id"])["offers"] if offer["is_winner"]]
            assert (offer["status"], offer["response"]["status"]) == ("accepted", 200)
        assert rows(home, "SELECT count(*) FROM lead WHERE outcome = 'sold' AND revenue > 0") > 0
        end_with_ctrl_c(first, home)
        before, begun = Kept.read(home), time.monotonic()
        with started(home, *DEMO, "--port", port) as second:
            second.wait_for("Password", 60)
            assert time.monotonic() - begun < SECOND_START_WITHIN
            assert said_in_the_box(second, "Password") == password
            assert Kept.read(home) == before
            with a_program(home, port) as program:
                assert program.lead(sold["id"])["status"] == "sold"
                assert len(list(program.flows())) == 4
                eventually(lambda: program.leads(limit=1)[0]["received_at"] > sold["received_at"], 30)
            end_with_ctrl_c(second, home)
            assert not [line for line in second.said if "first lead delivered" in line]


@pytest.mark.timeout(240)
def test_without_suppliers_the_market_stands_and_nobody_posts(home):
    with started(home, *DEMO, "--no-suppliers", "--quiet", "--port", port := free_port()) as demo:
        demo.wait_for("Password", 90)
        with a_program(home, port) as program:
            eventually(lambda: all(row["tested_at"] for row in program.connections()), 30)
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
    assert demo.end(60) == 0, "".join(demo.said)
    assert processes_of(home) == {}


def rows(home, question):
    with psycopg.connect(plain_url(Postgres(open_home(home), fsync=True).url)) as connection:
        return connection.execute(question).fetchone()[0]
