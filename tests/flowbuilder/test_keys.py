"""Keys: what is shown, what is stored, and what is read back."""

import hashlib

import pytest

from flowbuilder import ids, keys


def test_a_new_key_reads_back_as_its_id_and_the_hash_of_its_secret():
    made = keys.new_key("lk_live")
    assert keys.read_key(made.text) == keys.GivenKey("lk_live", made.id, made.secret_hash)


def test_a_key_is_its_prefix_its_public_id_and_a_secret_of_256_bits():
    made = keys.new_key("fb")
    prefix, shown, secret = made.text.split("_", 2)
    assert (prefix, shown, len(secret)) == ("fb", ids.show(made.id), 43)


def test_only_the_hash_of_the_secret_is_stored():
    made = keys.new_key("lk_test")
    secret = made.text[-43:]
    assert made.secret_hash == hashlib.sha256(secret.encode()).digest()


def test_the_hint_is_the_end_of_the_key():
    made = keys.new_key("fb")
    assert (made.text.endswith(made.hint), len(made.hint)) == (True, 4)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fb",
        "fb_01J",
        "sk_live_" + "0" * 26,
        "fb_" + "0" * 26 + "_short",
        "fb_" + "U" * 26 + "_" + "a" * 43,
        "fb_" + "0" * 26 + "_" + "a" * 42 + "\n",
        "fb_" + "Z" * 26 + "_" + "a" * 43,
        "fb_" + "0" * 26 + "_" + "ä" * 43,
        "x" * 100_000,
    ],
)
def test_what_has_not_the_form_of_a_key_is_none(text: str):
    assert keys.read_key(text) is None
