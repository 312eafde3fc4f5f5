"""This box's figures for Prometheus, on a page of its own that nobody needs to log in to."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kiosk.bridge import protocol
from kiosk.bridge.agent import Agent
from kiosk.bridge.connection import Connection, State

_OF_WIRES = {
    "transactions": "Requests that were sent.",
    "timeouts": "Requests that were not answered in time.",
    "noise_bytes": "Bytes that were no frame, or failed their check.",
    "echoes": "Copies of requests that the adapter sent back.",
    "reopened": "Times that the port was opened anew.",
}


class Figures(Collector):
    """Reads the heartbeat and the connection whenever somebody asks."""

    def __init__(self, agent: Agent, connection: Connection) -> None:
        self._agent, self._connection = agent, connection

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        health = self._agent.health()
        connected = self._connection.state is State.READY
        yield _gauge("connected", "Whether the server is connected.", connected)
        yield _gauge("clock_offset_seconds", "How far this box's clock is ahead of the server's.",
                     health.clock_offset_ms / 1000)  # fmt: skip
        yield _gauge("queue_depth", "Commands that wait for their pulse.", health.queue_depth)
        yield _gauge("unacknowledged_lines", "Journal lines that the server has not stored.",
                     health.unacknowledged)  # fmt: skip
        lines = CounterMetricFamily("lockwright_journal_lines", "Journal lines written.")
        lines.add_metric([], self._agent.journal.last_seq)
        yield lines
        yield from _wires(health.buses)
        board = GaugeMetricFamily(
            "lockwright_board_up", "Whether a board answers.", labels=["controller"]
        )
        for one in health.boards:
            board.add_metric([str(one.controller_id)], one.state != "offline")
        yield board
        reader = GaugeMetricFamily(
            "lockwright_reader_up", "Whether a reader is connected.", labels=["reader"]
        )
        for each in health.readers:
            reader.add_metric([str(each.reader_id)], each.state == "ok")
        yield reader


def _gauge(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"lockwright_{name}", told, value=float(value))


def _wires(buses: list[protocol.BusReading]) -> Iterator[Metric]:
    up = GaugeMetricFamily("lockwright_bus_up", "Whether a wire works.", labels=["bus"])
    slow = GaugeMetricFamily(
        "lockwright_bus_latency_p95_seconds",
        "95 of 100 requests were answered within.",
        labels=["bus"],
    )
    for one in buses:
        up.add_metric([one.address], one.state in ("up", "degraded"))
        slow.add_metric([one.address], one.p95_ms / 1000)
    yield up
    yield slow
    for field, told in _OF_WIRES.items():
        counted = CounterMetricFamily(f"lockwright_bus_{field}", told, labels=["bus"])
        for one in buses:
            counted.add_metric([one.address], getattr(one, field))
        yield counted


class Metrics:
    """A web server with the one page /metrics."""

    def __init__(self, listen: str, agent: Agent, connection: Connection) -> None:
        host, _, port = listen.rpartition(":")
        self._host, self._port = host or "127.0.0.1", int(port)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(Figures(agent, connection))

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/metrics", self._page)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(self._registry),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )
