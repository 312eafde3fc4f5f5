"""The few Modbus messages that a relay board needs beyond the library's own.

Function 5 writes one coil. The library can only say ON (FF00) and OFF (0000), while a
Waveshare board takes a pulse length there: address 0x0200 + channel, value in tenths of a
second. So this driver has its own function 5, whose value is any 16 bit number and whose
reply is compared bit by bit with what was asked.
"""

from __future__ import annotations

import struct

from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadDiscreteInputsRequest,
    WriteMultipleCoilsRequest,
)

FLASH_BASE = 0x0200
FLASH_STEP_MS = 100
ALL_RELAYS = 0x00FF
ON = 0xFF00
OFF = 0x0000


class CoilWrite(ModbusPDU):
    """Function 5 with a raw value; the board's reply has the same shape."""

    function_code = 5
    rtu_frame_size = 8

    def __init__(self, *, address: int = 0, value: int = 0, dev_id: int = 0) -> None:
        super().__init__(address=address, dev_id=dev_id)
        self.value = value

    def encode(self) -> bytes:
        """Encode address and value."""
        return struct.pack(">HH", self.address, self.value)

    def decode(self, data: bytes) -> None:
        """Decode address and value."""
        self.address, self.value = struct.unpack(">HH", data)


def flash(unit: int, channel: int, pulse_ms: int) -> CoilWrite:
    """Ask the board to switch one relay on and, by its own clock, off again.

    The board counts in tenths of a second; a pulse in between is rounded up.
    """
    steps = -(-pulse_ms // FLASH_STEP_MS)
    return CoilWrite(address=FLASH_BASE + channel, value=steps, dev_id=unit)


def switch(unit: int, channel: int, *, on: bool) -> CoilWrite:
    """Ask the board to switch one relay and leave it so."""
    return CoilWrite(address=channel, value=ON if on else OFF, dev_id=unit)


def all_off_at_once(unit: int) -> CoilWrite:
    """Ask a Waveshare board to switch every relay off."""
    return CoilWrite(address=ALL_RELAYS, value=OFF, dev_id=unit)


def all_off(unit: int, channels: int) -> WriteMultipleCoilsRequest:
    """Ask any board to switch its relays off, with the standard function 15."""
    return WriteMultipleCoilsRequest(address=0, bits=[False] * channels, dev_id=unit)


def read_inputs(unit: int, first: int, count: int) -> ReadDiscreteInputsRequest:
    """Ask for the door contacts."""
    return ReadDiscreteInputsRequest(address=first, count=count, dev_id=unit)


def read_relays(unit: int, count: int) -> ReadCoilsRequest:
    """Ask for the relays: the question for a board that has no door contacts."""
    return ReadCoilsRequest(address=0, count=count, dev_id=unit)
