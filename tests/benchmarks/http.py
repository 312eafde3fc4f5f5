"""A load client that costs little: requests are bytes made beforehand, answers only counted."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from dataclasses import dataclass, field


@dataclass
class Load:
    """What one run of a load measured; latencies in milliseconds."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


class _Client(asyncio.Protocol):
    """One keep-alive connection that sends its share of the requests one after another."""

    def __init__(self, requests: deque[bytes], load: Load, done: asyncio.Future[None]) -> None:
        self.requests, self.load, self.done = requests, load, done
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._next()

    def _next(self) -> None:
        if not self.requests:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self.buffer = b""
        request = self.requests.popleft()
        self.sent = time.perf_counter()
        self.transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        lowered = head.lower()
        start = lowered.find(b"content-length:")
        if start < 0:
            self.done.set_exception(AssertionError(f"an answer without a length: {head!r}"))
            self.transport.close()
            return
        length = int(lowered[start + 15 :].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        self.load.latencies.append((time.perf_counter() - self.sent) * 1000)
        self.load.statuses[int(head[9:12])] += 1
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))


def request(
    host: str, port: int, path: str, body: bytes, headers: dict[str, str], method: str = "POST"
) -> bytes:
    """Return one HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}:{port}", f"Content-Length: {len(body)}"]
    lines += ["Content-Type: application/json"] + [f"{k}: {v}" for k, v in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def run(host: str, port: int, requests: list[bytes], clients: int) -> Load:
    """Send the requests through so many simultaneous clients, each waiting for its answers."""
    load, shared, loop = Load(), deque(requests), asyncio.get_running_loop()
    waiting = [loop.create_future() for _ in range(clients)]
    begun = time.perf_counter()
    for done in waiting:
        await loop.create_connection(lambda done=done: _Client(shared, load, done), host, port)
    await asyncio.gather(*waiting)
    load.seconds = time.perf_counter() - begun
    return load
