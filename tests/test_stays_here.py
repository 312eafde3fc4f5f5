"""No test depends on what another machine answers, or on whether one does."""

from __future__ import annotations

import errno
import socket

import pytest


@pytest.mark.parametrize("address", ["10.0.0.9", "192.0.2.1"])
def test_nothing_leaves_this_machine(address: str) -> None:
    with socket.socket() as one, pytest.raises(OSError, match="stays on this machine") as refused:
        one.connect((address, 5000))
    assert refused.value.errno == errno.ENETUNREACH


def test_a_datagram_does_not_leave_either() -> None:
    with (
        socket.socket(type=socket.SOCK_DGRAM) as one,
        pytest.raises(OSError, match="stays on this machine"),
    ):
        one.sendto(b"?", ("192.0.2.255", 60000))


def test_what_listens_here_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
