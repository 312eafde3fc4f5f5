"""What waits for somebody: counted beside the menu and on the administration's first page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django_q.models import Task

from access.choices import KeyState
from access.services import keys, master_keys, notices, requests, visits
from lockers import selectors
from lockers.admin.devices import ControllerAdmin
from lockers.models import Bank, Controller
from lockers.scoping import VIEW
from maintenance.selectors import collections as collection_lines
from maintenance.selectors import tickets
from maintenance.services import parts, warranties
from maintenance.services.rounds import closing as rounds
from occupancy.services.alone import looking
from occupancy.services.bookings import displacing
from occupancy.services.custody import searches
from occupancy.services.ending import lost_property, recovery


@dataclass(frozen=True)
class Waiting:
    """Rows of one list that somebody has to do something about."""

    label: str
    name: str
    icon: str
    query: str
    which: Callable[[dt.datetime], Q]
    # Whether it is work; who is expected or here is only good to know.
    is_work: bool = True


def _last_runs() -> Any:
    """Return the newest run of every job."""
    return Task.objects.order_by("func", "-stopped").distinct("func").values("pk")


TABLE = [
    Waiting("access.AccessRequest", gettext_noop("Requests to decide"), "approval",
            "status__exact=requested", requests.waiting),
    Waiting("access.Key", gettext_noop("Keys overdue"), "vpn_key",
            "where=overdue", lambda at: keys.in_state(KeyState.OVERDUE, at)),
    Waiting("access.MasterRelease", gettext_noop("Master keys to confirm"), "how_to_reg",
            "waiting=any", master_keys.waiting),
    Waiting("access.Incident", gettext_noop("Open incidents"), "report",
            "closed_at__isempty=1", lambda at: Q(closed_at__isnull=True)),
    Waiting("access.Run", gettext_noop("Coming and going, unfinished"), "checklist",
            "finished_at__isempty=1", lambda at: Q(finished_at__isnull=True)),
    Waiting("occupancy.Recovery", gettext_noop("Compartments to empty"), "door_back",
            "closed_at__isempty=1", recovery.waiting),
    Waiting("occupancy.SearchOpening", gettext_noop("Openings by two to go on with"), "group_add",
            "to_see_to=yes", searches.to_see_to),
    Waiting("occupancy.Reservation", gettext_noop("Bookings without a door"), "event_busy",
            "closed_at__isempty=1&unserved_since__isempty=0", displacing.unserved),
    Waiting("occupancy.LostItem", gettext_noop("Lost property to dispose of"), "umbrella",
            "to_go=yes", lost_property.to_go),
    Waiting("occupancy.AloneUse", gettext_noop("Doors given by bridges to look at"), "cloud_off",
            "to_look_at=yes", looking.waiting),
    Waiting("maintenance.Stock", gettext_noop("Parts to order"), "inventory_2",
            "few=order", parts.to_order),
    Waiting("maintenance.Ticket", gettext_noop("Tickets overdue"), "build",
            "which=overdue", tickets.overdue),
    Waiting("maintenance.Round", gettext_noop("Rounds that are late"), "checklist_rtl",
            "late=yes", rounds.late),
    Waiting("maintenance.Asset", gettext_noop("Warranties that end soon"), "verified_user",
            "warranty=ending", warranties.ending),
    Waiting("maintenance.CollectionLine", gettext_noop("Pupils to clear"), "backpack",
            "which=stopped", collection_lines.stopped),
    Waiting("access.Notice", gettext_noop("Letters that could not be sent"), "mail",
            "sent_at__isempty=1", notices.stuck),
    Waiting("django_q.Failure", gettext_noop("Jobs that failed last time"), "error",
            "", lambda at: Q(pk__in=_last_runs())),
    Waiting("access.Visit", gettext_noop("Visitors expected"), "emoji_people",
            "when=expected", visits.expected, is_work=False),
    Waiting("access.Visit", gettext_noop("Visitors here now"), "person_pin_circle",
            "when=here", visits.here, is_work=False),
]  # fmt: skip


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what waits for this user to the administration's first page."""
    at = timezone.now()
    context["waiting"] = [
        {
            "name": _(one.name),
            "icon": one.icon,
            "count": _count(request, one, at),
            "link": f"{_address(one)}?{one.query}",
            "is_work": one.is_work,
        }
        for one in TABLE
        if _admin(one).has_module_permission(request)
    ]
    context["map"] = reverse("map")
    boards = admin.site._registry[Controller]
    if isinstance(boards, ControllerAdmin) and boards.has_module_permission(request):
        context["health"] = reverse("admin:lockers_controller_health")
        context["faults"] = len(selectors.faults(boards.seen_of(Bank, request, VIEW), at))
    return context


def counts(request: HttpRequest) -> dict[str, int]:
    """Return how much work waits in each list that this user may see."""
    at = timezone.now()
    return {
        one.label: _count(request, one, at)
        for one in TABLE
        if one.is_work and _admin(one).has_module_permission(request)
    }


def _admin(one: Waiting) -> Any:
    return admin.site._registry[apps.get_model(one.label)]


def _address(one: Waiting) -> str:
    meta = apps.get_model(one.label)._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")


def _count(request: HttpRequest, one: Waiting, at: dt.datetime) -> int:
    # The list's own rows: nobody is told of what they would not find there.
    return int(_admin(one).get_queryset(request).filter(one.which(at)).count())
