"""A thousand made-up people on every way through, also where things break: none of them anywhere but in the database.

Real web server, real workers, real Valkey and PostgreSQL, everything logged. First each place is shown to be searched
well enough to find somebody who was put there.
"""

import base64
import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from redis import Redis
from sqlalchemy import text

from flowbuilder import embedded, enqueue
from tests.support import ways
from tests.support.buyers import Buyer, a_buyer, declining
from tests.support.canaries import Commands, found_in, found_in_files, found_in_processes, found_in_valkey
from tests.support.mail import CUT, TAKEN, a_mail_server
from tests.support.processes import eventually
from tests.support.servers import private_servers
from tests.support.town import MAPPING, Address, Town, a_town, publish, publish_by, running

BY_MAIL = [("email", "inbox"), ("inbox", "email")]
GIVES_UP = {"on_ambiguous": "treat_as_declined", "timeout_ms": 1000}
ONCE = {"duplicates": {"by": ["email", "phone_1"], "match": "any", "within": "1d"}}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with a_town(tmp_path_factory.mktemp("privacy") / "var") as made:
        yield made


@pytest.fixture(scope="module")
def aside() -> Iterator[embedded.Servers]:
    """Give servers in which somebody may stand."""
    with private_servers() as servers:
        yield servers


@pytest.fixture(scope="module")
def walked(town: Town) -> Iterator[Town]:
    """Give the town after everybody has gone every way, with what Valkey was told meanwhile."""
    with ExitStack() as stack:
        takes, *others = buyers(town, stack)
        troubled = [publish(town, server, destination=GIVES_UP) for server in others]
        mail = stack.enter_context(a_mail_server())
        mail.answers, mail.echoes = ["250 queued", "452 full", "554 spam", CUT] * 5 + [TAKEN], True
        mailed = [publish_by(town, mail, *methods) for methods in BY_MAIL]
        looked_up = [publish(town, takes, steps=[look_up_by(town, server)]) for server in (takes, *others)]
        once, plain = publish(town, takes, intake=ONCE), publish(town, takes)
        stack.enter_context(running(town))
        commands = Commands(stack.enter_context(enqueue.connect(town.own.redis_url)))
        commands.start()
        for flow in mailed:
            ways.declined_and_failing(town, flow)
            ways.declined_and_failing(town, flow)
        for flow in looked_up:
            ways.declined_and_failing(town, flow)
        town.market.wait_until("(SELECT count(*) FROM attempt WHERE method = 'notice' AND state <> 'sending') >= 12")
        walk(town, troubled, once, plain)
        commands.close()
        town.heard = commands.heard
        yield town


def look_up_by(town: Town, server: Buyer) -> dict[str, Any]:
    """Return a step that asks one of the servers as a service, and takes over what it says again."""
    outputs = [["found", "body.reason"], ["address", "body.id"], ["page", "headers.x-said"]]
    connection = town.market.connect(server, mapping=MAPPING)
    return {"look_up": {"id": "l", "connection": connection, "outputs": outputs, "timeout": "1s"}}


def buyers(town: Town, stack: ExitStack) -> list[Buyer]:
    """Open buyers that say again what they were told: one takes, and one each declines, fails, is late, hangs up."""
    said = [ways.repeats(200, "accepted"), ways.repeats(200, "declined"), ways.repeats(503, "busy")]
    opened = [stack.enter_context(a_buyer(react)) for react in (*said, said[0], declining)]
    opened[3].delay, opened[4].hangs_up = 1.5, True
    for server in opened:
        server.headers |= {"X-Said": town.canaries.text(), "Location": town.canaries.url()}
    return opened


def walk(town: Town, troubled: list[Address], once: Address, plain: Address) -> None:
    """Have a thousand people go every way."""
    for flow in troubled:
        ways.declined_and_failing(town, flow)
    ways.twice(town, once)
    for way in ways.ALL:
        way(town, plain)
    while len(town.canaries.made) < 1000:
        ways.sold(town, plain)


# The checker finds whom it is shown.

MET = "cnryzzzzz@example.com"
CALLED = "+16463009999"


@pytest.mark.parametrize(
    "text",
    [
        MET,
        MET.upper(),
        "x?who=cnryzzzzz%40example.com",
        '{"a":"\\u0022cnryzzzzz"}',
        CALLED,
        "(646) 300-9999",
        "646.300.9999",
    ],
)
def test_somebody_is_found_in_a_text_however_they_are_written(text):
    assert found_in(f"line before\n{text}\n")


def test_a_moment_is_nobody():
    assert found_in("a job of 1795909646.3912947") == set()


def test_somebody_is_found_in_what_is_compressed_and_in_base64():
    compressed = zlib.compress(f"ValueError: {MET} is no number, said the database".encode())
    assert found_in(b"before" + compressed + b"after") == {"cnryzzzzz"}
    assert found_in(b"before " + base64.b64encode(compressed) + b" after") == {"cnryzzzzz"}


