"""Which sites somebody may see, and the whole map of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import cast

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import QuerySet
from guardian.shortcuts import get_objects_for_user, get_users_with_perms

from access.models import User
from lockers.models import Site
from occupancy.selectors.banks import BankFacts, banks_of
from occupancy.selectors.doors import MapDoor, site_states


@dataclass(frozen=True)
class SiteMap:
    """Everything a map of one site shows, as it was at ``at``."""

    site: Site
    banks: list[BankFacts]
    doors: list[MapDoor]
    at: dt.datetime


@dataclass(frozen=True)
class Watcher:
    """Who looks at a map: a user, their session, and proof that the password is still the same."""

    user_id: int
    session_key: str | None
    password_hash: str


def sites_for(user: User | AnonymousUser, right: str = "view_site") -> QuerySet[Site]:
    """Return the sites on which a user has a right: every fetch of the map goes through here."""
    if not user.is_authenticated or not user.is_active:
        return Site.objects.none()
    found: QuerySet[Site] = get_objects_for_user(
        user, f"lockers.{right}", Site, accept_global_perms=False
    )
    return found


def may(user: User | AnonymousUser, right: str, site_id: int) -> bool:
    """Say whether a user has a right at a site."""
    return sites_for(user, right).filter(pk=site_id).exists()


def site_map(site_id: int, at: dt.datetime) -> SiteMap:
    """Return the whole map of a site: three statements, whatever its size.

    Raises Site.DoesNotExist. The caller has checked the right to see it.
    """
    site = Site.objects.select_related("organisation").get(pk=site_id)
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
    """Return those who may still see the site: a few statements for however many maps are open.

    A log-out, a new password, a deactivated log-in and a right taken away all end it.
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
    site = Site.objects.filter(pk=site_id).first()
    if site is None:
        return set()
    allowed = {pk for pk, user in users.items() if user.is_superuser}
    given = cast(
        "QuerySet[User]",
        get_users_with_perms(site, with_group_users=True, only_with_perms_in=["view_site"]),
    )
    allowed |= {user.pk for user in given}
    return {
        watcher
        for watcher in watchers
        if watcher.user_id in allowed
        and watcher.user_id in users
        and (watcher.session_key is None or watcher.session_key in sessions)
        and users[watcher.user_id].get_session_auth_hash() == watcher.password_hash
    }
