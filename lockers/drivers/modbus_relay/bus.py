"""One wire, one connection, one transaction at a time."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from functools import partial
from typing import Literal

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from lockers.drivers.errors import (
    BadReply,
    BoardRefused,
    BoardSilent,
    BoardUnreachable,
    DeadlinePassed,
)
from lockers.drivers.modbus_relay.frames import CoilWrite
from lockers.drivers.modbus_relay.profile import Address, Profile
from lockers.drivers.modbus_relay.serial_port import PunctualSerial, open_port
from lockers.drivers.turns import Priority, Turns
from lockers.drivers.wire import Log, Logged
from lockers.drivers.wire.bus import Counts

CONNECT_TIMEOUT_S = 3.0
# RTU replies carry no number: after a failure a straggler gets this long to arrive unheard.
STRAGGLER_S = 0.25
# Exceptions with which a board says "and I did nothing": function, address, value, busy, no path.
_DID_NOTHING = frozenset({1, 2, 3, 6, 0x0A})
_GATEWAY_SILENT = 0x0B
# Linger on, for no time: closing throws unsent bytes away instead of delivering them later.
_NO_LINGER = struct.pack("ii", 1, 0)

_Client = AsyncModbusTcpClient | AsyncModbusSerialClient


class Bus:
    """The only owner of one connection, shared by the boards at one address.

    Any failure closes the connection, so that a late reply finds nobody to mislead; the next
    transaction connects again.
    """

    def __init__(self, address: Address, profile: Profile) -> None:
        self.address = address
        self.line = profile.line
        self.counts = Counts()
        self.log = Log()
        self._turns = Turns()
        self._client: _Client | None = None
        self._is_rtu = address.kind != "tcp"
        # 3.5 characters of silence part two RTU frames; one millisecond more for the adapter.
        self._gap_s = 3.5 * 11 / profile.baudrate + 0.001 if self._is_rtu else 0.0
        self._quiet_until = 0.0
        self._unit_quiet_until: dict[int, float] = {}
        self._not_after = 0.0
        self._was_sent = False
        self._raw = b""
        self._boards = 0

    def join(self) -> None:
        """Count one more board on this bus."""
        self._boards += 1

    async def leave(self) -> None:
        """Count one board less; the last one closes the connection."""
        self._boards -= 1
        if self._boards <= 0:
            self._drop("nobody needs it")

    async def transact(
        self,
        request: ModbusPDU,
        *,
        priority: Priority,
        deadline: float,
        reply_s: float,
        moves_lock: bool = False,
    ) -> tuple[ModbusPDU, bytes]:
        """Send one request and return the reply with its bytes.

        Nothing is written after the deadline, nor is a reply awaited beyond it. Raises
        BoardUnreachable, BoardSilent, BoardRefused, BadReply or DeadlinePassed.
        """
        async with self._turns.take(priority, deadline=deadline):
            await self._keep_quiet(request.dev_id, deadline)
            client = await self._connect(deadline)
            self.counts.transactions += 1
            begun = time.monotonic()
            try:
                answer = await self._exchange(client, request, deadline, reply_s, moves_lock)
            except (BoardRefused, DeadlinePassed):
                self._end_frame()
                raise
            except BaseException as error:
                self.counts.reopened += 1
                self._drop(str(error) or type(error).__name__)
                self._end_frame()
                if self._is_rtu:
                    straggler = asyncio.get_running_loop().time() + STRAGGLER_S
                    self._unit_quiet_until[request.dev_id] = straggler
                    if not isinstance(error, BoardSilent):
                        # Given up early (cancelled, garbled): the reply may still be on its
                        # way, and on two wires it would collide with any other request.
                        self._quiet_until = straggler
                raise
            self._end_frame()
            self.counts.latencies_ms.append((time.monotonic() - begun) * 1000)
            return answer

    async def _exchange(
        self,
        client: _Client,
        request: ModbusPDU,
        deadline: float,
        reply_s: float,
        moves_lock: bool,
    ) -> tuple[ModbusPDU, bytes]:
        self._not_after = deadline
        self._was_sent = False
        # What came since the last reply answers nothing.
        self._note_noise()
        transport = client.ctx.transport
        if isinstance(transport, PunctualSerial):
            transport.not_after = deadline
            transport.was_too_late = False
        until = min(deadline, asyncio.get_running_loop().time() + reply_s)
        try:
            async with asyncio.timeout_at(until):
                reply: ModbusPDU = await client.execute(False, request)
        except TimeoutError as error:
            if isinstance(transport, PunctualSerial) and transport.was_too_late:
                self._note("end", note="it was too late and not sent after all")
                raise DeadlinePassed("the port was not ready before the deadline") from error
            self.counts.timeouts += 1
            raise BoardSilent(
                f"unit {request.dev_id} did not answer",
                may_have_fired=moves_lock and self._was_sent,
            ) from error
        except OSError as error:
            raise BoardUnreachable(
                f"the connection broke: {error}", may_have_fired=moves_lock and self._was_sent
            ) from error
        except ModbusException as error:
            raise BadReply(str(error), may_have_fired=moves_lock and self._was_sent) from error
        finally:
            self._note_echo(client)
        frame = self._take_frame(client, reply)
        if isinstance(reply, ExceptionResponse):
            self._refuse(request, reply, moves_lock)
        if reply.function_code != request.function_code:
            raise BadReply(
                f"function {reply.function_code} answered function {request.function_code}",
                may_have_fired=moves_lock,
            )
        return reply, frame

    @staticmethod
    def _refuse(request: ModbusPDU, reply: ExceptionResponse, moves_lock: bool) -> None:
        if reply.exception_code == _GATEWAY_SILENT:
            raise BoardSilent(
                f"the gateway got no answer from unit {request.dev_id}", may_have_fired=moves_lock
            )
        raise BoardRefused(
            f"unit {request.dev_id} refused with exception {reply.exception_code}",
            may_have_fired=moves_lock and reply.exception_code not in _DID_NOTHING,
        )

    async def _keep_quiet(self, unit: int, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        until = max(self._quiet_until, self._unit_quiet_until.get(unit, 0.0))
        if until >= deadline:
            raise DeadlinePassed("the bus had to stay quiet until the deadline")
        if until > loop.time():
            await asyncio.sleep(until - loop.time())
        self._unit_quiet_until.pop(unit, None)

    def _end_frame(self) -> None:
        self._quiet_until = asyncio.get_running_loop().time() + self._gap_s

    async def _connect(self, deadline: float) -> _Client:
        if self._client is not None and self._client.connected:
            return self._client
        self._drop("the board closed the connection")
        client = self._make_client()
        # Our own function 5, because its reply must be compared whole.
        client.register(CoilWrite)
        until = min(deadline, asyncio.get_running_loop().time() + CONNECT_TIMEOUT_S)
        try:
            async with asyncio.timeout_at(until):
                transport, _ = await client.ctx.call_create()
        except TimeoutError as error:
            raise BoardUnreachable(f"no connection to {self.address.host} in time") from error
        except OSError as error:
            raise BoardUnreachable(f"cannot connect: {error}") from error
        client.ctx.transport = transport
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._client = client
        self._note("open")
        return client

    def _make_client(self) -> _Client:
        # The library's own retries and reconnection are off: a repeated pulse is a decision
        # for the bank, and its timeout is ours.
        if self.address.kind != "serial":
            return AsyncModbusTcpClient(
                self.address.host,
                port=self.address.port,
                framer=FramerType.RTU if self._is_rtu else FramerType.SOCKET,
                timeout=3600,
                retries=0,
                reconnect_delay=0,
                trace_packet=self._on_packet,
                trace_connect=self._on_connection,
            )
        baudrate, parity, stopbits, local_echo = self.line
        client = AsyncModbusSerialClient(
            self.address.host,
            handle_local_echo=local_echo,
            timeout=3600,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._on_packet,
            trace_connect=self._on_connection,
        )
        client.ctx.call_create = partial(
            open_port,
            client.ctx.handle_new_connection,
            self.address.host,
            baudrate=baudrate,
            bytesize=8,
            parity=parity,
            stopbits=stopbits,
        )
        return client

    def _on_packet(self, is_sending: bool, data: bytes) -> bytes:
        """Stand between the library and the wire: the last word on the deadline is here."""
        if not is_sending:
            # It comes with all that came before, unless the library gave that up.
            if not data.startswith(self._raw):
                self._note_noise()
            self._raw = data
            return data
        if asyncio.get_running_loop().time() >= self._not_after:
            raise DeadlinePassed("the deadline passed before the request was written")
        self._was_sent = True
        self._note("sent", data)
        return data

    def _take_frame(self, client: _Client, reply: ModbusPDU) -> bytes:
        """Part the reply's own bytes from what stood around them."""
        frame: bytes = client.ctx.framer.buildFrame(reply)
        before, found, after = self._raw.partition(frame)
        if not found:
            # The library says it otherwise than the board did.
            frame, before = self._raw, b""
        self._raw = before
        self._note_noise()
        self._note("frame", frame)
        self._raw = after
        return frame

    def _note_echo(self, client: _Client) -> None:
        """Note the echo, which the library takes out where it was told that there is one."""
        if self.line[-1] and self._was_sent and not client.ctx.sent_buffer:
            self.counts.echoes += 1
            self._note("echo")

    def _note_noise(self) -> None:
        noise, self._raw = self._raw, b""
        if noise:
            self.counts.noise_bytes += len(noise)
            self._note("noise", noise)

    def _note(
        self,
        what: Literal["sent", "frame", "noise", "echo", "open", "end"],
        data: bytes = b"",
        note: str = "",
    ) -> None:
        self.log.append(Logged(time.time(), what, data, note))

    def _on_connection(self, is_up: bool) -> None:
        """Wake a waiting call when the peer hangs up, instead of letting it time out."""
        if is_up or self._client is None:
            return
        waiting = self._client.ctx.response_future
        if not waiting.done():
            waiting.set_exception(ConnectionResetError("the board closed the connection"))
            # Nobody may be waiting: an idle connection that closes is no error.
            waiting.exception()

    def _drop(self, why: str) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        self._note_noise()
        self._note("end", note=why)
        transport = client.ctx.transport
        if isinstance(transport, asyncio.WriteTransport) and not isinstance(
            transport, PunctualSerial
        ):
            sock = transport.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            transport.abort()
        client.close()
