"""The sender of a process: the guarded door, with access tokens where calls need them."""

from collections.abc import Callable

from sqlalchemy import Engine

from flowbuilder.addresses import own_addresses
from flowbuilder.config import Settings
from workers.delivery.calls import Sent
from workers.delivery.kept_tokens import token_keeper
from workers.delivery.send import Sender
from workers.delivery.tokens import TokenSender


def make_sender(own: Settings, database: Engine, on_result: Callable[[Sent], object]) -> TokenSender:
    """Return a sender that may call what the settings allow; tokens are kept in the database."""
    return TokenSender(
        on_result,
        lambda receive: Sender(receive, allow=own.outbound_allow, own=own_addresses()),
        token_keeper(own, database),
    )
