"""A lead goes out over TLS only to the host that its address names, checked against trusted authorities."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from tests.support.caller import Caller
from tests.support.hostile import OK, Server, answering, reset_at_once, serving
from workers.delivery.send import Sent

HOST = "buyer.example.com"
Post = Callable[[Server], Sent]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def post(make_caller: Callable[..., Caller], authority: trustme.CA, tmp_path: Path) -> Post:
    """Post to a server by the name of the buyer, trusting only the test's authority."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    def call(server: Server) -> Sent:
        listed = [(HOST, server.port)]
        caller = make_caller(allow=listed, resolve=lambda host: [server.address], ca_file=str(tmp_path / "ca.pem"))
        return caller.post(f"https://{HOST}:{server.port}/leads")

    return call


def context_of(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """Return the context of a server whose certificate is its own authority."""
    other = trustme.CA()
    other.cert_pem.write_to_path(str(tmp_path / "own.pem"))
    other.private_key_pem.write_to_path(str(tmp_path / "own.key"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem", tmp_path / "own.key")
    return context


def test_the_name_is_verified_and_the_address_is_pinned(post: Post, authority: trustme.CA) -> None:
    with serving(answering(OK), context_of(authority.issue_cert(HOST))) as server:
        assert post(server).kind == "reply"
    assert server.requests[0].startswith(b"POST /leads HTTP/1.1\r\nHost: buyer.example.com:")


def assert_refused(sent: Sent, server: Server) -> None:
    assert sent.kind == "not_sent"
    assert sent.error.startswith("No connection to the server: ")
    assert server.accepted == 1
    assert server.requests == []


def test_a_self_signed_certificate_is_refused(post: Post, tmp_path: Path) -> None:
    """Case b25 of the table."""
    with serving(answering(OK), self_signed(tmp_path)) as server:
        assert_refused(post(server), server)


def test_an_expired_certificate_is_refused(post: Post, authority: trustme.CA) -> None:
    """Case b26 of the table."""
    expired = authority.issue_cert(HOST, not_after=datetime(2020, 1, 1, tzinfo=UTC))
    with serving(answering(OK), context_of(expired)) as server:
        assert_refused(post(server), server)


def test_a_certificate_for_another_name_is_refused(post: Post, authority: trustme.CA) -> None:
    """Case b27 of the table."""
    with serving(answering(OK), context_of(authority.issue_cert("other.example.com", "127.0.0.1"))) as server:
        assert_refused(post(server), server)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_server_that_speaks_only_tls_1_0_is_refused(post: Post, authority: trustme.CA) -> None:
    """Case b28 of the table."""
    context = context_of(authority.issue_cert(HOST))
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    with serving(answering(OK), context) as server:
        assert_refused(post(server), server)


def test_a_connection_that_is_reset_at_once_got_nothing(post: Post) -> None:
    """b17: over TLS this is certain, as no byte of the request leaves before the server has shown who it is."""
    with serving(reset_at_once) as server:
        assert post(server).kind == "not_sent"
    assert server.accepted == 1


def test_plain_http_is_not_spoken_to_a_tls_address(post: Post) -> None:
    with serving(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n", keep=False)) as server:
        assert post(server).kind == "not_sent"
    assert server.requests == []
