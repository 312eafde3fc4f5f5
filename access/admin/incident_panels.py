"""The latest incidents on the page of a person and of a compartment."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from access.admin.incidents import IncidentAdmin
from access.models import Incident, Person
from lockers.admin import panels
from lockers.models import Compartment

SHOWN = 5


def of_person(request: HttpRequest, person: Person) -> SafeString | str:
    """Draw what was reported about a person, at the sites that the user may see."""
    about = {"person": person.pk, "site": person.home_site_id or ""}
    return _drawn(request, {"person": person.pk}, about)


def of_door(request: HttpRequest, door: Compartment) -> SafeString | str:
    """Draw what was reported about a compartment."""
    about = {"compartment": door.pk, "site": door.bank.site_id}
    return _drawn(request, {"compartment": door.pk}, about)


def _drawn(request: HttpRequest, of: dict[str, int], about: dict[str, Any]) -> SafeString | str:
    incidents = admin.site._registry[Incident]
    assert isinstance(incidents, IncidentAdmin)  # registered there
    if not incidents.has_view_permission(request):
        return ""
    rows = incidents.get_queryset(request).filter(**of).select_related("site")
    add = f"{reverse('admin:access_incident_add')}?{urlencode(about)}"
    found = {f"{name}__id__exact": number for name, number in of.items()}
    return render_to_string(
        "admin/access/_incidents.html",
        {
            "rows": list(rows[:SHOWN]),
            "open": rows.filter(closed_at__isnull=True).count(),
            "add": add if incidents.has_add_permission(request) else "",
            "all": f"{reverse('admin:access_incident_changelist')}?{urlencode(found)}",
        },
        request,
    )


panels.add(Person, of_person)
panels.add(Compartment, of_door)
