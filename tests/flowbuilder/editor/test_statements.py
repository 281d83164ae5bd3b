"""How often the editor asks the database: as often for a long flow as for a short one, and not for what is at hand."""

import pytest

from bench.long_flow import forty_steps
from flowbuilder import ids
from tests.support.cast import a_connection, a_flow
from tests.support.documents import solar
from tests.support.page_forms import untouched
from tests.support.web import HTMX, form_token


@pytest.fixture
def connections(session, cast):
    made = [a_connection(session, cast.sara, name=name) for name in ("Numverify", "Sunrise", "Helio")]
    session.commit()
    return [ids.show(one.id, "con") for one in made]


@pytest.fixture
def short(session, cast, connections):
    made = a_flow(session, cast.sara, document=solar(connections[0]))
    session.commit()
    return made


@pytest.fixture
def long(session, cast, connections):
    made = a_flow(session, cast.sara, document=forty_steps(*connections))
    session.commit()
    return made


def the_page(sara, flow, step):
    return lambda: sara.get(f"{flow}/edit")


def the_panel(sara, flow, step):
    return lambda: sara.get(f"{flow}/edit?step={step}", headers=HTMX)


def a_save(sara, flow, step):
    typed = untouched(sara.get(f"{flow}/edit?step={step}").text, "panel-form")
    typed.setlist("note", ["Ask Dana"])
    return lambda: sara.post(f"{flow}/draft/steps/{step}", data=typed, headers=HTMX)


def a_move(sara, flow, step):
    typed = {"way": "down", "revision": "1", "page": "a page", "csrf_token": form_token(sara)}
    return lambda: sara.post(f"{flow}/draft/steps/{step}/move", data=typed, headers=HTMX)


@pytest.mark.parametrize(("ask", "most"), [(the_page, 12), (the_panel, 7), (a_save, 15), (a_move, 13)])
def test_a_long_flow_asks_the_database_no_oftener_than_a_short_one(sara, statements, short, long, ask, most):
    asked = []
    for flow, step in ((short, "s1"), (long, "wanted0")):
        go = ask(sara, f"/flows/{ids.show(flow.id, 'flo')}", step)
        statements.clear()
        answer = go()
        assert answer.status_code == 200, answer.text
        asked.append(len(statements))
    assert asked[0] == asked[1] <= most, statements


def test_what_is_around_a_flow_is_read_once_while_a_panel_is_saved(sara, statements, long):
    save = a_save(sara, f"/flows/{ids.show(long.id, 'flo')}", "wanted0")
    statements.clear()
    save()
    for table in ("connection", "source"):
        assert sum(f"\nFROM {table} " in statement for statement in statements) == 1, statements
