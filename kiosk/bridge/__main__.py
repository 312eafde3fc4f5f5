"""`lockwright-bridge --server URL --state DIR`: the agent beside a bank of lockers."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import logging
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.bridge import enrolment
from kiosk.bridge.access_list import KeptList
from kiosk.bridge.agent import Agent
from kiosk.bridge.clock import ServerClock
from kiosk.bridge.connection import Connection
from kiosk.bridge.journal import Journal, JournalFull
from kiosk.bridge.screen import Screen
from kiosk.bridge.watchdog import Watchdog


def arguments() -> argparse.Namespace:
    """Return what the operator asked for."""
    parser = argparse.ArgumentParser(prog="lockwright-bridge", description=__doc__)
    parser.add_argument("--server", required=True, help="the server, as in https://lockers.example")
    parser.add_argument("--state", required=True, type=Path, help="folder for key and journal")
    parser.add_argument("--screen", help="host:port for the kiosk's browser on this machine")
    parser.add_argument("--metrics", help="host:port for Prometheus, as in 127.0.0.1:9464")
    parser.add_argument(
        "--without-tls", action="store_true", help="speak http on a network that nobody else reads"
    )
    code = parser.add_mutually_exclusive_group()
    code.add_argument("--enrolment-code", help="one-time code, to be enrolled with")
    code.add_argument("--enrolment-code-file", type=Path, help="a file with that code")
    asked = parser.parse_args()
    if asked.enrolment_code_file:
        asked.enrolment_code = asked.enrolment_code_file.read_text("utf-8").strip()
    return asked


def is_private(server: str) -> bool:
    """Say whether nobody can read what the server tells: the keys of the readers are in it."""
    url = urlsplit(server)
    if url.scheme == "https" or url.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(url.hostname or "").is_loopback
    except ValueError:
        return False


async def main(asked: argparse.Namespace) -> int:
    """Run until told to end; return the exit status."""
    if not (asked.without_tls or is_private(asked.server)):
        print(
            f"{asked.server} is not https, and the keys of badge readers would be told in plain."
            " Where nobody else reads this network, add --without-tls.",
            file=sys.stderr,
        )
        return 2
    asked.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = asked.server.rstrip("/")
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    over = asyncio.create_task(ending.wait())
    watchdog = Watchdog()
    # Should it break, systemd hears nothing more and starts this anew.
    watching = asyncio.create_task(watchdog.run())
    enrolling = asyncio.create_task(enrolment.identify(server, asked.state, asked.enrolment_code))
    await asyncio.wait([enrolling, over], return_when=asyncio.FIRST_COMPLETED)
    if not enrolling.done():
        enrolling.cancel()
        return 0
    try:
        me = enrolling.result()
    except enrolment.EnrolmentRefused as refused:
        print(refused, file=sys.stderr)
        return 2
    clock = ServerClock()
    journal = Journal(asked.state / "journal.sqlite", clock)
    connection = Connection(server, me, clock, journal)
    agent = connection.agent = Agent(
        clock, journal, connection.send, KeptList(asked.state / "access.sqlite", me, clock)
    )
    try:
        await agent.start()
    except JournalFull as error:
        print(f"The journal in {asked.state} cannot be written: {error}", file=sys.stderr)
        return 1
    watchdog.agent = agent
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(agent.stop)
        if asked.screen:
            await stack.enter_async_context(Screen(server, asked.screen, connection, agent))
        if asked.metrics:
            # Its library takes memory that a box without Prometheus has better uses for.
            from kiosk.bridge.metrics import Metrics

            await stack.enter_async_context(Metrics(asked.metrics, agent, connection))
        running = asyncio.create_task(connection.run())
        await asyncio.wait([running, over], return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        watching.cancel()
    return 0


def run() -> None:
    """Be the command `lockwright-bridge`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    sys.exit(asyncio.run(main(arguments())))


if __name__ == "__main__":
    run()
