"""One libcurl handle: a call goes to the one address that was checked, and is never sent twice by itself."""

import socket
from typing import Any

import pycurl

from flowbuilder.addresses import AddressBlocked
from rules.delivery.url import Target, bracketed
from rules.delivery.wire import Reply
from workers.delivery.calls import Flight, Kind
from workers.delivery.exchange import Descriptor, Exchange, header_lines

MAX_IDLE_SECONDS = 20
"""Servers close a kept connection after some idle time, and a lead written to one that is just being closed is
ambiguous; so ours are not used again after a pause that most servers bear."""
NOT_MADE = "The worker stopped before the call was made."
_CONNECT_ERRORS = {
    pycurl.E_COULDNT_CONNECT: "The server refused the connection or could not be reached.",
    pycurl.E_OPERATION_TIMEDOUT: "The server could not be reached in time.",
    pycurl.E_ABORTED_BY_CALLBACK: NOT_MADE,
}
_ANSWER_ERRORS = {
    pycurl.E_OPERATION_TIMEDOUT: "The server did not answer in time.",
    pycurl.E_GOT_NOTHING: "The server closed the connection without an answer.",
    pycurl.E_PARTIAL_FILE: "The server's answer was cut short.",
    pycurl.E_UNSUPPORTED_PROTOCOL: "The server's answer was not HTTP.",
    pycurl.E_ABORTED_BY_CALLBACK: "The worker stopped before the answer was read.",
}


class Transfer:
    """One libcurl handle, used for one call after the other, with what it has read of the answer."""

    def __init__(self, ca_file: str) -> None:
        self.easy = pycurl.Curl()
        self._exchange = Exchange()
        self._way: tuple[str, Target, str] | None = None
        self._set_once(ca_file)

    def begin(self, flight: Flight, address: str, now: float, *, has_spare: bool) -> None:
        """Prepare the handle for a call to this one address, which was checked; it may use a kept connection."""
        self.flight = flight
        self.address = address
        self.is_blocked = False
        self._exchange.begin(flight.call.request.body)
        self._set_call(flight, address, now, has_spare=has_spare)

    def outcome(self, code: int, message: str) -> tuple[Kind, str, Reply | None]:
        """Return what became of the call, given how libcurl says it ended."""
        if self.is_blocked:
            return "blocked", str(AddressBlocked()), None
        if code == pycurl.E_OK or (code == pycurl.E_WRITE_ERROR and self._exchange.is_full):
            return "reply", "", self._exchange.reply(self.easy.getinfo(pycurl.RESPONSE_CODE))
        if self.easy.getinfo(pycurl.REQUEST_SIZE) == 0:
            return "not_sent", _CONNECT_ERRORS.get(code) or f"No connection to the server: {message}", None
        return "ambiguous", _ANSWER_ERRORS.get(code, "The connection broke before the answer was read."), None

    def _set_once(self, ca_file: str) -> None:
        options: dict[int, Any] = {
            pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
            pycurl.PROTOCOLS: pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS,
            pycurl.FOLLOWLOCATION: 0,
            pycurl.PATH_AS_IS: 1,
            pycurl.PROXY: "",
            pycurl.NOPROXY: "*",
            pycurl.NETRC: pycurl.NETRC_IGNORED,
            pycurl.NOSIGNAL: 1,
            pycurl.HTTP09_ALLOWED: 0,
            pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,
            pycurl.SSL_VERIFYPEER: 1,
            pycurl.SSL_VERIFYHOST: 2,
            pycurl.CAINFO: ca_file,
            pycurl.MAXAGE_CONN: MAX_IDLE_SECONDS,
            # The body comes from a callback and there is none to go back to its beginning: so libcurl cannot send a
            # lead a second time by itself when a kept connection dies after the server has read it.
            pycurl.READFUNCTION: self._exchange.give_body,
            pycurl.HEADERFUNCTION: self._exchange.take_header,
            pycurl.WRITEFUNCTION: self._exchange.take_body,
            pycurl.OPENSOCKETFUNCTION: self._open_socket,
            pycurl.PREREQFUNCTION: self._confirm_address,
        }
        for option, setting in options.items():
            self.easy.setopt(option, setting)

    def _set_call(self, flight: Flight, address: str, now: float, *, has_spare: bool) -> None:
        request, easy = flight.call.request, self.easy
        way = request.method, flight.target, address
        if way != self._way:
            self._set_way(*way)
            self._way = way
        easy.setopt(pycurl.HTTPHEADER, header_lines(request.headers, has_body=bool(request.body)))
        easy.setopt(pycurl.POSTFIELDSIZE_LARGE, len(request.body))
        # Without a body there is nothing to go back to, and libcurl would repeat the request on a new connection.
        easy.setopt(pycurl.FRESH_CONNECT, 0 if has_spare and request.body else 1)
        easy.setopt(pycurl.TIMEOUT_MS, _milliseconds(flight.deadline - now))
        easy.setopt(pycurl.CONNECTTIMEOUT_MS, _milliseconds(flight.connect_by - now))

    def _set_way(self, method: str, target: Target, address: str) -> None:
        """Set where to and by which method; it stays so until another call goes another way."""
        easy = self.easy
        easy.setopt(pycurl.URL, target.url)
        # Pinned for this handle alone: an entry of RESOLVE would stay in the name cache that all handles share.
        easy.setopt(pycurl.CONNECT_TO, [f"{bracketed(target.host)}:{target.port}:{bracketed(address)}:{target.port}"])
        # As a GET libcurl announces no body at all; as a POST it announces one of no bytes.
        easy.setopt(pycurl.HTTPGET if method == "GET" else pycurl.POST, 1)
        easy.setopt(pycurl.CUSTOMREQUEST, method)

    def _open_socket(self, _purpose: int, wanted: Any) -> Descriptor | int:
        if wanted.addr[0] != self.address:
            self.is_blocked = True
            return int(pycurl.SOCKET_BAD)
        try:
            return Descriptor(socket.socket(wanted.family, wanted.socktype, wanted.protocol).detach())
        except OSError:
            return int(pycurl.SOCKET_BAD)  # No more descriptors: an error of this call, and not of the loop.

    def _confirm_address(self, remote: str, _local: str, _remote_port: int, _local_port: int) -> int:
        # Also asked for a kept connection, which opens no socket: it must lead to the address checked for this call.
        self.is_blocked = remote != self.address
        return int(pycurl.PREREQFUNC_ABORT if self.is_blocked else pycurl.PREREQFUNC_OK)


def _milliseconds(seconds: float) -> int:
    """Return whole milliseconds, at least 1, as libcurl takes 0 for "no limit"."""
    return max(1, round(seconds * 1000))
