"""The home: where its embedded servers keep their data and sockets, and as whom they run."""

import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flowbuilder.embedded.errors import EmbeddedError
from flowbuilder.embedded.processes import Account
from flowbuilder.embedded.programs import Programs, copied_programs, installed_programs

ROOTS_DATA = Path("/var/lib/flowbuilder")
SYSTEM_USER = "flowbuilder"
POINTER = "data-folder"


@dataclass(frozen=True)
class Home:
    """One home and everything that was settled about it."""

    folder: Path
    data: Path
    sockets: Path
    account: Account | None
    programs: Programs


def open_home(folder: Path) -> Home:
    """Return the home with its folders made; raises EmbeddedError when it belongs to somebody else."""
    folder.mkdir(parents=True, exist_ok=True)
    home = _root_home(folder.resolve()) if os.geteuid() == 0 else _own_home(folder.resolve())
    _make_private(home.data, home.account)
    _make_private(home.sockets, home.account)
    return home


def delete_home(folder: Path) -> None:
    """Delete the home with its data, wherever that is, and what no other home needs; its servers must be stopped."""
    folder = folder.resolve()
    for sockets in (sockets_folder(folder), posts_folder(folder)):
        shutil.rmtree(sockets, ignore_errors=True)
    data = _pointed_at(folder)
    shutil.rmtree(folder, ignore_errors=True)
    if data is not None:
        with _roots_data_alone():
            shutil.rmtree(data, ignore_errors=True)
            _delete_unused_programs()


def sockets_folder(folder: Path) -> Path:
    """Return the folder of the home's sockets: short, for a socket's path may not be longer than about 100 bytes."""
    return Path("/tmp") / f"fb-{_name(folder)}"  # noqa: S108 - made private, and refused if somebody else made it


def posts_folder(folder: Path) -> Path:
    """Return the folder in which loops of a home have the sockets at which they take posts."""
    return Path("/tmp") / f"fb-{_name(folder)}-posts"  # noqa: S108 - as above


def _name(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]


def _own_home(folder: Path) -> Home:
    if (data := _pointed_at(folder)) is not None:
        raise EmbeddedError(f"{folder} was started as root and its data is in {data}: start it as root again.")
    return Home(folder, folder, sockets_folder(folder), None, installed_programs())


def _root_home(folder: Path) -> Home:
    # PostgreSQL refuses to run as root, and no other account may look into root's own folders.
    if (folder / "postgres").exists():
        owner = (folder / "postgres").stat().st_uid
        raise EmbeddedError(f"{folder} belongs to the user with id {owner}: start it as that user, not as root.")
    data = ROOTS_DATA / _name(folder)
    (folder / POINTER).write_text(f"{data}\n")
    with _roots_data_alone():
        account = _system_account()
        programs = copied_programs(ROOTS_DATA)
        _make_private(data, account)
    return Home(folder, data, sockets_folder(folder), account, programs)


@contextmanager
def _roots_data_alone() -> Iterator[None]:
    # Homes that come and go at the same time share the programs. The lock is on the folder above,
    # for a lock file inside would have to be deleted with the last home while somebody waits for it.
    ROOTS_DATA.mkdir(parents=True, exist_ok=True, mode=0o755)
    above = os.open(ROOTS_DATA.parent, os.O_RDONLY)
    try:
        fcntl.flock(above, fcntl.LOCK_EX)
        ROOTS_DATA.mkdir(exist_ok=True, mode=0o755)
        yield
    finally:
        os.close(above)


def _pointed_at(folder: Path) -> Path | None:
    try:
        return Path((folder / POINTER).read_text().strip())
    except FileNotFoundError:
        return None


def _system_account() -> Account:
    try:
        user = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        user = _make_system_user()
    return Account(user.pw_uid, user.pw_gid)


def _make_system_user() -> pwd.struct_passwd:
    shell = "/usr/sbin/nologin"
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", str(ROOTS_DATA)]
    try:
        subprocess.run([*command, "--shell", shell, SYSTEM_USER], check=True, capture_output=True)  # noqa: S603 - fixed words
    except (FileNotFoundError, subprocess.CalledProcessError):
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and the system user {SYSTEM_USER!r} could not be made with useradd: "
            "make it, or start as an ordinary user."
        ) from None
    return pwd.getpwnam(SYSTEM_USER)


def _make_private(folder: Path, account: Account | None) -> None:
    uid = os.geteuid() if account is None else account.uid
    try:
        folder.mkdir(mode=0o700)
        if account is not None:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        pass
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
        raise EmbeddedError(f"{folder} exists and belongs to somebody else: remove it and start again.")
    folder.chmod(0o700)


def _delete_unused_programs() -> None:
    homes = [path for path in ROOTS_DATA.glob("*") if not path.name.startswith("programs-")]
    if not homes:
        shutil.rmtree(ROOTS_DATA, ignore_errors=True)
