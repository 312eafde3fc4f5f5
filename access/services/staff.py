"""Roles of staff: giving and taking them, and the permissions that follow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Permission
from django.db import transaction
from django.db.models import Q

from access import roles
from access.errors.staff import RoleGivenAlready, RoleNotHere, RoleTooHigh
from access.models import AreaUserPermission, RoleAssignment, SiteUserPermission, User
from access.roles import Level
from access.services import sessions
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events
from audit.services.events import Actor
from lockers.models import Area, Organisation, Site

Place = Organisation | Site | Area


def in_force(at: dt.datetime) -> Q:
    """Return the condition under which a role or a permission holds at ``at``."""
    return Q(ends_at__isnull=True) | Q(ends_at__gt=at)


def level_of(place: Place) -> str:
    """Return what kind of place something is."""
    return type(place)._meta.model_name or ""


def rights_on(user: User, place: Place, at: dt.datetime) -> frozenset[str]:
    """Return the words of everything somebody may do on all of a place."""
    if not user.is_active:
        return frozenset()
    if user.is_superuser:
        return roles.RIGHTS
    if isinstance(place, Organisation):
        given = RoleAssignment.objects.filter(in_force(at), user=user, organisation=place)
        bundles = [roles.BUNDLES[role] for role in given.values_list("role", flat=True)]
        return frozenset().union(*bundles)
    on_site = SiteUserPermission.objects.filter(
        in_force(at), user=user, content_object=place.site if isinstance(place, Area) else place
    )
    names = set(on_site.values_list("permission__codename", flat=True))
    if isinstance(place, Area):
        on_area = AreaUserPermission.objects.filter(
            in_force(at), user=user, content_object__in=_with_outer(place)
        )
        names |= set(on_area.values_list("permission__codename", flat=True))
    return frozenset(roles.WORDS[name] for name in names if name in roles.WORDS)


def may_give(*, user: User, role: str, place: Place, at: dt.datetime) -> bool:
    """Say whether somebody may give, or take, a role on a place: never more than they have."""
    own = rights_on(user, place, at)
    return roles.STAFF in own and roles.rights_of(role, level_of(place)) <= own


def check(
    *,
    user_id: int | None,
    role: str,
    place: Place,
    giver: User | None,
    at: dt.datetime,
    actor: Actor | None = None,
) -> None:
    """Refuse a role that cannot be given there, or not by its giver; the refusal is recorded."""
    refusal: Refusal | None = None
    if not roles.is_given_at(role, level_of(place)):
        refusal = RoleNotHere()
    elif giver is not None and not may_give(user=giver, role=role, place=place, at=at):
        refusal = RoleTooHigh()
    if refusal is not None:
        raise _refused(refusal, user_id, role, place, _actor(giver, actor), at)


def give(
    *,
    user: User,
    role: str,
    place: Place,
    at: dt.datetime,
    giver: User | None,
    actor: Actor | None = None,
    ends_at: dt.datetime | None = None,
) -> RoleAssignment:
    """Give a role; without a giver the installation itself gives it, and ``actor`` says who.

    Raises RoleNotHere, RoleTooHigh and RoleGivenAlready.
    """
    actor = _actor(giver, actor)
    check(user_id=user.pk, role=role, place=place, giver=giver, at=at, actor=actor)
    with transaction.atomic():
        over = RoleAssignment.objects.filter(user=user, role=role, ends_at__lte=at)
        over.filter(**_where(place)).delete()
        given, made = RoleAssignment.objects.get_or_create(
            user=user,
            role=role,
            **_where(place),
            defaults={
                "given_by": giver.pk if giver is not None else None,
                "given_at": at,
                "ends_at": ends_at,
            },
        )
        if not made:
            raise RoleGivenAlready
        if not user.is_staff:
            User.objects.filter(pk=user.pk).update(is_staff=True)
            user.is_staff = True
        materialise([user.pk], at=at)
        _record(Action.ROLE_GIVEN, user.pk, role, place, actor, at, ends_at=ends_at)
    return given


def take(
    *,
    assignment: RoleAssignment,
    at: dt.datetime,
    taker: User | None,
    actor: Actor | None = None,
) -> None:
    """Take a role away, with every right that no other role gives. Raises RoleTooHigh."""
    actor = _actor(taker, actor)
    user, role, place = assignment.user, assignment.role, assignment.place
    if taker is not None and not may_give(user=taker, role=role, place=place, at=at):
        raise _refused(RoleTooHigh(), user.pk, role, place, actor, at)
    with transaction.atomic():
        _gone, per_model = RoleAssignment.objects.filter(pk=assignment.pk).delete()
        if per_model:
            materialise([user.pk], at=at)
            _record(Action.ROLE_TAKEN, user.pk, role, place, actor, at)
            sessions.end_without_rights(user_ids=[user.pk], actor=actor, at=at)


def end_due(*, at: dt.datetime, actor: Actor) -> int:
    """Remove roles that are over; return how many. What they allowed ended to the second."""
    with transaction.atomic():
        due = list(
            RoleAssignment.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("user", "organisation", "site", "area__site")
            .filter(ends_at__lte=at)
        )
        for over in due:
            _record(Action.ROLE_ENDED, over.user_id, over.role, over.place, actor, at)
        RoleAssignment.objects.filter(pk__in=[over.pk for over in due]).delete()
        users = {over.user_id for over in due}
        materialise(users, at=at)
        sessions.end_without_rights(user_ids=users, actor=actor, at=at)
    return len(due)


def follow_site(site: Site, at: dt.datetime) -> None:
    """Give the staff of an organisation their rights on a site that was added to it or moved."""
    users = RoleAssignment.objects.filter(organisation__isnull=False).filter(
        Q(organisation=site.organisation_id) | Q(user__siteuserpermission__content_object=site.pk)
    )
    materialise(set(users.values_list("user", flat=True)), at=at)


def materialise(user_ids: Iterable[int], *, at: dt.datetime) -> None:
    """Make the permissions that come from roles be exactly those of the roles in force."""
    users = sorted(user_ids)
    for user_id in users:
        # One at a time for each user: two roles given at once both count.
        User.objects.select_for_update(no_key=True).filter(pk=user_id).values_list("pk").first()
        on_sites: dict[tuple[int, str], dt.datetime | None] = {}
        on_areas: dict[tuple[int, str], dt.datetime | None] = {}
        for given in RoleAssignment.objects.filter(in_force(at), user=user_id):
            level = given.level
            names = roles.codenames(roles.rights_of(given.role, level), level)
            if given.area_id is not None:
                _add(on_areas, [given.area_id], names, given.ends_at)
            elif given.site_id is not None:
                _add(on_sites, [given.site_id], names, given.ends_at)
            else:
                sites = Site.objects.filter(organisation=given.organisation_id)
                _add(on_sites, sites.values_list("pk", flat=True), names, given.ends_at)
        _write(SiteUserPermission, user_id, on_sites)
        _write(AreaUserPermission, user_id, on_areas)
    if users:
        sessions.rights_changed()


def _add(
    wanted: dict[tuple[int, str], dt.datetime | None],
    places: Iterable[int],
    names: Iterable[str],
    ends_at: dt.datetime | None,
) -> None:
    names = list(names)
    for place in places:
        for name in names:
            before = wanted.get((place, name), dt.datetime.min.replace(tzinfo=dt.UTC))
            # The same right from two roles lasts as long as the longer one.
            longest = None if before is None or ends_at is None else max(before, ends_at)
            wanted[place, name] = longest


def _write(
    model: type[SiteUserPermission] | type[AreaUserPermission],
    user_id: int,
    wanted: dict[tuple[int, str], dt.datetime | None],
) -> None:
    ids = dict(
        Permission.objects.filter(
            content_type__app_label="lockers", codename__in={name for _place, name in wanted}
        ).values_list("codename", "pk")
    )
    rows: Any = model._default_manager.filter(user=user_id)
    kept: set[tuple[int, str]] = set()
    for row in rows.select_related("permission"):
        key = (row.content_object_id, row.permission.codename)
        if not row.by_role:
            kept.add(key)  # given by hand: it stays whatever roles say
        elif key in wanted and wanted[key] == row.ends_at:
            kept.add(key)
        else:
            row.delete()
    model._default_manager.bulk_create(
        model(
            user_id=user_id,
            content_object_id=place,
            permission_id=ids[name],
            by_role=True,
            ends_at=ends_at,
        )
        for (place, name), ends_at in wanted.items()
        if (place, name) not in kept
    )


def scope_of(place: Place) -> dict[str, Any]:
    """Return organisation and site of a place, for the event."""
    if isinstance(place, Organisation):
        return {"organisation_id": place.pk}
    site = place.site if isinstance(place, Area) else place
    return {"organisation_id": site.organisation_id, "site_id": site.pk}


def _with_outer(area: Area) -> list[int]:
    found = [area.pk]
    while area.parent is not None and area.parent.pk not in found:
        area = area.parent
        found.append(area.pk)
    return found


def _where(place: Place) -> dict[str, Place | None]:
    return {level: place if level_of(place) == level else None for level in Level.values}


def _actor(user: User | None, actor: Actor | None) -> Actor:
    if user is not None:
        return Actor.staff(user.pk)
    assert actor is not None  # whoever is no log-in has a name of its own
    return actor


def _refused(
    refusal: Refusal, user_id: int | None, role: str, place: Place, actor: Actor, at: dt.datetime
) -> Refusal:
    return refusal.keep(
        lambda: _record(Action.REFUSED, user_id, role, place, actor, at, code=refusal.code)
    )


def _record(
    action: Action,
    user_id: int | None,
    role: str,
    place: Place,
    actor: Actor,
    at: dt.datetime,
    **data: Any,
) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        subject=f"user:{user_id}" if user_id is not None else "",
        data={
            "role": role,
            level_of(place): place.pk,
            **{name: value for name, value in data.items() if value is not None},
        },
        **scope_of(place),
    )
