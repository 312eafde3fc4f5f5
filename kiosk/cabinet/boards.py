"""The bank's end of the wire: Modbus TCP boards, played by the pymodbus server.

From the public description of Waveshare relay boards: function 5 at 0x0000 + n switches relay
n, at 0x0200 + n switches it on for value x 100 ms, and at 0x00FF switches all relays.
Function 2 reads the contacts.
"""

from __future__ import annotations

import asyncio
import struct
from functools import partial
from typing import Any, ClassVar, cast

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from kiosk.cabinet.steel import SLOW_BOARD_S, Bank, Board

READ_RELAYS, READ_CONTACTS, SWITCH_SEVERAL = 1, 2, 15
ALL = 0x00FF
FLASH_ON = 0x0200
LONGEST_FLASH = 0x7FFF


class CoilOrder(ModbusPDU):
    """Function 5 as these boards understand it; the answer repeats the order."""

    function_code = 5
    rtu_frame_size = 8
    bank: ClassVar[Bank]

    def __init__(self, dev_id: int = 0, transaction_id: int = 0) -> None:
        super().__init__(dev_id=dev_id, transaction_id=transaction_id)
        self.value = 0

    def encode(self) -> bytes:
        """Write address and value."""
        return struct.pack(">HH", self.address, self.value)

    def decode(self, data: bytes) -> None:
        """Read address and value."""
        self.address, self.value = struct.unpack(">HH", data)

    async def datastore_update(self, context: Any, device_id: int) -> ModbusPDU:
        """Carry the order out."""
        board = self.bank.boards[device_id]
        problem = self._obey(board)
        if board.is_slow:
            await asyncio.sleep(SLOW_BOARD_S)
        if problem is not None:
            return ExceptionResponse(self.function_code, problem)
        return self

    def _obey(self, board: Board) -> ExcCodes | None:
        kind, channel = self.address & 0xFF00, self.address & 0x00FF
        if kind == FLASH_ON and channel < board.plan.channels:
            if not 1 <= self.value <= LONGEST_FLASH:
                return ExcCodes.ILLEGAL_VALUE
            board.flash(channel, self.value / 10)
            return None
        if self.address != ALL and (kind or channel >= board.plan.channels):
            return ExcCodes.ILLEGAL_ADDRESS
        if self.value not in (0x0000, 0xFF00):
            return ExcCodes.ILLEGAL_VALUE
        every = range(board.plan.channels) if self.address == ALL else [channel]
        for one in every:
            board.switch(one, on=bool(self.value))
        return None


class BankServer:
    """All boards of one bank behind one TCP port."""

    def __init__(self, bank: Bank, host: str) -> None:
        self._bank = bank
        self._host = host
        self._server: ModbusTcpServer | None = None

    async def start(self) -> int:
        """Listen, and return the port; raises RuntimeError when the port is taken."""
        order = type("BankCoilOrder", (CoilOrder,), {"bank": self._bank})
        self._server = ModbusTcpServer(
            [self._device(board) for board in self._bank.boards.values()],
            address=(self._host, self._bank.plan.modbus_port),
            custom_pdu=[order],
            trace_pdu=self._hear,
        )
        await self._server.serve_forever(background=True)
        listener = cast(asyncio.Server, self._server.transport)
        port: int = listener.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Hang up and stop listening."""
        if self._server is not None:
            self._server.close()

    def _hear(self, is_sending: bool, message: ModbusPDU) -> ModbusPDU:
        """Be deaf for boards that are not there: on a real wire nobody answers for them.

        The library would answer exception 4. It ignores a request whose trace gives nothing
        back, which its type does not admit.
        """
        board = self._bank.boards.get(message.dev_id)
        if not is_sending and (board is None or board.is_silent):
            return cast(ModbusPDU, None)
        return message

    def _device(self, board: Board) -> SimDevice:
        bits = [SimData(0, values=[False] * board.plan.channels, datatype=DataType.BITS)]
        none = [SimData(0, datatype=DataType.REGISTERS)]
        return SimDevice(
            board.plan.unit,
            simdata=(bits, list(bits), none, list(none)),
            action=partial(_access, board),
        )


async def _access(
    board: Board,
    function: int,
    _start: int,
    address: int,
    _count: int,
    registers: list[int],
    values: list[int] | list[bool] | None,
) -> ExcCodes | None:
    """Answer reads from the steel and pass writes on to it."""
    if function == SWITCH_SEVERAL and values is not None:
        if address + len(values) > board.plan.channels:
            return ExcCodes.ILLEGAL_ADDRESS
        for place, value in enumerate(values):
            board.switch(address + place, on=bool(value))
    elif function in (READ_RELAYS, READ_CONTACTS):
        bits = board.relays if function == READ_RELAYS else board.contacts()
        for place in range(0, len(bits), 16):
            registers[place // 16] = sum(
                1 << order for order, bit in enumerate(bits[place : place + 16]) if bit
            )
    if board.is_slow:
        await asyncio.sleep(SLOW_BOARD_S)
    return None
