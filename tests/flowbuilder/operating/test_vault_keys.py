"""Rotating the vault's keys: everything is sealed again while others read, and it may be killed at any moment."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, insert, text, update
from sqlalchemy.orm import Session

from flowbuilder import db
from flowbuilder.models import Connection, Credential
from flowbuilder.models.base import Base
from flowbuilder.operating import vault_keys
from flowbuilder.vault import NotOpened, Vault, credential_place, key_id_of
from tests.support import cast

OLD, NEW, LOST = ("k1", b"1" * 32), ("k2", b"2" * 32), ("k0", b"0" * 32)
MANY = 10_000


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def engine(fresh_database_url: str) -> Iterator[Engine]:
    made = db.make_engine(fresh_database_url)
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: Engine) -> Connection:
    with Session(engine, expire_on_commit=False) as session:
        made = cast.a_connection(session, cast.a_seller(session))
        session.commit()
    return made


def seal_many(
    engine: Engine, connection: Connection, many: int, key: tuple[str, bytes] = OLD, prefix: str = "s"
) -> None:
    vault, now = Vault([key]), cast.now()
    names = [f"{prefix}{number:05}" for number in range(many)]
    rows = [
        {
            "connection_id": connection.id,
            "name": name,
            "sealed": vault.seal(f"secret of {name}", **credential_place(connection.account_id, connection.id, name)),
            "hint": "",
            "updated_at": now,
        }
        for name in names
    ]
    with engine.begin() as database:
        database.execute(insert(Credential), rows)


def sealed_of(engine: Engine) -> dict[str, str]:
    with engine.connect() as database:
        return dict(database.execute(text("SELECT name, sealed FROM credential")).all())


class Reader(threading.Thread):
    """Opens secrets one after the other, as the loops do that carry leads, until it is told to stop."""

    def __init__(self, engine: Engine, connection: Connection, vault: Vault) -> None:
        super().__init__(daemon=True)
        self.engine, self.connection, self.vault = engine, connection, vault
        self.opened, self.failed, self.ends = 0, list[str](), threading.Event()

    def run(self) -> None:
        while not self.ends.is_set():
            name = f"s{(self.opened * 7919) % MANY:05}"
            with self.engine.connect() as database:
                found = text("SELECT sealed FROM credential WHERE name = :name")
                sealed = database.execute(found, {"name": name}).scalar_one()
            place = credential_place(self.connection.account_id, self.connection.id, name)
            if self.vault.open(sealed, **place) != f"secret of {name}":
                self.failed.append(name)
            self.opened += 1


def test_ten_thousand_secrets_are_sealed_again_while_readers_open_every_one(engine, connection):
    seal_many(engine, connection, MANY)
    readers = [Reader(engine, connection, Vault([OLD], newer=lambda: [NEW, OLD])) for _ in range(3)]
    for reader in readers:
        reader.start()
    done = vault_keys.seal_again(engine, Vault([NEW, OLD]), first="k2")
    for reader in readers:
        reader.ends.set()
        reader.join()
    assert (done.moved, done.unopened, done.left) == (MANY, (), 0)
    assert [reader.failed for reader in readers] == [[], [], []]
    assert min(reader.opened for reader in readers) > 0
    assert {key_id_of(sealed) for sealed in sealed_of(engine).values()} == {"k2"}


def test_after_it_the_new_key_alone_opens_everything(engine, connection):
    seal_many(engine, connection, 30)
    vault_keys.seal_again(engine, Vault([NEW, OLD]), first="k2")
    for name, sealed in sealed_of(engine).items():
        place = credential_place(connection.account_id, connection.id, name)
        assert Vault([NEW]).open(sealed, **place) == f"secret of {name}"


def test_killed_in_the_middle_it_goes_on_where_it_was(engine, connection):
    seal_many(engine, connection, 1200)

    def kill(moved: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        vault_keys.seal_again(engine, Vault([NEW, OLD]), first="k2", tell=kill)
    with engine.connect() as database:
        assert vault_keys.count_others(database, "k2") == 700
    assert vault_keys.seal_again(engine, Vault([NEW, OLD]), first="k2").moved == 700


def test_a_secret_that_somebody_is_changing_is_not_overwritten(engine, connection):
    seal_many(engine, connection, 3)
    place = credential_place(connection.account_id, connection.id, "s00001")
    with engine.connect() as other:
        typed = Vault([NEW]).seal("typed just now", **place)
        other.execute(update(Credential).where(Credential.name == "s00001").values(sealed=typed))
        done = vault_keys.seal_again(engine, Vault([NEW, OLD]), first="k2")
        other.commit()
    assert (done.moved, done.left) == (2, 1)
    assert Vault([NEW]).open(sealed_of(engine)["s00001"], **place) == "typed just now"


def test_a_secret_whose_key_is_lost_is_named_and_the_others_are_sealed(engine, connection):
    seal_many(engine, connection, 2)
    seal_many(engine, connection, 1, key=LOST, prefix="lost")
    done = vault_keys.seal_again(engine, Vault([NEW, OLD]), first="k2")
    assert (done.moved, done.unopened, done.left) == (2, (f"{connection.id}/lost00000",), 1)


@pytest.mark.parametrize("moves_to", ["another row", "another account"])
def test_a_sealed_text_moved_elsewhere_is_refused_before_and_after(engine, connection, moves_to):
    seal_many(engine, connection, 2)
    elsewhere = {
        "another row": credential_place(connection.account_id, connection.id, "s00001"),
        "another account": credential_place(connection.id, connection.id, "s00000"),
    }[moves_to]
    vault = Vault([NEW, OLD])
    for _ in range(2):
        with pytest.raises(NotOpened):
            vault.open(sealed_of(engine)["s00000"], **elsewhere)
        vault_keys.seal_again(engine, vault, first="k2")


def test_a_text_that_was_copied_to_another_row_is_not_sealed_as_if_it_belonged_there(engine, connection):
    seal_many(engine, connection, 2)
    with engine.begin() as database:
        database.execute(
            update(Credential).where(Credential.name == "s00001").values(sealed=sealed_of(engine)["s00000"])
        )
    done = vault_keys.seal_again(engine, Vault([NEW, OLD]), first="k2")
    assert (done.moved, done.unopened) == (1, (f"{connection.id}/s00001",))


def test_the_list_tells_what_each_key_seals_and_which_key_is_missing(engine, connection):
    seal_many(engine, connection, 5)
    seal_many(engine, connection, 2, key=LOST, prefix="lost")
    with engine.connect() as database:
        uses = vault_keys.key_uses(database, [("k20261120", NEW[1]), OLD])
    shown = [(use.id, use.is_first, use.is_known, use.made_on, use.seals) for use in uses]
    assert shown == [
        ("k20261120", True, True, date(2026, 11, 20), 0),
        ("k1", False, True, None, 5),
        ("k0", False, False, None, 2),
    ]


def test_another_key_that_bears_the_id_is_told_from_the_one_that_sealed(engine, connection):
    vault_keys.check_keys(engine, [OLD])  # While nothing is stored any key will do.
    seal_many(engine, connection, 7)
    vault_keys.check_keys(engine, [OLD])
    with engine.connect() as database:
        [use] = vault_keys.key_uses(database, [("k1", b"9" * 32)])
    assert (use.is_known, use.seals, use.opens) == (True, 7, False)
    with pytest.raises(vault_keys.WrongKeys, match="VAULT_KEYS opens none of the stored secrets"):
        vault_keys.check_keys(engine, [("k1", b"9" * 32)])


def test_where_one_of_the_newest_secrets_opens_the_key_is_the_right_one(engine, connection):
    seal_many(engine, connection, 7, key=("k1", b"9" * 32))
    seal_many(engine, connection, 1, prefix="entered_again")
    vault_keys.check_keys(engine, [OLD])


@pytest.mark.parametrize(
    ("taken", "made"),
    [
        ([], "k20261120"),
        (["k1"], "k20261120"),
        (["k20261120"], "k20261120n2"),
        (["k20261120", "k20261120n2"], "k20261120n3"),
    ],
)
def test_a_new_key_is_named_after_its_day(taken, made):
    assert vault_keys.next_key_id(taken, datetime(2026, 11, 20, 23, tzinfo=UTC)) == made
    assert vault_keys.made_on(made) == date(2026, 11, 20)


def test_no_other_table_holds_sealed_texts_that_a_rotation_would_forget():
    holders = {table.name for table in Base.metadata.tables.values() if "sealed" in table.columns}
    # A token that does not open any more is fetched anew: tests/workers/delivery/test_tokens.py.
    assert holders == {"credential", "access_token"}
