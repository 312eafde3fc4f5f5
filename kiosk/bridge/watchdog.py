"""Tells systemd that this box is at work; untold for too long, systemd starts it anew."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import time

from kiosk.bridge.agent import Agent

log = logging.getLogger(__name__)

# The longest that a board that keeps silent is left alone, and its reading; then something hangs.
STALLED_AFTER_S = 60.0


def notify(state: str) -> None:
    """Send a line to the service manager that started this process, if one did."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line, contextlib.suppress(OSError):
        line.sendto(state.encode(), address)


class Watchdog:
    """Feeds the watchdog of systemd for as long as every worker makes progress."""

    def __init__(self) -> None:
        # Before it is enrolled this box has no workers: then the loop alone has to turn.
        self.agent: Agent | None = None

    async def run(self) -> None:
        """Feed until cancelled; return at once where nobody watches."""
        notify("READY=1")
        microseconds = int(os.environ.get("WATCHDOG_USEC", "0"))
        while microseconds:
            stalled: list[str] = []
            if self.agent is not None:
                # Answered by its thread: a disk that hangs is no progress either.
                await self.agent.journal.breathe()
                stalled = self.agent.stalled(before=time.monotonic() - STALLED_AFTER_S)
            if stalled:
                log.error("no progress: %s", ", ".join(stalled))
            else:
                notify("WATCHDOG=1")
            await asyncio.sleep(microseconds / 3_000_000)
