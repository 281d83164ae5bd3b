"""Templates compiled once: what Jinja makes of them is kept where Python keeps what it compiles, for the next process.

Compiling all of them takes a second or two, which whoever opens a page first after a start would wait for, bit by bit.
"""

import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket
from typing_extensions import override

FOLDER = Path(__file__).with_name("__pycache__")


def init_app(app: Flask, folder: Path = FOLDER) -> None:
    """Keep what templates are compiled to in a folder, unless Python was told to write nothing of the kind."""
    if not sys.dont_write_bytecode:
        with suppress(OSError):  # What cannot be kept is compiled anew.
            folder.mkdir(exist_ok=True)
        app.jinja_env.bytecode_cache = Compiled(str(folder), f"templates-{version('jinja2')}-%s.bin")


class Compiled(FileSystemBytecodeCache):
    """Compiled templates in files; one of another text or another Jinja is not taken."""

    @override
    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write a template's file whole, if the folder can be written to."""
        with suppress(OSError):
            super().dump_bytecode(bucket)
