"""What a load balancer and a collector of numbers are told."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from flowbuilder import enqueue, ids
from flowbuilder.config import Settings, settings
from flowbuilder.counting import LEADS, SUMS, Sums
from flowbuilder.models import Worker
from flowbuilder.web import current
from tests.support.cast import now
from tests.support.supplier import a_supplier, intake_app


@pytest.fixture
def here(fresh_database_url: str, redis_url: str) -> Settings:
    """Give settings with a database that no worker has seen."""
    return replace(settings(), database_url=fresh_database_url, redis_url=redis_url)


@pytest.fixture
def app(here: Settings) -> Iterator[Flask]:
    """Give an app on that database."""
    with intake_app(here) as made:
        yield made


def a_worker_is_seen(app: Flask) -> None:
    """Let a worker sign in."""
    with app.app_context():
        current.session().add(Worker(id=ids.new_id(), kind="leads", started_at=now(), seen_at=now()))
        current.session().commit()


def test_a_process_that_serves_is_healthy_whatever_is_away(here: Settings):
    with intake_app(
        replace(here, database_url="postgresql+psycopg://127.0.0.1:1/x", redis_url="redis://127.0.0.1:1")
    ) as app:
        answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.text) == (200, '{"status":"ok"}')


def test_it_is_ready_once_a_worker_is_there(app: Flask):
    before = app.test_client().get("/readyz")
    a_worker_is_seen(app)
    after = app.test_client().get("/readyz")
    assert (before.status_code, before.json) == (
        503,
        {"status": "not ready", "database": True, "workers": False, "queue": True},
    )
    assert (after.status_code, after.json) == (200, {"status": "ok", "database": True, "workers": True, "queue": True})


def test_without_the_database_it_is_not_ready(here: Settings):
    with intake_app(replace(here, database_url="postgresql+psycopg://127.0.0.1:1/x")) as app:
        answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["database"], answer.json["queue"]) == (503, False, True)


def test_without_the_queue_it_is_ready_because_workers_look_at_the_rows(here: Settings):
    with intake_app(replace(here, redis_url="redis://127.0.0.1:1")) as app:
        a_worker_is_seen(app)
        answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["queue"]) == (200, False)


def test_posts_are_counted_by_status(app: Flask):
    with app.app_context():
        supplier = a_supplier(app, current.session())
    supplier.post({})
    text = app.test_client().get("/metrics").text
    assert 'flowbuilder_posts_total{status="422"}' in text
    assert "flowbuilder_oldest_due_seconds 0.0" in text


def test_what_workers_counted_stands_beside_what_this_process_counted(app: Flask, redis_url: str):
    sums = Sums()
    sums.count(LEADS, ["sold"])
    with enqueue.connect(redis_url) as redis:
        redis.delete(SUMS)
        sums.hand_over(redis)
    a_worker_is_seen(app)
    text = app.test_client().get("/metrics").text
    assert 'flowbuilder_leads_total{outcome="sold"} 1.0' in text
    assert 'flowbuilder_workers{kind="leads"} 1.0' in text
    assert 'flowbuilder_queue_depth{queue="jobs"}' in text


@pytest.mark.parametrize(
    ("setting", "address", "missing", "there"),
    [
        ("database_url", "postgresql+psycopg://127.0.0.1:1/x", "database", "queue"),
        ("redis_url", "redis://127.0.0.1:1", "queue", "database"),
    ],
)
def test_what_is_away_is_said_and_the_rest_is_measured(here: Settings, setting, address, missing, there):
    with intake_app(replace(here, **{setting: address})) as app:
        text = app.test_client().get("/metrics").text
    assert f"flowbuilder_{missing}_up 0.0" in text
    assert f"flowbuilder_{there}_up 1.0" in text


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.7", {}, 404),
        ("8.8.8.8", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "8.8.8.8"}, 404),
        ("127.0.0.1", {"Forwarded": "for=8.8.8.8"}, 404),
        ("", {}, 404),
        ("8.8.8.8", {"Authorization": "Bearer "}, 404),
    ],
)
def test_numbers_are_for_this_machine_only(app: Flask, address: str, headers: dict[str, str], status: int):
    answer = app.test_client().get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("sent", "status"), [("Bearer s3cret-of-metrics", 200), ("Bearer wrong", 404), ("Basic s3cret-of-metrics", 404)]
)
def test_numbers_are_for_whoever_has_the_token_too(here: Settings, sent: str, status: int):
    with intake_app(replace(here, metrics_token="s3cret-of-metrics")) as app:
        answer = app.test_client().get(
            "/metrics", headers={"Authorization": sent}, environ_overrides={"REMOTE_ADDR": "8.8.8.8"}
        )
    assert answer.status_code == status
