"""What can go wrong between a bridge and a board, named by the fact.

DriverError                 code, may_have_fired
├── BoardUnreachable        "board_unreachable"   cannot connect, or the port is missing
├── BoardSilent             "board_silent"        no answer in time
├── BoardRefused            "board_refused"       the board answered with an exception
├── BadReply                "bad_reply"           it answered something else than was asked
├── DeadlinePassed          "deadline_passed"     too late: nothing was written
├── UnknownDriver           "unknown_driver"      configuration: no such driver
└── BadProfile              "bad_profile"         configuration: field names the culprit

``may_have_fired`` answers the one question that matters after a failed pulse: could the lock
have moved? It is false only when no byte of the request left this machine, or when the board
itself said that it did nothing.
"""

from __future__ import annotations

from typing import ClassVar


class DriverError(Exception):
    """The root of everything that a driver raises on purpose."""

    code: ClassVar[str] = "driver_error"

    def __init__(self, message: str, *, may_have_fired: bool = False) -> None:
        super().__init__(message)
        self.may_have_fired = may_have_fired


class BoardUnreachable(DriverError):
    """There is no way to the board: connection refused, port missing or not permitted."""

    code = "board_unreachable"


class BoardSilent(DriverError):
    """The board did not answer within its time."""

    code = "board_silent"


class BoardRefused(DriverError):
    """The board answered that it will not do this."""

    code = "board_refused"


class BadReply(DriverError):
    """The board answered, but not to what was asked."""

    code = "bad_reply"


class DeadlinePassed(DriverError):
    """The deadline passed before the first byte was written, so nothing was written."""

    code = "deadline_passed"


class UnknownDriver(DriverError):
    """The configuration names a driver that does not exist."""

    code = "unknown_driver"

    def __init__(self, message: str, *, field: str = "driver") -> None:
        super().__init__(message)
        self.field = field


class BadProfile(DriverError):
    """The configuration of a board or reader cannot be used; ``field`` says which part."""

    code = "bad_profile"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field
