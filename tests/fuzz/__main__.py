"""Looks for inputs that break a promise: `python -m tests.fuzz TARGET --seconds 180`, with the extra `fuzz` installed.

What leads to new places in the code goes to a folder of its own; `--keep FOLDER` adds some of it to the kept corpus.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["rules", "flowbuilder"]):
    from tests.fuzz.mutating import mutate_rule
    from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 2048
TOO_LONG = 5  # seconds for one input
MOST_KEPT = 40


def main() -> None:
    """Do what the command line asks for."""
    asked = parse_arguments()
    kept = CORPUS / asked.target
    kept.mkdir(parents=True, exist_ok=True)
    if asked.keep:
        keep(asked.keep, kept)
    else:
        fuzz(asked.target, kept, asked.seconds)


def parse_arguments() -> argparse.Namespace:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=180)
    parser.add_argument("--keep", metavar="FOLDER", type=Path, help="add inputs that an earlier run found")
    return parser.parse_args()


def fuzz(target: str, kept: Path, seconds: int) -> None:
    """Fuzz one target; libFuzzer ends the process, with a status other than 0 when something broke."""
    work = tempfile.mkdtemp(prefix=f"fuzz-{target}-")
    options = [f"-max_total_time={seconds}", f"-timeout={TOO_LONG}", f"-max_len={LONGEST}", "-print_final_stats=1"]
    sys.stderr.write(f"New inputs go to {work}\n")
    mutators = {"custom_mutator": mutate} if target == "rules" else {}
    command = [sys.argv[0], *options, f"-artifact_prefix={work}/broken-", work, str(kept)]
    atheris.Setup(command, TARGETS[target], **mutators)
    atheris.Fuzz()


def keep(found: Path, kept: Path) -> None:
    """Copy some of the inputs that a run found, small and large ones, to those that are kept."""
    inputs = sorted((path for path in found.iterdir() if path.is_file()), key=lambda path: path.stat().st_size)
    for path in inputs[:: max(1, len(inputs) // MOST_KEPT)]:
        shutil.copyfile(path, kept / path.name[:16])


def mutate(data: bytes, longest: int, seed: int) -> bytes:
    """Return a changed rule."""
    return mutate_rule(data, longest, seed, lambda given, most: bytes(atheris.Mutate(given, most)))


if __name__ == "__main__":
    main()
