"""Our own files for the browser: addresses that change with their content, so that browsers may keep them for ever."""

import gzip
import hashlib
import json
import mimetypes
import re
from functools import cache
from pathlib import Path

from flask import Flask, Response, abort, g, request, send_file, url_for
from werkzeug.security import safe_join

from flowbuilder.accounts.access import public

FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_DAY = "public, max-age=86400"
SQUEEZED = (".css", ".js", ".svg")
"""Text that is the same for everybody; pages are squeezed in `squeezing.py`, which is careful about who asks."""
HASH_IN_NAME = re.compile(r"vendor/.+\.[0-9a-f]{12}\.\w+\Z")


class MissingBrowserFiles(RuntimeError):
    """The third-party files for the browser have not been installed."""


def init_app(app: Flask, folder: Path) -> None:
    """Serve the folder under /static and give templates `asset(name)`; raises MissingBrowserFiles."""
    vendor = _vendor_names(folder)

    def asset(name: str) -> str:
        """Return the address of a file: its hash stands in its name (third-party files) or in the query.

        Files of one folder can be asked for at once: `css/flow+editor.css` is the one after the other. A page asks some
        hundreds of times where its icons are, and is told what it was told before.
        """
        known: dict[str, str] = g.setdefault("assets", {})
        if name not in known:
            known[name] = address_of(name)
        return known[name]

    def address_of(name: str) -> str:
        if name in vendor:
            return url_for("static", filename=vendor[name])
        if name.startswith("vendor/"):
            raise MissingBrowserFiles(f"static/{name} is missing: run `make setup`.")
        return url_for("static", filename=name, v=_hash_of(_paths_of(folder, name)))

    @public("style sheets, scripts, icons and the font are the same for everybody")
    def static(filename: str) -> Response:
        paths = _paths_of(folder, filename)
        response = _read(paths) if len(paths) > 1 or _takes_squeezed(paths[0]) else send_file(paths[0])
        named_by_content = HASH_IN_NAME.match(filename) or request.args.get("v") == _hash_of(paths)
        response.headers["Cache-Control"] = FOR_EVER if named_by_content else FOR_A_DAY
        return response

    app.add_url_rule("/static/<path:filename>", "static", static)
    app.jinja_env.globals["asset"] = asset


def _vendor_names(folder: Path) -> dict[str, str]:
    manifest = folder / "vendor" / "manifest.json"
    if not manifest.is_file():
        raise MissingBrowserFiles(f"{manifest} is missing: run `make setup`.")
    return {f"vendor/{name}": f"vendor/{hashed}" for name, hashed in json.loads(manifest.read_text()).items()}


def _hash_of(paths: tuple[Path, ...]) -> str:
    return _hash_of_version(paths, _changed_at(paths))


def _paths_of(folder: Path, filename: str) -> tuple[Path, ...]:
    """Return the files that a name means: one, or several of a folder whose names are joined by a plus."""
    where, _, names = filename.rpartition("/")
    stems, dot, suffix = names.rpartition(".")
    return tuple(_path_of(folder, f"{where}/{stem}{dot}{suffix}".lstrip("/")) for stem in stems.split("+"))


def _path_of(folder: Path, filename: str) -> Path:
    joined = safe_join(str(folder), filename)
    if joined is None or not Path(joined).is_file():
        abort(404)
    return Path(joined)


def _takes_squeezed(path: Path) -> bool:
    return path.suffix in SQUEEZED and bool(request.accept_encodings["gzip"])


def _read(paths: tuple[Path, ...]) -> Response:
    """Return one file or several as text that is the same for everybody, squeezed where that is understood."""
    kind = mimetypes.guess_type(paths[0].name)[0]
    if not _takes_squeezed(paths[0]):
        return Response(_joined(paths), mimetype=kind)
    response = Response(_squeezed_version(paths, _changed_at(paths)), mimetype=kind)
    response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response


def _changed_at(paths: tuple[Path, ...]) -> tuple[int, ...]:
    return tuple(path.stat().st_mtime_ns for path in paths)


def _joined(paths: tuple[Path, ...]) -> bytes:
    return b"\n".join(path.read_bytes() for path in paths)


@cache
def _squeezed_version(paths: tuple[Path, ...], _changed_at: tuple[int, ...]) -> bytes:
    return gzip.compress(_joined(paths), 9, mtime=0)


@cache
def _hash_of_version(paths: tuple[Path, ...], _changed_at: tuple[int, ...]) -> str:
    return hashlib.sha256(_joined(paths)).hexdigest()[:12]
