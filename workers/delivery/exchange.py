"""The bytes of one request as they are given out, and of its answer as they come in, up to fixed sizes."""

import os

from rules.delivery.wire import Headers, Reply

MAX_BODY = 64 * 1024
MAX_HEADERS = 32 * 1024


class Exchange:
    """What a transfer has sent and read; `begin` makes it ready for the next call."""

    def begin(self, body: bytes) -> None:
        """Start with this request body and an empty answer."""
        self.is_full = False
        self._unsent = memoryview(body)
        self._header_lines: list[bytes] = []
        self._header_size = 0
        self._is_head = True
        self._body = bytearray()

    def give_body(self, size: int) -> bytes:
        """Return at most `size` next bytes of the request body; none at its end."""
        chunk = bytes(self._unsent[:size])
        self._unsent = self._unsent[size:]
        return chunk

    def take_header(self, line: bytes) -> None:
        """Keep a header line of the answer; those past 32 KiB are dropped, as the status is known by then.

        What comes after the body of an answer in chunks (RFC 9110, 6.5) is no header of it.
        """
        if line.startswith(b"HTTP/"):
            self._header_lines.clear()  # The lines so far belong to an interim answer such as 100 Continue.
            self._is_head = True
        elif line in (b"\r\n", b"\n"):
            self._is_head = False
        self._header_size += len(line)
        if self._is_head and self._header_size <= MAX_HEADERS:
            self._header_lines.append(line)

    def take_body(self, chunk: bytes) -> int:
        """Keep the first 64 KiB of the answer's body; return the length of the chunk, or -1 to be given no more."""
        room = MAX_BODY - len(self._body)
        self._body += chunk[:room]
        self.is_full = len(chunk) >= room
        return -1 if self.is_full else len(chunk)

    def reply(self, status: int) -> Reply:
        """Return the answer as it was read."""
        pairs = [line.partition(":") for line in b"".join(self._header_lines).decode("latin-1").split("\n")]
        headers = [(name.strip().lower(), value.strip()) for name, colon, value in pairs if colon]
        return Reply(status, tuple(headers), bytes(self._body))


class Descriptor:
    """A socket that libcurl has made its own copy of by the time this goes, and ours is closed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        """Return the number to copy."""
        return self._descriptor

    def __del__(self) -> None:
        os.close(self._descriptor)


def header_lines(headers: Headers, *, has_body: bool = True) -> list[bytes]:
    """Return the headers as libcurl takes them: it reads `Name:` as "do not send it" and `Name;` as "send it empty"."""
    own = [f"{name}: {text}".encode() if text else f"{name};".encode() for name, text in headers]
    return [*(USUAL if has_body else WITHOUT_BODY), *own]


USUAL = (b"Expect:", b"Accept-Encoding: identity")
WITHOUT_BODY = (*USUAL, b"Content-Type:")
