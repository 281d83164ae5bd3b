"""`flowbuilder keys` and `flowbuilder api-keys`, as the one who runs it types them."""

import base64
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from sqlalchemy.orm import Session

from flowbuilder import cli, config, db, kept_secrets, setting_values
from flowbuilder.audit import Actor
from flowbuilder.connections import operations
from flowbuilder.models import Credential
from flowbuilder.vault import Vault, credential_place, key_id_of
from tests.support import cast
from tests.support.processes import ROOT

DESTINATION = {
    "url": "https://api.sunrise.example/leads",
    "format": "json",
    "mapping": [],
    "auth": {"type": "bearer", "token": "sk_live_abcd7Q2F"},
}


@pytest.fixture
def ground(fresh_database_url, fresh_redis_url):
    return SimpleNamespace(database_url=fresh_database_url, redis_url=fresh_redis_url)


@pytest.fixture
def home(tmp_path):
    kept_secrets.read_or_make(tmp_path)
    return tmp_path


@pytest.fixture
def flowbuilder(ground, home, monkeypatch, capsys):
    """Give the command, run in this process with an environment of its own."""

    def run(*words, **environ):
        addresses = {"DATABASE_URL": ground.database_url, "REDIS_URL": ground.redis_url}
        with monkeypatch.context() as patch:
            for name, text in {**addresses, "FLOWBUILDER_HOME": str(home), **environ}.items():
                patch.setenv(name, text)
            config.settings.cache_clear()
            code = cli.main(words)
        config.settings.cache_clear()
        said = capsys.readouterr()
        return SimpleNamespace(returncode=code, stdout=said.out, stderr=said.err)

    return run


def kept_keys(home):
    return setting_values.vault_keys(kept_secrets.read(home)["VAULT_KEYS"])


def put_in_front(home, key_id):
    """Begin a rotation and go no further."""
    before = kept_secrets.read(home)["VAULT_KEYS"]
    kept_secrets.replace(home, {"VAULT_KEYS": f"{key_id}:{kept_secrets.fresh_vault_key()},{before}"})


def a_sealed_token(ground, keys):
    """Store a connection with a sealed token; return where it lives."""
    engine = db.make_engine(ground.database_url)
    with Session(engine) as session:
        session.query(Credential).delete()
        sara = cast.a_seller(session)
        made = operations.create_connection(
            session=session, actor=Actor(sara.account.id), vault=Vault(keys), name="Sunrise", destination=DESTINATION,
            now=cast.now(),
        )  # fmt: skip
        session.commit()
        place = credential_place(sara.account.id, made.id, "token")
    engine.dispose()
    return place


def sealed_token(ground):
    engine = db.make_engine(ground.database_url)
    with Session(engine) as session:
        sealed = session.query(Credential).one().sealed
    engine.dispose()
    return sealed


def test_a_rotation_makes_a_key_seals_everything_under_it_and_lets_the_old_one_go(ground, home, flowbuilder):
    place = a_sealed_token(ground, kept_keys(home))
    rotated = flowbuilder("keys", "rotate")
    new, old = kept_keys(home)
    assert (old[0], key_id_of(sealed_token(ground))) == ("k1", new[0])
    assert "`flowbuilder keys remove k1`" in rotated.stdout
    assert flowbuilder("keys", "remove", "k1").returncode == 0
    assert Vault(kept_keys(home)).open(sealed_token(ground), **place) == "sk_live_abcd7Q2F"
    assert (home / "secrets.env").stat().st_mode & 0o777 == 0o600


