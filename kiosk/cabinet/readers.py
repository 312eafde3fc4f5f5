"""Badge readers: they wait for the bridge to connect and send what a badge says."""

from __future__ import annotations

import asyncio

from kiosk.cabinet.plan import ReaderPlan


class Reader:
    """One reader that sends ``prefix + text + suffix`` to everyone connected."""

    def __init__(self, plan: ReaderPlan, host: str) -> None:
        self.plan = plan
        self.port = 0
        self._host = host
        self._server: asyncio.Server | None = None
        self._listeners: set[asyncio.StreamWriter] = set()

    async def start(self) -> int:
        """Listen, and return the port; raises OSError when it is taken."""
        self._server = await asyncio.start_server(self._serve, self._host, self.plan.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Hang up and stop listening."""
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._listeners):
            writer.close()

    @property
    def listeners(self) -> int:
        """How many bridges hear this reader."""
        return len(self._listeners)

    async def present(self, text: str) -> int:
        """Hold a badge to the reader and return how many bridges were told."""
        frame = (self.plan.prefix + text + self.plan.suffix).encode("ascii")
        told = 0
        for writer in tuple(self._listeners):
            try:
                writer.write(frame)
                await writer.drain()
            except OSError:
                self._listeners.discard(writer)
            else:
                told += 1
        return told

    async def _serve(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._listeners.add(writer)
        try:
            # A reader only speaks; reading is how it notices that the bridge has gone.
            while await stream.read(1024):
                pass
        except OSError:
            pass
        finally:
            self._listeners.discard(writer)
            writer.close()
