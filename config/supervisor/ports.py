"""The ports of a demonstration, checked before anything starts."""

from __future__ import annotations

import socket

BRIDGES = 3


class PortError(Exception):
    """A port that cannot be used; the text names it and says what to do."""


def parse(text: str) -> int:
    """Return PORT as a number; raises PortError."""
    if not text.isascii() or not text.isdigit() or not 1024 <= int(text) <= 65000:
        raise PortError(f"PORT={text} is not a port. Choose a number from 1024 to 65000.")
    return int(text)


def check(first: int) -> None:
    """Raise PortError unless the web server, the cabinet and the bridges' screens can listen."""
    for port in range(first, first + 2 + BRIDGES):
        with socket.socket() as probe:
            # As the servers do it: a port whose last connections linger is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                probe.listen()
            except OSError:
                raise PortError(
                    f"Port {port} is taken by another program."
                    f" Choose another: make demo PORT={first + 100}"
                ) from None
