"""Lines in the log: whole, cheap, one per event, and without anything that somebody else wrote."""

import io
import json
import logging
import sys
import threading
import time
import timeit
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowbuilder import logs

HOSTILE = [
    "two\nlines",
    "back\rto the beginning",
    "\x1b[31mred\x1b[0m",
    "\x9b31m in one byte",
    "next\x85line",
    "line\u2028separator",
    "turned \u202e round",
    "half a pair \ud800",
    "nul \x00",
    "tab\t",
]


@pytest.fixture
def usual() -> Iterator[None]:
    """Put back what a process has at its start."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook, sys.unraisablehook)
    handlers, level, lines = root.handlers[:], root.level, logs._lines
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], logs._lines = handlers, lines
    root.setLevel(level)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


@pytest.fixture(params=["json", "text"])
def written(request: pytest.FixtureRequest, usual: None) -> io.StringIO:
    """Give what is written, in either form."""
    stream = io.StringIO()
    logs.set_up(level="info", as_json=request.param == "json", process="web", stream=stream)
    return stream


@pytest.fixture
def lines(usual: None) -> io.StringIO:
    """Give what is written as JSON."""
    stream = io.StringIO()
    logs.set_up(level="info", as_json=True, process="web", stream=stream)
    return stream


def fails_with(words: str) -> BaseException:
    """Return an error that was raised with some words, and a local variable that holds them too."""
    try:
        int(words)
    except ValueError as problem:
        return problem
    raise AssertionError("it did not fail")


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_field_holds_it_is_one_line_of_printed_characters(written, text):
    logs.tell("attempt", said=text)
    line = written.getvalue()
    assert (line.count("\n"), line[-1]) == (1, "\n")
    assert line[:-1].isprintable()


def test_a_line_of_json_gives_back_what_was_said(lines):
    logs.tell("attempt", lead="01J", status=200, ms=None, said="žluť\x1b[0m")
    read = json.loads(lines.getvalue())
    assert list(read)[:4] == ["at", "level", "event", "process"]
    assert (read["lead"], read["status"], read["ms"], read["said"]) == ("01J", 200, None, "žluť\x1b[0m")


def test_several_rows_are_several_lines_written_at_once(lines):
    logs.tell_many("attempt", ({"attempt": number} for number in range(3)))
    assert [json.loads(line)["attempt"] for line in lines.getvalue().splitlines()] == [0, 1, 2]


def test_a_level_that_nobody_reads_is_not_written_nor_made(lines):
    def rows() -> Iterator[dict[str, logs.Field]]:
        raise AssertionError("it was made")
        yield {}

    logs.tell_many("attempt", rows(), level=logging.DEBUG)
    assert lines.getvalue() == ""


def test_the_usual_logger_writes_the_same_lines(written):
    logging.getLogger("workers.engine").warning("the database did not answer: %s", "OperationalError")
    assert "the database did not answer: OperationalError" in written.getvalue()
    assert "warning" in written.getvalue()


def test_of_what_others_log_only_the_words_of_their_program_are_written(written):
    logging.getLogger("rq.worker").error("job %s failed: %s", "17", "jane@example.com is no number")
    assert "job %s failed" in written.getvalue()
    assert "jane" not in written.getvalue()


def test_an_error_is_told_by_kind_and_place_and_never_by_its_words(written):
    problem = fails_with("jane@example.com")
    logging.getLogger("flowbuilder.x").error("it failed", exc_info=problem)
    told = written.getvalue()
    assert "ValueError" in told
    assert "test_logs.py:" in told
    assert "jane" not in told


def test_what_an_error_came_from_is_told_too(lines):
    problem = RuntimeError("jane@example.com")
    problem.__cause__ = KeyError("jane@example.com")
    logs.tell("fault", **logs.fault_fields(problem))
    assert json.loads(lines.getvalue())["error"] == "RuntimeError from KeyError"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_that_ends_a_thread_or_the_process_is_told_without_its_words(written):
    problem = fails_with("jane@example.com")
    sys.excepthook(type(problem), problem, problem.__traceback__)
    threading.excepthook(threading.ExceptHookArgs((type(problem), problem, problem.__traceback__, None)))
    assert written.getvalue().count("ValueError") == 2
    assert "jane" not in written.getvalue()


def test_a_line_says_which_request_it_belongs_to(lines):
    given = logs.request_id.set("a1b2c3d4-7")
    logs.tell("page_failed")
    logs.request_id.set("")
    logs.tell("attempt")
    logs.request_id.reset(given)
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (first["request"], "request" in second) == ("a1b2c3d4-7", False)


def test_where_nothing_is_set_up_events_go_to_the_usual_logger(usual, monkeypatch, caplog):
    monkeypatch.setattr(logs, "_lines", None)
    logs.tell("page_failed", level=logging.ERROR, view="flows.show")
    assert [record.getMessage() for record in caplog.records] == ["page_failed {'view': 'flows.show'}"]


def test_a_reader_that_went_away_is_no_error(usual):
    stream = io.StringIO()
    logs.set_up(level="info", as_json=True, process="web", stream=stream)
    stream.close()
    logs.tell("attempt")
    assert stream.closed


@pytest.mark.parametrize(
    ("setting", "is_terminal", "is_json"),
    [("auto", True, False), ("auto", False, True), ("json", True, True), ("text", False, False)],
)
def test_the_form_follows_the_setting_and_else_the_reader(setting, is_terminal, is_json):
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return is_terminal

    assert logs.wants_json(setting, Stream()) is is_json


def test_lines_of_other_processes_become_json_once():
    told = logs.said("web", "Traceback \x1b[31m")
    assert json.loads(told)["said"] == "Traceback \x1b[31m"
    assert logs.said("web", told) == told


def test_a_line_costs_next_to_nothing(usual):
    with Path("/dev/null").open("w") as nowhere:
        logs.set_up(level="info", as_json=True, process="leads", stream=nowhere)
        row = {"lead": "0" * 26, "offer": "0" * 26, "attempt": 1, "connection": "con_" + "0" * 26}
        row |= {"status": 200, "outcome": "ok", "ms": 192, "bytes": 300}
        best = (
            min(timeit.repeat(lambda: logs.tell("attempt", **row), number=1000, repeat=20, timer=time.process_time))
            / 1000
        )
    assert best < 100e-6  # It takes about ten microseconds; a busy machine takes its time.
