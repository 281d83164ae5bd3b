"""Secrets open where they were sealed, with any of the keys, and nowhere else."""

from uuid import UUID

import pytest

from flowbuilder.vault import NotOpened, UnknownKey, Vault, VaultError, credential_place, hint_of

ACME, BOLT = UUID(int=1), UUID(int=2)
SUNRISE, HELIO = UUID(int=11), UUID(int=12)
OLD, NEW = ("k1", b"1" * 32), ("k2", b"2" * 32)
HERE = credential_place(ACME, SUNRISE, "token")


def test_a_secret_comes_back_as_it_was():
    vault = Vault([OLD])
    assert vault.open(vault.seal("sk_live_žluť_7Q2F", **HERE), **HERE) == "sk_live_žluť_7Q2F"


def test_the_sealed_text_names_its_format_and_key_and_hides_the_secret():
    sealed = Vault([OLD]).seal("sk_live_7Q2F", **HERE)
    assert sealed.startswith("v1:k1:")
    assert "7Q2F" not in sealed


def test_the_same_secret_is_never_sealed_the_same_way_twice():
    vault = Vault([OLD])
    assert len({vault.seal("sk_live_7Q2F", **HERE) for _ in range(200)}) == 200


@pytest.mark.parametrize(
    "elsewhere",
    [
        credential_place(BOLT, SUNRISE, "token"),
        credential_place(ACME, HELIO, "token"),
        credential_place(ACME, SUNRISE, "password"),
        {**HERE, "table": "account"},
        {**HERE, "column": "hint"},
    ],
)
def test_a_sealed_text_copied_elsewhere_does_not_open(elsewhere):
    vault = Vault([OLD])
    with pytest.raises(NotOpened):
        vault.open(vault.seal("sk_live_7Q2F", **HERE), **elsewhere)


def test_after_a_rotation_old_secrets_open_and_new_ones_take_the_new_key():
    sealed_before = Vault([OLD]).seal("old secret", **HERE)
    rotated = Vault([NEW, OLD])
    assert rotated.open(sealed_before, **HERE) == "old secret"
    assert rotated.seal("new secret", **HERE).startswith("v1:k2:")


def test_a_secret_of_a_key_that_is_gone_says_which_key_it_needs():
    with pytest.raises(UnknownKey, match="k1"):
        Vault([NEW]).open(Vault([OLD]).seal("old secret", **HERE), **HERE)


def test_a_changed_byte_is_noticed():
    sealed = Vault([OLD]).seal("sk_live_7Q2F", **HERE)
    changed = sealed[:-4] + ("AAA=" if not sealed.endswith("AAA=") else "BBB=")
    with pytest.raises(NotOpened):
        Vault([OLD]).open(changed, **HERE)


@pytest.mark.parametrize("text", ["", "plain", "v1:k1:AAAA", "v2:k1:AAAA:AAAA", "v1:k1:!!!:AAAA", "v1:k1:AAAA:AAAA"])
def test_what_was_never_sealed_does_not_open(text):
    with pytest.raises(NotOpened):
        Vault([OLD]).open(text, **HERE)


def test_a_vault_without_a_key_is_refused():
    with pytest.raises(VaultError):
        Vault([])


@pytest.mark.parametrize(("secret", "hint"), [("sk_live_abcd7Q2F", "7Q2F"), ("hunter2", ""), ("", "")])
def test_a_hint_shows_four_characters_of_long_secrets_only(secret, hint):
    assert hint_of(secret) == hint
