"""One door from installation to today, on one page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from access.models import Person, User
from audit.models import ActorKind
from lockers.scoping import VIEW, people
from maintenance import history_words
from maintenance.selectors import door_history
from maintenance.selectors.door_history import NAMES, Cursor, Kind, Line
from occupancy.views.changes import door_for, user_of


@login_required
@require_safe
def history(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Show what happened to a door, newest first; ``kind`` chooses, ``after`` goes on."""
    user = user_of(request)
    door = door_for(user, compartment_id, VIEW)
    if not user.is_staff:
        raise Http404
    chosen = [kind for kind in Kind if kind.value in request.GET.getlist("kind")]
    after = request.GET.get("after", "")
    cursor = Cursor.read(after) if after else None
    if after and cursor is None:
        raise Http404
    lines, following = door_history.history(door.pk, kinds=chosen or tuple(Kind), after=cursor)
    page = reverse("door-history", args=[door.pk])
    same = [("kind", kind.value) for kind in chosen]
    with timezone.override(door.bank.site.zone):
        return render(
            request,
            "admin/maintenance/door_history.html",
            {
                **admin.site.each_context(request),
                "title": f"{door.bank.name} {door.number}",
                "door": door,
                "lines": _shown(lines, user),
                "kinds": [
                    (NAMES[kind], f"{page}?{urlencode({'kind': kind.value})}", chosen == [kind])
                    for kind in Kind
                ],
                "all": page if chosen else "",
                "next": f"{page}?{urlencode([*same, ('after', str(following))])}"
                if following is not None
                else "",
                "is_first": cursor is None,
                "first": f"{page}?{urlencode(same)}",
                "back": reverse("admin:lockers_compartment_change", args=[door.pk]),
            },
        )


def _shown(lines: list[Line], user: User) -> list[dict[str, Any]]:
    """Put names to the lines; whoever the reader may not see stays nameless."""
    told = {line.person_id for line in lines if line.person_id is not None}
    told |= {int(line.actor_id) for line in lines if _is(line, ActorKind.PERSON)}
    persons = {
        one.pk: str(one) for one in Person.objects.filter(people(user), pk__in=told).distinct()
    }
    staff = {int(line.actor_id) for line in lines if _is(line, ActorKind.STAFF)}
    users = {
        one.pk: one.get_full_name() or one.get_username()
        for one in User.objects.filter(pk__in=staff)
    }

    def who(line: Line) -> str:
        if line.person_id is not None:
            return persons.get(line.person_id, "")
        if _is(line, ActorKind.PERSON):
            return persons.get(int(line.actor_id), "")
        if _is(line, ActorKind.STAFF):
            return users.get(int(line.actor_id), line.actor_id)
        return str(ActorKind(line.actor_kind).label) if line.actor_kind else ""

    return [
        {
            "at": line.at, "kind": NAMES[line.kind], "what": history_words.told(line),
            "more": history_words.more(line), "who": who(line),
        }
        for line in lines
    ]  # fmt: skip


def _is(line: Line, kind: ActorKind) -> bool:
    return line.actor_kind == kind and line.actor_id.isdecimal()
