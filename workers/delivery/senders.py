"""The senders of a process: the guarded door, with access tokens where calls need them, and the door for mail."""

from collections.abc import Callable

from sqlalchemy import Engine

from flowbuilder.addresses import own_addresses
from flowbuilder.config import Settings
from workers.delivery.calls import AnyCall, MailCall, Sent
from workers.delivery.email import MailSender, post_of
from workers.delivery.kept_tokens import token_keeper
from workers.delivery.send import Sender
from workers.delivery.tokens import TokenSender


class Senders:
    """Gives each call to the sender that can make it."""

    def __init__(self, web: TokenSender, mail: MailSender) -> None:
        self._web, self._mail = web, mail

    @property
    def in_flight(self) -> int:
        """Return the number of submitted calls that have no result yet."""
        return self._web.in_flight + self._mail.in_flight

    def start(self) -> None:
        """Start both; once."""
        self._web.start()
        self._mail.start()

    def submit(self, call: AnyCall) -> None:
        """Have the call made; returns at once. Raises RuntimeError when its sender is not running."""
        if isinstance(call, MailCall):
            self._mail.submit(call)
        else:
            self._web.submit(call)

    def stop(self, grace_seconds: float) -> None:
        """Let the calls end for some seconds; returns when every result was handed over."""
        self._mail.stop(grace_seconds)
        self._web.stop(grace_seconds)


def make_sender(own: Settings, database: Engine, on_result: Callable[[Sent], object]) -> Senders:
    """Return a sender that may call what the settings allow, and sends mail by them; tokens are in the database."""
    web = TokenSender(
        on_result,
        lambda receive: Sender(receive, allow=own.outbound_allow, own=own_addresses()),
        token_keeper(own, database),
    )
    return Senders(web, MailSender(on_result, post_of(own)))
