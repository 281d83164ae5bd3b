"""What a process loads before it is of use: nothing that only others need, or it would take longer to start."""

import subprocess
import sys

import pytest

PAGES = {"flask", "jinja2", "werkzeug", "wtforms", "flowbuilder.app", "flowbuilder.editor", "flowbuilder.flows"}
TABLES = {"alembic", "sqlalchemy.orm", "flowbuilder.models"}
SELDOM = {"babel", "email_validator", "prometheus_client", "requests"}


def loaded_by(module: str) -> set[str]:
    """Return the names of all modules that a fresh process has loaded once it has loaded one."""
    told = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("module", "is_free_of"),
    [
        ("workers.main", PAGES | TABLES | SELDOM),
        ("workers.jobs", PAGES | TABLES | SELDOM),
        ("flowbuilder.serving.serve", PAGES | TABLES | SELDOM | {"rules.flow", "rules.fields", "phonenumbers"}),
        ("flowbuilder.serving.web_server", PAGES | TABLES | SELDOM | {"sqlalchemy", "rules"}),
        ("flowbuilder.demo.buyers", PAGES | TABLES | SELDOM | {"sqlalchemy", "rules.flow"}),
        ("flowbuilder.cli", PAGES | TABLES | SELDOM | {"sqlalchemy", "redis", "rules"}),
    ],
)
def test_a_process_loads_only_what_it_needs(module: str, is_free_of: set[str]):
    loaded = loaded_by(module)
    assert module in loaded
    assert loaded & is_free_of == set()