def test_a_process_that_began_before_opens_and_seals_with_the_keys_that_are_kept_now(ground, home, flowbuilder):
    place = a_sealed_token(ground, kept_keys(home))
    said = "from flowbuilder import config; from flowbuilder.vault import Vault; import sys\nown = config.settings()\n"
    said += "vault = Vault(own.vault_keys, newer=lambda: config.vault_keys_now(own))\n"
    said += f"place = {place!r}\nprint('ready', flush=True)\n"
    said += "print(vault.open(sys.stdin.readline().strip(), **place), vault.seal('x', **place)[:12])"
    code = "from uuid import UUID\n" + said
    running = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "FLOWBUILDER_HOME": str(home)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stdout.readline() == "ready\n"
    flowbuilder("keys", "rotate")
    flowbuilder("keys", "remove", "k1")
    told, _ = running.communicate(sealed_token(ground) + "\n", timeout=30)
    assert told.startswith("sk_live_abcd7Q2F v1:k2")


def test_what_a_rotation_left_over_is_done_by_the_next_without_another_key(ground, home, flowbuilder):
    a_sealed_token(ground, kept_keys(home))
    put_in_front(home, "k2")
    flowbuilder("keys", "rotate")
    assert [key_id for key_id, _ in kept_keys(home)] == ["k2", "k1"]
    assert key_id_of(sealed_token(ground)) == "k2"


def test_keys_that_somebody_set_are_told_what_to_become_and_then_seal_everything(ground, home, flowbuilder):
    old, new = (f"{name}:{base64.b64encode(os.urandom(32)).decode()}" for name in ("old", "new"))
    a_sealed_token(ground, setting_values.vault_keys(old))
    told = flowbuilder("keys", "rotate", VAULT_KEYS=old).stdout
    assert "add it at the end" in told
    assert old.partition(":")[2] not in told
    done = flowbuilder("keys", "rotate", VAULT_KEYS=f"{new},{old}").stdout
    assert "Nothing needs old any more: take it out of VAULT_KEYS" in done
    assert key_id_of(sealed_token(ground)) == "new"
    assert [key_id for key_id, _ in kept_keys(home)] == ["k1"]


@pytest.mark.parametrize(
    ("key_id", "sentence"),
    [("k1", "k1 is the key that seals"), ("k9", "The vault has no key k9")],
)
def test_a_key_that_is_needed_is_not_removed(ground, home, flowbuilder, key_id, sentence):
    done = flowbuilder("keys", "remove", key_id)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert sentence in done.stderr


def test_a_key_that_still_seals_something_is_not_removed(ground, home, flowbuilder):
    a_sealed_token(ground, kept_keys(home))
    kept_secrets.replace(
        home, {"VAULT_KEYS": f"k2:{kept_secrets.fresh_vault_key()},{kept_secrets.read(home)['VAULT_KEYS']}"}
    )
    assert "k1 still seals 1 secrets" in flowbuilder("keys", "remove", "k1").stderr


def test_the_list_shows_ids_and_numbers_and_no_key(ground, home, flowbuilder):
    a_sealed_token(ground, kept_keys(home))
    shown = flowbuilder("keys", "list").stdout
    assert "k1: seals what is new; its age is not known; seals 1 secrets" in shown
    assert base64.b64encode(kept_keys(home)[0][1]).decode() not in shown
    assert json.loads(flowbuilder("keys", "list", "--json").stdout)[0]["seals"] == 1


def test_an_api_key_is_listed_without_its_secret_and_revoked(ground, home, flowbuilder):
    words = ("account", "create", "--name", "Acme", "--email", f"{home.name}@acme.example", "--json")
    text = json.loads(flowbuilder(*words).stdout)["api_key"]
    key_id, secret = text.split("_", 2)[1:]
    listed = flowbuilder("api-keys", "list").stdout
    assert key_id in listed
    assert secret not in listed
    assert flowbuilder("api-keys", "revoke", key_id).stdout == f"{key_id} is revoked.\n"
    assert flowbuilder("api-keys", "revoke", key_id).stdout == f"{key_id} was revoked before.\n"
    [row] = [row for row in json.loads(flowbuilder("api-keys", "list", "--json").stdout) if row["id"] == key_id]
    assert row["revoked_at"]
    assert "There is no API key" in flowbuilder("api-keys", "revoke", "nonsense").stderr
