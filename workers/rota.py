"""Whose leads a loop passes over: while more are due than fit into a claim, every account has its turn."""

import time
from collections.abc import Iterable
from uuid import UUID

SELDOM = 20
"""A search for the leads of others reads past all that are passed over. After one in vain there is none for so many
times as long as it took: it costs a twentieth of the time, however many stand in line."""
NOBODY: frozenset[UUID] = frozenset()


class Rota:
    """Goes round the accounts, the oldest leads first, while claims are full.

    Each claim passes over the accounts that had their turn, until one is not full: then all had theirs.
    """

    def __init__(self) -> None:
        self._served, self._again_at = NOBODY, 0.0

    @property
    def served(self) -> frozenset[UUID]:
        """Return the accounts that had their turn: for now nobody, if there were no leads but theirs just before."""
        return NOBODY if self.is_in_vain else self._served

    @property
    def is_in_vain(self) -> bool:
        """Return whether it is too soon to search for the leads of others again."""
        return time.monotonic() < self._again_at

    def note(self, accounts: Iterable[UUID], passed_over: frozenset[UUID], *, is_full: bool, seconds: float) -> None:
        """Note whose leads a claim brought that passed over some accounts, and how long it searched."""
        claimed = frozenset(accounts)
        self._served = passed_over | claimed if is_full else NOBODY
        if passed_over and not claimed:
            self._again_at = time.monotonic() + seconds * SELDOM