@pytest.mark.parametrize(
    "put",
    [
        lambda redis: redis.set("planted", MET),
        lambda redis: redis.set(f"planted:{MET}", 1),
        lambda redis: redis.hset("planted", "exc_info", zlib.compress(MET.encode())),
        lambda redis: redis.hset("planted", MET, "1"),
        lambda redis: redis.rpush("planted", "x", MET),
        lambda redis: redis.sadd("planted", MET),
        lambda redis: redis.zadd("planted", {MET: 1}),
        lambda redis: redis.xadd("planted", {"a": MET}),
    ],
)
def test_somebody_is_found_in_valkey_wherever_they_are_put(aside: embedded.Servers, put: Callable[[Redis], object]):
    with enqueue.connect(aside.redis_url) as redis:
        redis.flushall()  # Another test may have left what it put there under the same name.
        put(redis)
        found = found_in_valkey(redis)
    assert found == {"cnryzzzzz"}


def test_somebody_is_found_in_the_dump_and_in_what_valkey_was_told(aside: embedded.Servers):
    with enqueue.connect(aside.redis_url) as redis:
        commands = Commands(redis)
        commands.start()
        redis.set("planted", MET + " " * 200)
        eventually(lambda: bool(found_in("".join(commands.heard))))
        commands.close()
        assert dumped(redis, aside) == {"cnryzzzzz"}


def test_somebody_is_found_in_what_a_process_writes_and_in_its_title(tmp_path):
    code = "import sys, time; print(sys.argv[1], flush=True); time.sleep(60)"
    environ = {"FLOWBUILDER_HOME": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code, MET], env=environ, stdout=subprocess.PIPE) as process:
        written = process.stdout.readline()
        titles = found_in_processes(tmp_path)
        process.kill()
    assert (found_in(written), titles) == ({"cnryzzzzz"}, {"cnryzzzzz"})


# And nobody is found who went through.


def dumped(redis: Redis, servers: embedded.Servers) -> set[str]:
    """Return who stands in what Valkey has written so far, and in all that it writes anew, uncompressed."""
    before = found_in_files(servers.valkey._folder)
    redis.config_set("rdbcompression", "no")
    redis.save()
    redis.bgrewriteaof()
    eventually(lambda: redis.info("persistence")["aof_rewrite_in_progress"] == 0, seconds=30)
    return before | found_in_files(servers.valkey._folder)


def test_a_thousand_people_went_through_and_stand_in_the_database(walked: Town):
    assert len(walked.canaries.made) >= 1000
    with walked.market.database.connect() as database:
        stored = database.execute(text("SELECT string_agg(posted::text || fields::text, ' ') FROM lead")).scalar_one()
        outcomes = set(database.execute(text("SELECT outcome || coalesce(':' || reason_code, '') FROM lead")).scalars())
    assert len(found_in(stored)) > 500
    assert {"sold", "duplicate:duplicate", "error:quarantined"} <= outcomes, outcomes


def test_what_services_said_again_was_taken_over(walked: Town):
    with walked.market.database.connect() as database:
        wanted = "SELECT result ->> 'answer', coalesce(detail::text, '') FROM lead_event WHERE effect = 'look_up'"
        told = database.execute(text(wanted)).all()
    assert {answer for answer, _ in told} >= {"found", "error", "timeout"}
    assert any(found_in(detail) for _, detail in told)


def test_what_should_have_failed_did_fail_and_was_written_down(walked: Town):
    events = {json.loads(line)["event"] for line in walked.said.splitlines() if line.startswith('{"at"')}
    assert {"attempt", "post_refused", "page_failed", "job_failed", "said"} <= events
    assert '"outcome":"ambiguous"' in walked.said
    assert '"method":"notice"' in walked.said
    assert "cannot be carried" in walked.said


def test_nobody_is_in_the_logs(walked: Town):
    assert found_in(walked.said) == set()


def test_nobody_is_in_the_log_of_the_database_or_of_valkey(walked: Town):
    home = walked.servers.postgres.folder.parent
    logs = [path for path in home.rglob("*.log") if path.is_file()]
    assert len(logs) >= 2
    assert set().union(*(found_in(path.read_bytes()) for path in logs)) == set()


def test_nobody_is_in_valkey_nor_was_ever_told_to_it(walked: Town):
    with enqueue.connect(walked.own.redis_url) as redis:
        assert found_in_valkey(redis) == set()
        assert dumped(redis, walked.servers) == set()
    heard = "\n".join(walked.heard)
    assert "fb:done:" in heard
    assert found_in(heard) == set()


def test_nobody_is_in_the_metrics(walked: Town):
    told = requests.get(f"{walked.own.public_url}/metrics", timeout=10).text
    assert "flowbuilder_posts_refused_total" in told
    assert 'flowbuilder_workers{kind="jobs"} 1.0' in told
    assert found_in(told) == set()


def test_nobody_is_in_the_title_of_a_process(walked: Town):
    assert found_in_processes(walked.home) == set()


def test_what_is_counted_as_refused_holds_no_values(walked: Town):
    with walked.market.database.connect() as database:
        rows = database.execute(text("SELECT codes::text FROM intake_refusal")).scalars().all()
    assert rows
    assert found_in("\n".join(rows)) == set()
