"""The ports of a demonstration, checked before anything listens."""

from __future__ import annotations

import socket
from collections.abc import Iterable

LOWEST, HIGHEST = 1024, 65000
# The web server, the cabinet's page, and the screens of three bridges.
FIRST_ONES = 5
# Demonstrations this far apart leave each other's boards and readers alone.
APART = 300


class PortError(Exception):
    """A port that cannot be used; the text names it and says what to do."""


def parse(text: str) -> int:
    """Return PORT as a number; raises PortError."""
    if not text.isascii() or not text.isdigit() or not LOWEST <= int(text) <= HIGHEST:
        raise PortError(f"PORT={text} is not a port. Choose a number from {LOWEST} to {HIGHEST}.")
    return int(text)


def check(first: int, more: Iterable[int] = ()) -> None:
    """Raise PortError unless a demonstration at this port, and more, can listen."""
    for port in [*range(first, first + FIRST_ONES), *more]:
        if not _is_free(port):
            raise PortError(
                f"Port {port} is taken by another program."
                f" Choose another: make demo PORT={_another(first)}"
            )


def _another(first: int) -> int:
    """Return the next port whose neighbours are free too."""
    for port in range(first + APART, HIGHEST, APART):
        if all(_is_free(near) for near in range(port, port + FIRST_ONES)):
            return port
    return 8000


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do it: a port whose last connections linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Say whether something listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
