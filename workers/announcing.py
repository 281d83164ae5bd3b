"""Tells web processes over Valkey which of the leads that they wait for have an answer, without waiting to be heard."""

from collections.abc import Mapping, Sequence

from redis import Redis
from redis.connection import Connection
from redis.exceptions import RedisError

from flowbuilder import enqueue
from flowbuilder.enqueue import Finished


class Announcer:
    """Tells what became of one turn after the other. What was not heard is told again with the next."""

    def __init__(self, redis: Redis) -> None:
        self._redis, self._pool = redis, redis.connection_pool
        self._link: Connection | None = None
        self._unheard: Mapping[str, Sequence[Finished]] = {}
        self._replies = 0

    def tell(self, finished: Mapping[str, Sequence[Finished]]) -> None:
        """Tell each web process, by its id, which leads have an answer, and what the supplier gets for each."""
        unheard, self._unheard = self._unheard, {}
        try:
            self._hear()
            unheard = {}
            self._send(finished)
            self._unheard = finished
        except RedisError:
            webs = {**unheard, **finished}
            enqueue.announce_finished(
                self._redis, {web_id: [*unheard.get(web_id, ()), *finished.get(web_id, ())] for web_id in webs}
            )

    def close(self) -> None:
        """See to it that what was told last was heard."""
        if self._unheard:
            self.tell({})

    def _send(self, finished: Mapping[str, Sequence[Finished]]) -> None:
        """Send without waiting for replies, which come while the next turn works; raises RedisError."""
        commands = enqueue.announcement(finished)
        if commands:
            # A connection that is taken out of the pool was looked at: it is open, and nothing lies in it.
            self._link, self._replies = self._pool.get_connection(), 0
            self._link.send_packed_command(self._link.pack_commands(commands))  # type: ignore[no-untyped-call]
            self._replies = len(commands)

    def _hear(self) -> None:
        """Take the replies to what was told last; raises RedisError where it was not heard."""
        link, self._link = self._link, None
        if link is None:
            return
        try:
            for _ in range(self._replies):
                link.read_response()
        except RedisError:
            link.disconnect()  # type: ignore[no-untyped-call]
            raise
        finally:
            self._pool.release(link)
