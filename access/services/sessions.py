"""Sessions of staff: ending them from elsewhere, and the word that reaches every open map."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from allauth.usersessions.models import UserSession
from django.db import connection, transaction
from django.db.models import Q

from access.models import AreaUserPermission, RoleAssignment, SiteUserPermission, User
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.notify import RIGHTS


def end(*, sessions: Iterable[UserSession], actor: Actor, at: dt.datetime, why: str = "") -> int:
    """End some sessions and return how many; one event for each log-in that they belong to.

    They are over at their next request, and what they hold open ends with the commit. ``why``
    names what ended them when it was no hand: "deactivated", "no_role".
    """
    ended: Counter[int] = Counter()
    with transaction.atomic():
        for session in sessions:
            session.end()
            ended[session.user_id] += 1
        for user_id, count in sorted(ended.items()):
            events.record(
                action=Action.SESSION_ENDED,
                actor=actor,
                at=at,
                subject=f"user:{user_id}",
                data={"sessions": count} | ({"why": why} if why else {}),
            )
        if ended:
            rights_changed()
    return ended.total()


def end_all(*, user_ids: Iterable[int], actor: Actor, at: dt.datetime, why: str = "") -> int:
    """End every session of some log-ins, and return how many there were."""
    sessions = UserSession.objects.filter(user__in=list(user_ids)).order_by("pk")
    return end(sessions=list(sessions), actor=actor, at=at, why=why)


def end_without_rights(*, user_ids: Iterable[int], actor: Actor, at: dt.datetime) -> int:
    """End every session of those who have lost the last role or right that they had."""
    asked = list(user_ids)
    kept = Q(is_superuser=True)
    for model in (RoleAssignment, SiteUserPermission, AreaUserPermission):
        holding = model._default_manager.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at))
        kept |= Q(pk__in=holding.filter(user__in=asked).values("user"))
    without = User.objects.filter(pk__in=asked).exclude(kept).values_list("pk", flat=True)
    return end_all(user_ids=without, actor=actor, at=at, why="no_role")


def rights_changed() -> None:
    """Let every process look again, with the commit, at who may see what they have open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s::text, '')", [RIGHTS])
