"""The `flowbuilder` command: serve, web, worker, migrate, demo, account, dump, restore, keys, doctor, clean."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flowbuilder import config, troubles

# What each command needs is imported inside it: `flowbuilder --help` shall not load a web framework.
# ruff: noqa: PLC0415


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code. What goes wrong in a known way is one sentence on stderr."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except KeyboardInterrupt:
        return 130
    except Exception as problem:
        said = troubles.said(problem)
        # Anything else is a fault of ours and shows where.
        if said is None:
            raise
        print(f"flowbuilder: {said}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="flowbuilder", description="A self-hosted app for distributing leads.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, about in (
        ("serve", serve, "run everything in one process tree until SIGTERM or Ctrl-C"),
        ("demo", demo, "the same with sellers, buyers and suppliers to look at"),
    ):
        serving = _add(commands, name, run, about)
        _add_serving_options(serving)
        _add_demo_options(serving, told=name == "demo")
    _add_address_options(_add(commands, "web", web, "run the web server only"))
    worker_options = _add(commands, "worker", worker, "run one worker only")
    worker_options.add_argument("kind", choices=("leads", "jobs"))
    _add(commands, "migrate", migrate, "bring the tables up to date")
    _add_account_commands(_add(commands, "account", _no_command, "accounts"))
    _add_key_commands(commands)
    _add_doctor(commands)
    for name, run_file, about in (
        ("dump", dump, "write the whole database to a file"),
        ("restore", restore, "read such a file into the database, in place of what is there"),
    ):
        _add(commands, name, run_file, about).add_argument("file", type=Path)
    _add(commands, "clean", clean, "delete the home with all its data").add_argument(
        "--yes", action="store_true", help="do not ask"
    )
    return parser


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    about: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=about, description=about)
    parser.set_defaults(run=run)
    return parser


def _add_serving_options(parser: argparse.ArgumentParser) -> None:
    _add_address_options(parser)
    parser.add_argument(
        "--workers", metavar="N", dest="FLOWBUILDER_LEAD_WORKERS", help="processes that carry leads, 2 by default"
    )


def _add_address_options(parser: argparse.ArgumentParser) -> None:
    # Options are settings by another name: what is given here goes before the environment.
    parser.add_argument(
        "--port", metavar="PORT", dest="FLOWBUILDER_WEB_PORT", help="port to listen on, 8000 by default"
    )
    parser.add_argument(
        "--host", metavar="ADDRESS", dest="FLOWBUILDER_WEB_HOST", help="address to listen on, 127.0.0.1 by default"
    )


def _add_demo_options(parser: argparse.ArgumentParser, *, told: bool) -> None:
    def about(text: str) -> str:
        return text if told else argparse.SUPPRESS

    parser.add_argument("--demo", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--quiet", action="store_true", help=about("do not tell what the suppliers post"))
    parser.add_argument("--no-suppliers", action="store_true", help=about("nobody posts leads"))


def _add_account_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    create = _add(commands, "create", create_account, "make an account with its first user and a key for the API")
    create.add_argument("--kind", choices=("seller", "supplier", "buyer", "operator"), default="seller")
    create.add_argument("--name", required=True, help="name of the company")
    create.add_argument("--time-zone", help="clock of its pages, such as Europe/Berlin; America/New_York if not given")
    create.add_argument("--currency", help="of its new flows, such as EUR; USD if not given")
    add = _add(commands, "add", add_person, "let somebody into an account, or give them another role")
    add.add_argument("--account", required=True, help="id or name of the account")
    add.add_argument("--role", choices=("owner", "editor", "publisher", "analyst"), required=True)
    add.add_argument("--name", default="", help="what others in the account call them")
    anew = _add(commands, "password", give_password, "give somebody who has forgotten theirs another password")
    for command, whose in ((create, "its first user signs in"), (add, "they sign in"), (anew, "they sign in")):
        command.add_argument("--email", required=True, help=f"address that {whose} with")
        command.add_argument("--password-stdin", action="store_true", help="read the password from stdin's first line")
        command.add_argument("--json", action="store_true", help="print one JSON object")


def _add_key_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    of_vault = _add(commands, "keys", _no_command, "the keys that seal stored credentials")
    vault = of_vault.add_subparsers(required=True, metavar="COMMAND")
    of_api = _add(commands, "api-keys", _no_command, "the keys of programs that use the management API")
    api = of_api.add_subparsers(required=True, metavar="COMMAND")
    _add(vault, "list", _key_command("list_keys"), "show ids and ages, and how many secrets each seals").add_argument(
        "--json", action="store_true", help="print one JSON list"
    )
    _add(vault, "rotate", _key_command("rotate"), "make a new key, and seal every secret under it")
    _add(vault, "remove", _key_command("remove"), "take out a key that seals nothing any more").add_argument("id")
    _add(api, "list", _key_command("list_api_keys"), "show all of them, never a secret").add_argument(
        "--json", action="store_true", help="print one JSON list"
    )
    _add(api, "revoke", _key_command("revoke_api_key"), "end one for good").add_argument("id")


def _key_command(name: str) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        from flowbuilder.operating import key_commands

        command: Callable[[argparse.Namespace], int] = getattr(key_commands, name)
        return command(options)

    return run


def _add_doctor(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    checks = _add(commands, "doctor", doctor, "check everything it stands on, and say what to do")
    checks.add_argument("--host", help="try a TLS handshake with this host, as buyer.example or buyer.example:8443")
    checks.add_argument("--json", action="store_true", help="print one JSON object")


def _no_command(_options: argparse.Namespace) -> int:
    return 2


def _settings_with(options: argparse.Namespace) -> config.Settings:
    given = {name: value for name, value in vars(options).items() if name.isupper() and value is not None}
    return config.override(given)


def serve(options: argparse.Namespace) -> int:
    """Run everything until it is told to stop."""
    if options.demo:
        return demo(options)
    from flowbuilder.serving.serve import run, tell_how_to_begin

    return run(_settings_with(options), on_ready=tell_how_to_begin)


def demo(options: argparse.Namespace) -> int:
    """Run everything, with companies that trade leads."""
    from flowbuilder.demo import main as run_demo

    return run_demo(_settings_with(options), quiet=options.quiet, suppliers=not options.no_suppliers)


def web(options: argparse.Namespace) -> int:
    """Run the web server only."""
    from flowbuilder.embedded import of_running_serve
    from flowbuilder.serving.web_server import serve_web

    serve_web(_with_addresses(of_running_serve(_settings_with(options))))
    return 0


def worker(options: argparse.Namespace) -> int:
    """Become one worker."""
    from flowbuilder.embedded import of_running_serve

    environ = config.child_environ(of_running_serve(config.settings()))
    os.execve(sys.executable, [sys.executable, "-m", "workers", options.kind], environ)  # noqa: S606 - a word of two


def migrate(_options: argparse.Namespace) -> int:
    """Bring the tables up to date."""
    from flowbuilder import db
    from flowbuilder.embedded import for_command

    with for_command(config.settings()) as live:
        db.migrate(live.database_url)
    return 0


def create_account(options: argparse.Namespace) -> int:
    """Make an account and print its id, its key and, if none was given, a password."""
    from flowbuilder.accounts.operations import create_account as create

    given = {name: text for name in ("time_zone", "currency") if (text := getattr(options, name)) is not None}
    return _make(options, create, kind=options.kind, name=options.name, email=options.email, **given)


def add_person(options: argparse.Namespace) -> int:
    """Let somebody into an account and print its id, the role and, for who is new and has none, a password."""
    from flowbuilder.accounts.people import add_person as add

    return _make(options, add, account=options.account, email=options.email, role=options.role, name=options.name)


def give_password(options: argparse.Namespace) -> int:
    """Give somebody another password and print it, if none was given; they are signed out everywhere."""
    from flowbuilder.accounts.people import give_password as give

    return _make(options, give, email=options.email)


def _make(options: argparse.Namespace, operation: Callable[..., Any], **values: Any) -> int:
    """Run an operation in the database of this home, and print what it has made."""
    from flowbuilder import clock, db
    from flowbuilder.embedded import for_command

    password = sys.stdin.readline().rstrip("\r\n") if options.password_stdin else None
    with for_command(config.settings()) as live:
        _with_addresses(live)
        db.migrate(live.database_url)
        engine = db.make_engine(live.database_url)
        with db.make_sessions(engine).begin() as session:
            made = operation(session=session, now=clock.now(), password=password, **values)
        engine.dispose()
    _print_made({name: text for name, text in asdict(made).items() if text is not None}, as_json=options.json)
    return 0


def doctor(options: argparse.Namespace) -> int:
    """Check everything and print what was found; 1 when something is wrong."""
    from flowbuilder.operating.doctor import examine

    return examine(host=options.host, as_json=options.json)


def dump(options: argparse.Namespace) -> int:
    """Write the database to a file."""
    from flowbuilder.embedded import for_command
    from flowbuilder.serving import dumps

    with for_command(config.settings()) as live:
        dumps.dump(live, options.file)
    return 0


def restore(options: argparse.Namespace) -> int:
    """Read the database from a file."""
    from flowbuilder import db
    from flowbuilder.embedded import for_command
    from flowbuilder.serving import dumps

    with for_command(config.settings(), alone=True) as live:
        dumps.restore(live, options.file)
        db.migrate(live.database_url)
    return 0


def clean(options: argparse.Namespace) -> int:
    """Delete the home, after a question if somebody is there to answer."""
    from flowbuilder import embedded

    # Not the full settings: they would make the secrets of a home that shall go.
    home = config.home_folder()
    if sys.stdin.isatty() and not options.yes and home.exists():
        print(f"This deletes {home} with every lead in it. Type yes to go on: ", end="", flush=True)
        if sys.stdin.readline().strip() != "yes":
            return 1
    embedded.delete(home)
    return 0


def _with_addresses(live: config.Settings) -> config.Settings:
    return config.override({"DATABASE_URL": live.database_url, "REDIS_URL": live.redis_url})


def _print_made(made: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(made))
        return
    for name, text in made.items():
        print(f"{name}: {text}")
