"""One wire, one port, one transaction at a time, and ears for what boards say unasked."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from lockers.drivers.errors import BoardSilent, BoardUnreachable, DeadlinePassed
from lockers.drivers.turns import Priority, Turns
from lockers.drivers.wire.codec import Codec, Frame, Noise
from lockers.drivers.wire.line import Line
from lockers.drivers.wire.log import Log, Logged
from lockers.drivers.wire.port import Port

T = TypeVar("T")
CONNECT_TIMEOUT_S = 3.0
# Replies carry no number: after a failure a straggler gets this long to arrive unheard.
STRAGGLER_S = 0.25
# USB adapters and terminal servers hand bytes on in pieces: so long a pause is no end of a frame.
PIECES_S = 0.02
FAILURES_BEFORE_REOPENING = 2


@dataclass
class Counts:
    """What a wire has seen since its bridge started."""

    transactions: int = 0
    timeouts: int = 0
    noise_bytes: int = 0
    echoes: int = 0
    reopened: int = 0
    latencies_ms: deque[float] = field(default_factory=lambda: deque(maxlen=200))


class Bus:
    """The only owner of one port, shared by the boards on its wire.

    After ``patience`` failures in a row the port is opened anew.
    """

    def __init__(
        self, line: Line, codec: Callable[[], Codec], *, patience: int = FAILURES_BEFORE_REOPENING
    ) -> None:
        self.line = line
        self._patience = patience
        self.counts = Counts()
        self.log = Log()
        self._new_codec = codec
        self._codec = codec()
        self._turns = Turns()
        self._port: Port | None = None
        self._opening: asyncio.Task[Port] | None = None
        self._closing: Port | None = None
        self._quiet_until = 0.0
        self._failures = 0
        self._boards = 0
        self._heard: asyncio.Queue[Frame | BoardUnreachable] | None = None
        self._echo_to_come = b""
        self._silence: asyncio.TimerHandle | None = None
        self._unasked: list[Callable[[Frame], None]] = []

    def join(self, unasked: Callable[[Frame], None] | None = None) -> None:
        """Count one more board; ``unasked`` is told every frame that answers nobody's question."""
        self._boards += 1
        if unasked is not None:
            self._unasked.append(unasked)

    async def leave(self) -> None:
        """Count one board less; the last one closes the port."""
        self._boards -= 1
        if self._boards <= 0:
            self._drop("nobody needs it")
            await self._gone()

    async def listen(self, *, deadline: float) -> None:
        """Open the port, to hear boards that speak unasked; raises as ``transact``."""
        async with self._turns.take(Priority.READ, deadline=deadline):
            await self._open(deadline)

    async def transact(
        self,
        request: bytes,
        answers: Callable[[Frame], T | None],
        *,
        priority: Priority,
        deadline: float,
        reply_s: float,
        moves_lock: bool = False,
    ) -> T:
        """Send one request and return what ``answers`` makes of the frame that answers it.

        Nothing is written after the deadline, nor is an answer awaited beyond it. ``answers``
        returns None for a frame that is about something else. Raises BoardUnreachable,
        BoardSilent, DeadlinePassed, and what ``answers`` raises.
        """
        async with self._turns.take(priority, deadline=deadline):
            await self._keep_quiet(deadline)
            port = await self._open(deadline)
            self.counts.transactions += 1
            begun = time.monotonic()
            try:
                answer = await self._exchange(port, request, answers, deadline, reply_s, moves_lock)
            except DeadlinePassed:
                raise
            except BaseException as error:
                self._fail(error)
                raise
            finally:
                self._stop_hearing()
            self._failures = 0
            self.counts.latencies_ms.append((time.monotonic() - begun) * 1000)
            self._quiet_until = time.monotonic() + self.line.gap_s
            return answer

    async def send(
        self, request: bytes, *, priority: Priority, deadline: float, settle_s: float = 0.0
    ) -> None:
        """Send what is answered by nothing, and leave the wire quiet for ``settle_s``.

        Raises BoardUnreachable and DeadlinePassed.
        """
        async with self._turns.take(priority, deadline=deadline):
            await self._keep_quiet(deadline)
            port = await self._open(deadline)
            self.counts.transactions += 1
            self._echo_to_come = request if self.line.local_echo else b""
            await self._write(port, request, deadline)
            pause = max(self.line.gap_s, settle_s)
            self._quiet_until = time.monotonic() + self.line.lasts_s(len(request)) + pause

    async def _exchange(
        self,
        port: Port,
        request: bytes,
        answers: Callable[[Frame], T | None],
        deadline: float,
        reply_s: float,
        moves_lock: bool,
    ) -> T:
        heard: asyncio.Queue[Frame | BoardUnreachable] = asyncio.Queue()
        self._heard = heard
        self._echo_to_come = request if self.line.local_echo else b""
        try:
            await self._write(port, request, deadline)
        except BoardUnreachable as error:
            error.may_have_fired = error.may_have_fired and moves_lock
            raise
        until = min(deadline, time.monotonic() + self.line.lasts_s(len(request)) + reply_s)
        try:
            async with asyncio.timeout_at(until):
                while True:
                    one = await heard.get()
                    if isinstance(one, BoardUnreachable):
                        one.may_have_fired = moves_lock
                        raise one
                    answer = answers(one)
                    if answer is not None:
                        return answer
                    self._tell_unasked(one)
        except TimeoutError as error:
            self.counts.timeouts += 1
            raise BoardSilent("no answer", may_have_fired=moves_lock) from error

    async def _write(self, port: Port, request: bytes, deadline: float) -> None:
        await port.write(
            request,
            not_after=deadline,
            on_write=lambda: self.log.append(Logged(time.time(), "sent", request)),
        )

    async def _keep_quiet(self, deadline: float) -> None:
        if self._quiet_until >= deadline:
            raise DeadlinePassed("the bus had to stay quiet until the deadline")
        if (left := self._quiet_until - time.monotonic()) > 0:
            await asyncio.sleep(left)

    async def _open(self, deadline: float) -> Port:
        if self._port is not None:
            return self._port
        until = min(deadline, time.monotonic() + CONNECT_TIMEOUT_S)
        try:
            async with asyncio.timeout_at(until):
                await self._gone()
                self._port = await self._opened()
        except TimeoutError as error:
            raise BoardUnreachable(f"no connection to {self.line.address} in time") from error
        self._codec = self._new_codec()
        self.log.append(Logged(time.time(), "open"))
        return self._port

    async def _opened(self) -> Port:
        """Open the port, or go on waiting for it where somebody gave up waiting.

        A second opening would find the port taken by the first.
        """
        opening = self._opening
        if opening is None or (opening.done() and (opening.cancelled() or opening.exception())):
            opening = asyncio.create_task(Port.open(self.line, self._hear, self._ended))
            self._opening = opening
        # Not awaited itself: who gives up, or is cancelled, leaves it to the next one.
        await asyncio.wait({opening})
        if self._opening is opening:
            self._opening = None
        if opening.cancelled():
            raise BoardUnreachable("the last board left the wire")
        return opening.result()

    async def _gone(self) -> None:
        """Wait until the port is free that was closed here."""
        if self._closing is not None:
            await self._closing.gone()
            self._closing = None

    def _stop_hearing(self) -> None:
        """Hand on what stood behind the answer: a door change often comes in the same piece."""
        heard, self._heard = self._heard, None
        self._echo_to_come = b""
        while heard is not None and not heard.empty():
            if isinstance(one := heard.get_nowait(), Frame):
                self._tell_unasked(one)

    def _fail(self, error: BaseException) -> None:
        self._quiet_until = time.monotonic() + STRAGGLER_S
        self._codec = self._new_codec()
        self._failures += 1
        is_broken = isinstance(error, BoardUnreachable)
        if is_broken or self._failures >= self._patience:
            self._failures = 0
            self.counts.reopened += 1
            self._drop(str(error) or type(error).__name__)

    def _drop(self, why: str) -> None:
        port, self._port = self._port, None
        opening, self._opening = self._opening, None
        if opening is not None and not opening.cancel() and not opening.cancelled():
            port = port or (opening.result() if opening.exception() is None else None)
        if self._silence is not None:
            self._silence.cancel()
        if port is not None:
            port.close()
            self._closing = port
            self.log.append(Logged(time.time(), "end", note=why))

    # ---- what arrives --------------------------------------------------------------------------

    def _hear(self, data: bytes) -> None:
        if self._silence is not None:
            self._silence.cancel()
        self._take(self._codec.feed(data))
        if self._codec.is_in_the_middle:
            pause = max(self.line.gap_s, PIECES_S)
            loop = asyncio.get_running_loop()
            self._silence = loop.call_later(pause, lambda: self._take(self._codec.silence()))

    def _take(self, found: list[Frame | Noise]) -> None:
        for one in found:
            if isinstance(one, Noise):
                self.counts.noise_bytes += len(one.data)
                self.log.append(Logged(time.time(), "noise", one.data))
            elif one.data == self._echo_to_come:
                self._echo_to_come = b""
                self.counts.echoes += 1
                self.log.append(Logged(time.time(), "echo", one.data))
            else:
                self.log.append(Logged(time.time(), "frame", one.data))
                if self._heard is not None:
                    self._heard.put_nowait(one)
                else:
                    self._tell_unasked(one)

    def _ended(self, why: str) -> None:
        self._drop(why)
        if self._heard is not None:
            self._heard.put_nowait(BoardUnreachable(f"the connection broke: {why}"))

    def _tell_unasked(self, frame: Frame) -> None:
        for told in self._unasked:
            told(frame)
