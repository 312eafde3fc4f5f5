"""The server's figures for Prometheus, read by Prometheus' own parser."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from lockers.choices import CommandStatus
from lockers.models import BridgePresence, Command
from tests import factories
from tests.factories.cast import Estate

pytestmark = pytest.mark.django_db
TOKEN = "the-token-of-prometheus-in-the-tests"


def read(at: dt.datetime) -> dict[tuple[str, tuple[str, ...]], float]:
    with time_machine.travel(at, tick=False):
        answer = Client().get("/metrics/", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.fixture(autouse=True)
def token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def test_a_bridge_tells_how_it_is(estate: Estate, at: dt.datetime) -> None:
    BridgePresence.objects.update(
        clock_offset_ms=-1500, queue_depth=2, unacknowledged=3, last_seq=40
    )
    told, bridge = read(at), (str(estate.bridge.pk),)
    assert told["lockwright_bridge_up", bridge] == 1
    assert told["lockwright_bridge_last_seen_timestamp_seconds", bridge] == at.timestamp()
    assert told["lockwright_bridge_clock_offset_seconds", bridge] == -1.5
    assert told["lockwright_bridge_queue_depth", bridge] == 2
    assert told["lockwright_bridge_unacknowledged_lines", bridge] == 3
    assert told["lockwright_bridge_journal_lines_total", bridge] == 40


def test_a_silent_bridge_is_down(estate: Estate, at: dt.datetime) -> None:
    told = read(at + dt.timedelta(seconds=15))
    assert told["lockwright_bridge_up", (str(estate.bridge.pk),)] == 0


def test_commands_of_the_last_hour_are_counted_by_outcome(estate: Estate, at: dt.datetime) -> None:
    for status, minutes in [(CommandStatus.CLOSED, 1), (CommandStatus.FAILED, 2),
                            (CommandStatus.CLOSED, 59), (CommandStatus.CLOSED, 61)]:  # fmt: skip
        asked = at - dt.timedelta(minutes=minutes)
        Command.objects.create(
            compartment=estate.doors[0], bridge=estate.bridge, purpose="claim", actor_kind="job",
            status=status, requested_at=asked, deadline=asked + dt.timedelta(seconds=5),
        )  # fmt: skip
    told = read(at)
    assert told["lockwright_commands_last_hour", ("closed",)] == 2
    assert told["lockwright_commands_last_hour", ("failed",)] == 1
    assert told["lockwright_commands_last_hour", ("unknown",)] == 0


def test_nobody_is_named_and_the_estate_costs_no_more_queries(
    estate: Estate, at: dt.datetime
) -> None:
    labels = {label for _name, values in read(at) for label in values}
    assert not labels & {str(estate.amira), str(estate.ben), str(estate.bank), str(estate.site)}
    with CaptureQueriesContext(connection) as few:
        read(at)
    factories.BridgePresenceFactory.create_batch(5)
    with CaptureQueriesContext(connection) as many:
        read(at)
    assert len(many) == len(few) == 3


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", TOKEN, f"Bearer {TOKEN}x"])
def test_another_token_reads_nothing(estate: Estate, given: str) -> None:
    assert Client().get("/metrics/", headers={"Authorization": given}).status_code == 401


def test_without_a_token_in_the_settings_none_is_right(estate: Estate, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    for given in ("", "Bearer ", "Bearer"):
        assert Client().get("/metrics/", headers={"Authorization": given}).status_code == 401
