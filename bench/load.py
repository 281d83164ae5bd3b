"""One run of the load generator: wrk where it is installed, else autocannon, and what it measured."""

import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
AUTOCANNON = HERE / "peer/node_modules/autocannon/autocannon.js"
LEAD = (
    '{"email":"jane.doe[<id>]@example.com","phone_1":"2135550148","first_name":"Jane","last_name":"Doe","state":"CA",'
    '"product":"solar","credit_score":720,"monthly_bill":180,"homeowner":true,"city":"Oakland"}'
)
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Round:
    """What one run measured; times in milliseconds."""

    per_second: float
    p50: float
    p99: float
    failures: int


def generator() -> str:
    """Return which load generator is used."""
    return "wrk" if shutil.which("wrk") else "autocannon"


def load(url: str, key: str, *, connections: int, seconds: int, sources: Path | None = None) -> Round:
    """Post leads over so many connections for so long, each as soon as the one before is answered.

    `sources` is a file of `path key` lines among which posts take turns; only wrk can do that.
    """
    if generator() == "wrk":
        return _wrk(url, key, connections, seconds, sources)
    if sources:
        raise RuntimeError("Posts to many flows need wrk: please install it.")
    return _autocannon(url, key, connections, seconds)


def _wrk(url: str, key: str, connections: int, seconds: int, sources: Path | None) -> Round:
    command = ["wrk", f"-t{min(2, connections)}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency"]
    environ = os.environ | {"SOURCE_KEY": key, "ROUND": str(time.time_ns())}
    if sources:
        environ["SOURCES"] = str(sources)
    told = subprocess.run(
        [*command, "-s", str(HERE / "post.lua"), url], env=environ, capture_output=True, text=True, check=True
    ).stdout
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    return Round(
        per_second=float(_found(r"Requests/sec:\s+([\d.]+)", told)),
        p50=_milliseconds(_found(r"\n\s+50%\s+(\S+)", told)),
        p99=_milliseconds(_found(r"\n\s+99%\s+(\S+)", told)),
        failures=int(failed[1]) if failed else 0,
    )


def _autocannon(url: str, key: str, connections: int, seconds: int) -> Round:
    command = ["node", str(AUTOCANNON), "-c", str(connections), "-d", str(seconds), "-t", "30", "-m", "POST", "-j"]
    headers = ["-H", "Content-Type=application/json", "-H", f"X-API-Key={key}"]
    told = subprocess.run(
        [*command, *headers, "-I", "-b", LEAD, url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    measured = json.loads(told)
    return Round(
        per_second=measured["requests"]["average"],
        p50=measured["latency"]["p50"],
        p99=measured["latency"]["p99"],
        failures=measured["non2xx"] + measured["errors"],
    )


def _found(pattern: str, told: str) -> str:
    match = re.search(pattern, told)
    if match is None:
        raise RuntimeError(f"wrk said nothing of {pattern}: {told}")
    return match[1]


def _milliseconds(written: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", written).groups()  # type: ignore[union-attr]
    return float(number) * MILLISECONDS[unit]
