"""Which passwords are taken, and how they are kept."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from flowbuilder.accounts import passwords
from flowbuilder.accounts.passwords import generate_password, hash_password, is_password, password_problem


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "at least 10 characters"),
        ("ninechars", "at least 10 characters"),
        ("password123", "first that are guessed"),
        ("PassWord123", "first that are guessed"),
        ("aaaaaaaaaaaaaaaa", "first that are guessed"),
        ("x1" * 129, "at most 256 characters"),
    ],
)
def test_a_weak_password_is_refused_with_a_reason(password: str, problem: str) -> None:
    assert problem in (password_problem(password) or "")


@pytest.mark.parametrize(
    "password", ["orchard kettle 41", "日本語のとてもながいことば", "'; DROP TABLE person; --", "z9Q+" * 64]
)
def test_any_characters_are_taken(password: str) -> None:
    assert password_problem(password) is None
    assert is_password(hash_password(password), password)


def test_the_hash_says_how_it_was_made() -> None:
    assert hash_password("orchard kettle 41").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("kept", [None, "", "not a hash"])
def test_without_a_password_none_is_right(kept: str | None) -> None:
    assert not is_password(kept, "orchard kettle 41")


def test_generated_passwords_are_good_and_differ() -> None:
    made = {generate_password() for _ in range(50)}
    assert len(made) == 50
    assert not any(map(password_problem, made))


def test_an_unknown_person_takes_as_long_as_a_known_one() -> None:
    kept = hash_password("orchard kettle 41")
    is_password(None, "warm up")

    def took(stored: str | None) -> float:
        start = time.process_time()
        is_password(stored, "wrong password")
        return time.process_time() - start

    known, unknown = zip(*((took(kept), took(None)) for _ in range(15)), strict=True)
    assert 0.5 < statistics.median(known) / statistics.median(unknown) < 2


def test_at_most_two_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0

    class Slow:
        def hash(self, _password: str) -> str:
            nonlocal running, most
            running += 1
            most = max(most, running)
            time.sleep(0.01)
            running -= 1
            return ""

    monkeypatch.setattr(passwords, "_hasher", Slow())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hash_password, ["orchard kettle 41"] * 16))
    assert most == 2
