"""What processes write about themselves: one line per event, JSON for programs or text for people, nobody's data.

A line holds ids, numbers and words of ours. What an error says in its own words is left out, because a lead's values
may stand in it; what kind it was and where it came up is told. No character in it moves a terminal or begins a line.
"""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO

import orjson

OURS = ("flowbuilder", "rules", "workers")
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
DEEPEST = 12
Field = str | int | float | None

log = logging.getLogger(__name__)

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that this thread answers; every line that is written meanwhile carries it."""


class Lines:
    """Writes events to a stream, each as one line, those of one call together."""

    def __init__(self, stream: TextIO, *, as_json: bool, level: int, process: str) -> None:
        self.level = level
        self._stream, self._process = stream, process
        self._write_one = _as_json if as_json else _as_text

    def write(self, level: int, event: str, rows: Iterable[Mapping[str, Field]]) -> None:
        """Write one line for each row of fields; a reader that went away is no reason to end."""
        if level < self.level:
            return
        head: dict[str, Field] = {"at": _now(), "level": _level_name(level), "event": event, "process": self._process}
        if asked := request_id.get():
            head["request"] = asked
        text = "".join([self._write_one({**head, **row}) for row in rows])
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            return


class Handler(logging.Handler):
    """Turns what is logged the usual way into events; the arguments of others' messages are left out."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as one line."""
        is_ours = record.name.partition(".")[0] in OURS
        said = record.getMessage() if is_ours else str(record.msg)
        row: dict[str, Field] = {"logger": record.name, "said": said}
        if record.exc_info and record.exc_info[1]:
            row |= fault_fields(record.exc_info[1])
        self._lines.write(record.levelno, "said", [row])


_lines: Lines | None = None


def set_up(*, level: str, as_json: bool, process: str, stream: TextIO | None = None) -> None:
    """Have this process write lines to `stream` (stderr), also about errors that nobody caught; once, at its start."""
    global _lines  # noqa: PLW0603  (the one place that all of a process writes to)
    _lines = Lines(stream or sys.stderr, as_json=as_json, level=LEVELS[level], process=process)
    logging.basicConfig(level=LEVELS[level], handlers=[Handler(_lines)], force=True)
    # Others' libraries tell each step at `info`, under their own names and with whatever they work on.
    for name in ("rq", "sqlalchemy", "urllib3"):
        logging.getLogger(name).setLevel(max(logging.WARNING, LEVELS[level]))
    logging.captureWarnings(capture=True)
    sys.excepthook = _tell_uncaught
    threading.excepthook = _tell_uncaught_in_thread
    sys.unraisablehook = _tell_unraisable


def wants_json(setting: str, stream: TextIO) -> bool:
    """Return whether lines for this stream are JSON: as the setting says, and if it leaves it open, for no terminal."""
    return setting == "json" or (setting == "auto" and not stream.isatty())


def tell(event: str, *, level: int = logging.INFO, **fields: Field) -> None:
    """Write one event with its fields: ids, numbers, codes, never what people wrote.

    In a process that has set nothing up, as in a test or a shell, it goes to the usual logger.
    """
    if _lines is not None:
        _lines.write(level, event, [fields])
    else:
        log.log(level, "%s %s", event, fields)


def tell_many(event: str, rows: Iterable[Mapping[str, Field]], *, level: int = logging.INFO) -> None:
    """Write an event once for each row of fields; they are only made when somebody reads lines of this level."""
    if _lines is not None:
        _lines.write(level, event, rows)


def said(process: str, line: str) -> str:
    """Return a line that a process wrote as JSON: its own if it is that already."""
    if line.startswith('{"at":'):
        return line
    row: dict[str, Field] = {"at": _now(), "level": "info", "event": "said", "process": process, "said": line}
    return _as_json(row).rstrip("\n")


def fault_fields(problem: BaseException) -> dict[str, Field]:
    """Return what kind of error it is, what it came from, and where; not what it says in its own words."""
    kinds: list[str] = []
    cause: BaseException | None = problem
    while cause and len(kinds) < DEEPEST:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    frames = traceback.extract_tb(problem.__traceback__)[-DEEPEST:]
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": " from ".join(kinds), "where": " > ".join(places)}


def one_line(text: str) -> str:
    """Return the text with everything escaped that is not printed, so that it stays one line and moves no terminal."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape", "backslashreplace").decode("ascii")


def _as_json(row: Mapping[str, Field]) -> str:
    try:
        line = orjson.dumps(row)
        if line.isascii():
            return line.decode() + "\n"
    except orjson.JSONEncodeError:
        pass  # Half of a surrogate pair; the standard library escapes it like everything else beyond ASCII.
    return json.dumps(row, separators=(",", ":")) + "\n"


def _as_text(row: Mapping[str, Field]) -> str:
    rest = " ".join(f"{name}={one_line(str(value))}" for name, value in row.items() if name not in _HEAD)
    return f"{row['at']} {row['level']:<7} {row['event']} {rest}\n"


_HEAD = ("at", "level", "event", "process")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _level_name(level: int) -> str:
    return next(name for name, least in reversed(LEVELS.items()) if level >= least or least == logging.DEBUG)


def _tell_uncaught(_kind: type[BaseException], problem: BaseException, _trace: TracebackType | None) -> None:
    if not isinstance(problem, KeyboardInterrupt):
        tell("uncaught", level=logging.ERROR, **fault_fields(problem))


def _tell_uncaught_in_thread(hook: threading.ExceptHookArgs) -> None:
    if hook.exc_value is not None and not isinstance(hook.exc_value, SystemExit):
        thread = hook.thread.name if hook.thread else ""
        tell("uncaught", level=logging.ERROR, thread=thread, **fault_fields(hook.exc_value))


def _tell_unraisable(hook: "sys.UnraisableHookArgs") -> None:
    if hook.exc_value is not None:
        tell("uncaught", level=logging.ERROR, **fault_fields(hook.exc_value))
