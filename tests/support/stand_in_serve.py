"""`flowbuilder serve` with stand-ins: `python -m tests.support.stand_in_serve worker worker …`."""

import sys

from flowbuilder.config import Settings, settings
from flowbuilder.serving.serve import Process, Stage, run, tell_how_to_begin


def stand_in(kind: str, stage: Stage) -> Process:
    return Process(
        kind, (sys.executable, "-m", "tests.support.stand_in", kind), stage, stop_within=1 if kind == "stubborn" else 20
    )


def tell(live: Settings) -> None:
    tell_how_to_begin(live)
    print(f"told that {live.public_url} is ready", flush=True)


if __name__ == "__main__":
    workers = [stand_in(kind, Stage.WORKER) for kind in sys.argv[1:]]
    sys.exit(run(settings(), processes=[stand_in("web", Stage.WEB), *workers], on_ready=tell))
