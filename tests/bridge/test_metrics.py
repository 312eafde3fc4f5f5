"""A bridge's figures for Prometheus, read by Prometheus' own parser."""

from __future__ import annotations

import asyncio
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from kiosk.bridge.metrics import Metrics
from tests.bridge.conftest import Box
from tests.bridge.server_end import ServerEnd


async def read(box: Box) -> dict[tuple[str, tuple[str, ...]], float]:
    async with Metrics("127.0.0.1:0", box.agent, box.connection) as page:
        address = f"http://127.0.0.1:{page.port}/metrics"
        answer = await asyncio.to_thread(urllib.request.urlopen, address)
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.read().decode())
        for sample in family.samples
    }


async def test_a_connected_bridge_tells_how_it_is(box: Box, server: ServerEnd) -> None:
    await server.until(lambda: server.boards() == {1: "ok", 2: "ok"})
    told = await read(box)
    assert told["lockwright_connected", ()] == 1
    assert told["lockwright_queue_depth", ()] == 0
    assert told["lockwright_board_up", ("1",)] == told["lockwright_board_up", ("2",)] == 1
    assert told["lockwright_bus_up", ("sim://1/1",)] == 1
    assert told["lockwright_journal_lines_total", ()] == box.journal.last_seq
    assert ("lockwright_bus_timeouts_total", ("sim://1/1",)) in told


async def test_a_board_that_fell_silent_is_down(box: Box, server: ServerEnd) -> None:
    box.board(2).is_silent = True
    await server.until(lambda: server.boards().get(2) == "offline")
    told = await read(box)
    assert told["lockwright_board_up", ("1",)] == 1
    assert told["lockwright_board_up", ("2",)] == 0
