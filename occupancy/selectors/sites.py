"""Which sites somebody may see, and the whole map of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import QuerySet

from access.models import User
from lockers import scoping
from lockers.models import Site
from occupancy.selectors.banks import BankFacts, banks_of
from occupancy.selectors.doors import MapDoor, bank_states, site_states


@dataclass(frozen=True)
class SiteMap:
    """Everything a map of one site shows, as it was at ``at``."""

    site: Site
    banks: list[BankFacts]
    doors: list[MapDoor]
    at: dt.datetime


@dataclass(frozen=True)
class Watcher:
    """Who looks at a map: a user, their session, and proof that the password is still the same.

    ``part`` names the banks they may see, None when it is the whole site.
    """

    user_id: int
    session_key: str | None
    password_hash: str
    part: frozenset[int] | None = None


def sites_for(user: User | AnonymousUser) -> QuerySet[Site]:
    """Return the sites of which a user may see something, be it a single area."""
    return scoping.places_of(user)


def may(user: User | AnonymousUser, right: str, site_id: int) -> bool:
    """Say whether a user has a right at all of a site."""
    return scoping.sites_of(user, f"lockers.{right}").filter(pk=site_id).exists()


def may_at(user: User | AnonymousUser, right: str, bank_id: int) -> bool:
    """Say whether a user has a right at a bank, by its site or by its area."""
    return scoping.banks_of(user, f"lockers.{right}").filter(pk=bank_id).exists()


def seen_part(user: User | AnonymousUser, site_id: int) -> frozenset[int] | None:
    """Return the banks of a site that a user may see, or None when it is all of them.

    Whoever may see nothing there gets the empty set.
    """
    if may(user, "view_site", site_id):
        return None
    seen = scoping.banks_of(user).filter(site=site_id)
    return frozenset(seen.values_list("pk", flat=True))


def site_map(site_id: int, at: dt.datetime, *, only: frozenset[int] | None = None) -> SiteMap:
    """Return the map of a site, or of ``only`` some banks: three statements, whatever its size.

    Raises Site.DoesNotExist. The caller has checked the right to see it.
    """
    site = Site.objects.select_related("organisation").get(pk=site_id)
    if only is not None:
        return SiteMap(site, banks_of(at, bank_ids=only), bank_states(only, at), at)
    return SiteMap(site, banks_of(at, site_ids=[site_id]), site_states([site_id], at), at)


def presences(bridge_ids: Iterable[int]) -> dict[int, tuple[bool, dt.datetime]]:
    """Return for each bridge whether it is connected and when it was last heard."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bridge_id, connection IS NOT NULL, last_seen_at"
            " FROM lockers_bridgepresence WHERE bridge_id = ANY(%s)",
            (list(bridge_ids),),
        )
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def still_watching(watchers: Collection[Watcher], site_id: int, at: dt.datetime) -> set[Watcher]:
    """Return those who may still see what they see: a few statements for all whole maps.

    One more for each who sees a part. A log-out, a new password, a deactivated log-in, a right
    taken away and a part that is another one now all end it.
    """
    users = {
        user.pk: user
        for user in User.objects.filter(
            pk__in={watcher.user_id for watcher in watchers}, is_active=True
        )
    }
    keys = {watcher.session_key for watcher in watchers if watcher.session_key}
    sessions = set(
        Session.objects.filter(session_key__in=keys, expire_date__gt=at).values_list(
            "session_key", flat=True
        )
    )
    if not Site.objects.filter(pk=site_id).exists():
        return set()
    whole = scoping.holders_of("lockers.view_site", site_id)
    whole |= {pk for pk, user in users.items() if user.is_superuser}
    parts = {
        pk: seen_part(users[pk], site_id)
        for pk in {watcher.user_id for watcher in watchers if watcher.part is not None}
        if pk in users
    }
    return {
        watcher
        for watcher in watchers
        if watcher.user_id in users
        and (
            watcher.user_id in whole
            if watcher.part is None
            else parts[watcher.user_id] == watcher.part
        )
        and (watcher.session_key is None or watcher.session_key in sessions)
        and users[watcher.user_id].get_session_auth_hash() == watcher.password_hash
    }
