"""Why a board or reader cannot be reached, in one stable word for those who can mend it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

from lockers.drivers.errors import DriverError

_OF_PORTS = {
    errno.ENOENT: "port_missing",
    errno.ENODEV: "port_missing",
    errno.ENXIO: "port_missing",
    errno.EACCES: "port_not_permitted",
    errno.EPERM: "port_not_permitted",
    # An exclusive lock is refused with the first, an exclusive opening with the second.
    errno.EAGAIN: "port_taken",
    errno.EBUSY: "port_taken",
    errno.ECONNREFUSED: "connection_refused",
    errno.EHOSTUNREACH: "no_route",
    errno.ENETUNREACH: "no_route",
}


def trouble(error: BaseException) -> str:
    """Return the word for an error: of the port where there is one, else the driver's own code."""
    for cause in _chain(error):
        if isinstance(cause, socket.gaierror):
            return "no_such_host"
        if isinstance(cause, OSError) and cause.errno in _OF_PORTS:
            return _OF_PORTS[cause.errno]
    return error.code if isinstance(error, DriverError) else "board_unreachable"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        # pyserial raises its own error in the middle of handling the socket's.
        error = error.__cause__ or error.__context__
