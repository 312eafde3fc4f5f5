"""Why a port cannot be opened, in one word: from the errors that the real libraries raise."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import socket
from pathlib import Path

import pytest
import serial

from lockers.drivers.errors import BadReply, BoardSilent, BoardUnreachable
from lockers.drivers.trouble import trouble
from lockers.drivers.wire import parse_line
from lockers.drivers.wire.port import Port


async def word_for(address: str) -> str:
    with pytest.raises(BoardUnreachable) as raised:
        await Port.open(parse_line(address), lambda _data: None, lambda _why: None)
    return trouble(raised.value)


async def test_a_port_that_is_not_there(tmp_path: Path) -> None:
    assert await word_for(str(tmp_path / "ttyUSB0")) == "port_missing"


async def test_a_port_that_another_program_has() -> None:
    ours, theirs = pty.openpty()
    try:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        assert await word_for(os.ttyname(theirs)) == "port_taken"
    finally:
        os.close(ours)
        os.close(theirs)


async def test_a_port_that_is_not_ours_to_open() -> None:
    # As root nothing is forbidden, so the error is as pyserial makes it.
    assert trouble(serial.SerialException(errno.EACCES, "could not open")) == "port_not_permitted"


async def test_an_address_where_nothing_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert await word_for(f"tcp://127.0.0.1:{taken.getsockname()[1]}") == "connection_refused"


async def test_a_name_that_nobody_knows() -> None:
    assert await word_for("tcp://nowhere.invalid:5000") == "no_such_host"


@pytest.mark.parametrize("error", [BoardSilent("x"), BadReply("x"), BoardUnreachable("x")])
def test_what_is_no_ports_fault_keeps_the_drivers_word(error: Exception) -> None:
    assert trouble(error) == error.code  # type: ignore[attr-defined]
