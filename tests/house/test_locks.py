"""One `serve` per home, and short commands one after the other."""

import threading

import pytest

from flowbuilder.embedded.errors import EmbeddedError
from flowbuilder.embedded.locks import LONG, SHORT, HomeServedError, home_lock


@pytest.mark.parametrize("second", [LONG, SHORT])
def test_a_home_that_is_served_is_refused(tmp_path, second):
    with (
        home_lock(tmp_path, LONG),
        pytest.raises(HomeServedError, match="is served by process"),
        home_lock(tmp_path, second),
    ):
        pass


@pytest.mark.parametrize("second", [LONG, SHORT])
def test_a_short_command_is_waited_for(tmp_path, second):
    ended = threading.Event()
    with home_lock(tmp_path, SHORT):
        waiting = threading.Thread(target=_take_and_note, args=(tmp_path, second, ended))
        waiting.start()
        assert not ended.wait(0.5)
    waiting.join(60)
    assert ended.is_set()


def test_a_short_command_that_does_not_end_is_named(tmp_path):
    with (
        home_lock(tmp_path, SHORT),
        pytest.raises(EmbeddedError, match="does not end"),
        home_lock(tmp_path, SHORT, 0.2),
    ):
        pass


def test_a_home_is_free_again_afterwards(tmp_path):
    with home_lock(tmp_path, LONG):
        pass
    with home_lock(tmp_path, LONG):
        assert (tmp_path / "lock").read_text().startswith("serve ")


def _take_and_note(home, role, ended):
    with home_lock(home, role, 20):
        ended.set()
