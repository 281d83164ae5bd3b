"""Where rows of campaigns come from: the one place where offers will be asked for that buyers write themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection as Database


class Campaigns(Protocol):
    """Knows which buyers are in which campaign; a worker asks within a turn, once for a lead at each such group."""

    def rows(self, database: Database, account_id: UUID, campaign: str, now: datetime) -> Sequence[dict[str, Any]]:
        """Return the rows of an account's campaign at a moment, in their order; none where it has no such campaign.

        A row is plain JSON, as it is written in a group: `{"id", "connection", "price", …}`. Its id is the same for as
        long as it is the same buyer's offer, because its caps go by it, and so does who was asked before. Whatever may
        not be in it (`rules.steps.group.campaign`), and connections of other accounts, are refused later.
        """


class NoCampaigns:
    """There are none yet: every group sells to the buyers alone that are written in it."""

    def rows(
        self,
        database: Database,  # noqa: ARG002  (what campaigns will be read from)
        account_id: UUID,  # noqa: ARG002
        campaign: str,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> Sequence[dict[str, Any]]:
        """Return none."""
        return ()


NO_CAMPAIGNS = NoCampaigns()
