"""`python -m kiosk.bridge --server URL --state DIR`: the agent beside a bank of lockers."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path

from kiosk.bridge import enrolment
from kiosk.bridge.agent import Agent
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.connection import Connection
from kiosk.bridge.journal import Journal, JournalFull
from kiosk.bridge.screen import Screen


def arguments() -> argparse.Namespace:
    """Return what the operator asked for."""
    parser = argparse.ArgumentParser(prog="python -m kiosk.bridge", description=__doc__)
    parser.add_argument("--server", required=True, help="the server, as in https://lockers.example")
    parser.add_argument("--state", required=True, type=Path, help="folder for token and journal")
    parser.add_argument("--screen", help="host:port for the kiosk's browser on this machine")
    parser.add_argument("--enrolment-code", help="one-time code, needed at the first start only")
    return parser.parse_args()


async def main(asked: argparse.Namespace) -> int:
    """Run until told to end; return the exit status."""
    asked.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = asked.server.rstrip("/")
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    over = asyncio.create_task(ending.wait())
    enrolling = asyncio.create_task(enrolment.token(server, asked.state, asked.enrolment_code))
    await asyncio.wait([enrolling, over], return_when=asyncio.FIRST_COMPLETED)
    if not enrolling.done():
        enrolling.cancel()
        return 0
    try:
        token = enrolling.result()
    except enrolment.EnrolmentRefused as refused:
        print(refused, file=sys.stderr)
        return 2
    clock = ServerClock()
    journal = Journal(asked.state / "journal.sqlite", clock)
    connection = Connection(server, token, clock, journal)
    agent = connection.agent = Agent(clock, journal, connection.send)
    try:
        await agent.start()
    except JournalFull as error:
        print(f"The journal in {asked.state} cannot be written: {error}", file=sys.stderr)
        return 1
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(agent.stop)
        if asked.screen:
            await stack.enter_async_context(Screen(server, asked.screen, connection, agent))
        running = asyncio.create_task(connection.run())
        await asyncio.wait([running, over], return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    sys.exit(asyncio.run(main(arguments())))
