"""Run the virtual cabinet: ``python -m kiosk.cabinet --page-port N --config FILE``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path

from aiohttp import web

from kiosk.cabinet import plan as plans
from kiosk.cabinet.boards import BankServer
from kiosk.cabinet.readers import Reader
from kiosk.cabinet.steel import Cabinet
from kiosk.cabinet.web import Page


def main() -> int:
    """Read the command line, run until told to stop, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m kiosk.cabinet",
        description="Lockers to try a bridge on: Modbus TCP boards, badge readers, drawn doors.",
    )
    parser.add_argument("--page-port", type=int, required=True, help="port of the page; 0 = any")
    parser.add_argument("--config", type=Path, required=True, help="JSON file with the banks")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    arguments = parser.parse_args()
    try:
        plan = plans.load(arguments.config)
    except plans.BadPlan as error:
        print(f"The cabinet cannot be built: {error}", file=sys.stderr)
        return 2
    try:
        asyncio.run(run(plan, host=arguments.host, page_port=arguments.page_port))
    except (OSError, RuntimeError) as error:
        print(f"The cabinet cannot start: {error}", file=sys.stderr)
        return 1
    return 0


async def run(plan: plans.Plan, *, host: str, page_port: int) -> None:
    """Play the cabinet until SIGINT or SIGTERM; one JSON line on stdout says where it listens."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    cabinet = Cabinet(plan)
    async with contextlib.AsyncExitStack() as stack:
        ports: dict[str, int] = {}
        readers: dict[str, list[Reader]] = {}
        for name, bank in cabinet.banks.items():
            server = BankServer(bank, host)
            stack.push_async_callback(server.stop)
            ports[name] = await server.start()
            readers[name] = [Reader(reader, host) for reader in bank.plan.readers]
            for reader in readers[name]:
                stack.push_async_callback(reader.stop)
                await reader.start()
        runner = web.AppRunner(
            Page(cabinet, readers, ports).application(), access_log=None, shutdown_timeout=1
        )
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.TCPSite(runner, host, page_port).start()
        page_host, bound_port = runner.addresses[0][:2]
        where = {
            "page": f"http://{page_host}:{bound_port}/",
            "banks": {
                name: {
                    "modbus_port": ports[name],
                    "readers": {reader.plan.name: reader.port for reader in readers[name]},
                }
                for name in cabinet.banks
            },
        }
        print(json.dumps(where), flush=True)
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
