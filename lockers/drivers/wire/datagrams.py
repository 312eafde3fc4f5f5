"""UDP with the face of a serial port, for controllers that sit on the network themselves."""

from __future__ import annotations

import socket

_LONGEST = 2048


class Datagrams:
    """Sends to one address, or to all of a network where the address is its broadcast.

    Every ``read`` returns one whole datagram. From an address, only its own answers are taken.
    """

    in_waiting = 0

    def __init__(self, host: str, port: int, *, timeout: float) -> None:
        self._address: tuple[str, int] | None = (host, port)
        self._socket = _unlike(port)
        try:
            self._socket.connect((host, port))
        except PermissionError:
            # Broadcasts must be asked for, and no answer comes from the address they went to.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        except OSError:
            self._socket.close()
            raise
        else:
            self._address = None
        self._socket.settimeout(timeout)

    def read(self, _size: int = 1) -> bytes:
        """Return the next datagram, or nothing after the timeout."""
        try:
            return self._socket.recv(_LONGEST)
        except TimeoutError:
            return b""

    def write(self, data: bytes) -> None:
        """Send one datagram."""
        if self._address is None:
            self._socket.send(data)
        else:
            self._socket.sendto(data, self._address)

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


def _unlike(port: int) -> socket.socket:
    """Bind any port but this one: a broadcast to it would come back as its own answer."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("", 0))
    if bound.getsockname()[1] != port:
        return bound
    with bound:
        return _unlike(port)
