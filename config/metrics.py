"""The server's figures for Prometheus: of machines and their work, never of people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lockers import presence
from lockers.choices import BoardState, CommandStatus
from lockers.models import BridgePresence, Command, Controller

_LATELY = dt.timedelta(hours=1)


class Figures(Collector):
    """Reads the database when somebody asks: three statements, whatever the estate."""

    def __init__(self, at: dt.datetime) -> None:
        self._at = at

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        yield from self._bridges()
        boards = dict.fromkeys(BoardState.values, 0)
        boards |= dict(Controller.objects.values_list("state").annotate(Count("pk")).order_by())
        yield _counted("lockwright_boards", "Lock boards by how they are.", "state", boards)
        commands = dict.fromkeys(CommandStatus.values, 0)
        commands |= dict(
            Command.objects.filter(requested_at__gt=self._at - _LATELY)
            .values_list("status")
            .annotate(Count("pk"))
            .order_by()
        )
        yield _counted(
            "lockwright_commands_last_hour", "Doors asked to open, by outcome.", "outcome", commands
        )

    def _bridges(self) -> Iterator[Metric]:
        up = _of_bridge("up", "Whether a bridge is there.")
        seen = _of_bridge("last_seen_timestamp_seconds", "When a bridge was last heard.")
        clock = _of_bridge("clock_offset_seconds", "How far its clock is ahead of the server's.")
        queue = _of_bridge("queue_depth", "Its commands that wait for their pulse.")
        waiting = _of_bridge("unacknowledged_lines", "Its journal lines that are not stored yet.")
        stored = CounterMetricFamily(
            "lockwright_bridge_journal_lines", "Its journal lines that are stored.",
            labels=["bridge"],
        )  # fmt: skip
        for one in BridgePresence.objects.filter(bridge__revoked_at=None).order_by("pk"):
            label = [str(one.pk)]
            is_up = presence.is_online(one.connection is not None, one.last_seen_at, self._at)
            up.add_metric(label, is_up)
            seen.add_metric(label, one.last_seen_at.timestamp())
            clock.add_metric(label, one.clock_offset_ms / 1000)
            queue.add_metric(label, one.queue_depth)
            waiting.add_metric(label, one.unacknowledged)
            stored.add_metric(label, one.last_seq)
        yield from (up, seen, clock, queue, waiting, stored)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the figures to whoever has the token, or a superuser; to other staff nothing."""
    if not _may(request):
        if request.user.is_authenticated:
            raise Http404
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(timezone.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    if token and constant_time_compare(given, f"Bearer {token}"):
        return True
    return request.user.is_active and request.user.is_superuser


def _of_bridge(name: str, told: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"lockwright_bridge_{name}", told, labels=["bridge"])


def _counted(name: str, told: str, label: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family
