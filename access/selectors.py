"""What people still have: for their checklists and for the leaver's report."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from access.checklists import Facts, is_done
from access.choices import CARRIED, CredentialKind, CredentialStatus, PersonStatus
from access.models import (
    Credential,
    Grant,
    Pass,
    Person,
    Run,
    SiteUserPermission,
    TemporaryAccess,
    User,
)
from access.models.keys import KeyHolding


@dataclass
class Holdings:
    """Everything one person has that must come back when they go."""

    credentials: list[Credential] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    keys: list[KeyHolding] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    # Over by themselves, but not before who left might come back.
    passes: list[Pass] = field(default_factory=list)
    access: list[TemporaryAccess] = field(default_factory=list)

    @property
    def facts(self) -> Facts:
        active = [c for c in self.credentials if c.status == CredentialStatus.ACTIVE]
        return Facts(
            has_card=any(c.kind in CARRIED for c in active),
            has_pin=any(c.kind == CredentialKind.PIN for c in active),
            has_locker=bool(self.grants),
            has_key=bool(self.keys),
            has_login=bool(self.users),
            has_access=bool(self.access),
        )

    @property
    def is_empty(self) -> bool:
        return not (
            self.credentials
            or self.grants
            or self.keys
            or self.users
            or self.runs
            or self.passes
            or self.access
        )


def grants_in_force(at: dt.datetime) -> Q:
    """Return the condition under which a grant still opens a door at ``at``, or will later."""
    return Q(revoked_at__isnull=True) & (Q(ends_at__isnull=True) | Q(ends_at__gt=at))


def holdings(people: Iterable[Person], at: dt.datetime) -> dict[int, Holdings]:
    """Return what each of some people has, in a fixed number of queries."""
    everybody = list(people)
    ids = [person.pk for person in everybody]
    found: dict[int, Holdings] = {pk: Holdings() for pk in ids}
    for credential in Credential.objects.filter(person__in=ids).exclude(
        status=CredentialStatus.REVOKED
    ):
        found[credential.person_id].credentials.append(credential)
    for grant in Grant.objects.filter(grants_in_force(at), person__in=ids).select_related(
        "compartment__bank__site"
    ):
        assert grant.person_id is not None  # these are the grants of people
        found[grant.person_id].grants.append(grant)
    for holding in KeyHolding.objects.filter(
        person__in=ids, returned_at__isnull=True
    ).select_related("key__lock__compartment__bank", "key__master_set"):
        found[holding.person_id].keys.append(holding)
    still = {"person__in": ids, "revoked_at__isnull": True, "ends_at__gt": at}
    for access in TemporaryAccess.objects.filter(**still).select_related("site"):
        found[access.person_id].access.append(access)
    for given in Pass.objects.filter(**still):
        found[given.person_id].passes.append(given)
    for run in Run.objects.filter(person__in=ids, finished_at__isnull=True):
        found[run.person_id].runs.append(run)
    logins = _logins(everybody)
    for person in everybody:
        if person.email:
            found[person.pk].users = logins[person.organisation_id, person.email.lower()]
    return found


def _logins(people: list[Person]) -> defaultdict[tuple[int, str], list[User]]:
    """Return the active log-ins of each organisation by e-mail.

    Only of those who may do something in it: the address alone must not tell one organisation
    who logs in to another.
    """
    found: defaultdict[tuple[int, str], list[User]] = defaultdict(list)
    emails = {person.email.lower() for person in people if person.email}
    if not emails:
        return found
    users = {
        user.pk: user
        for user in User.objects.filter(is_active=True).exclude(email="")
        if user.email.lower() in emails
    }
    rights = SiteUserPermission.objects.filter(user__in=users).values_list(
        "user_id", "content_object__organisation_id"
    )
    for user_id, organisation_id in set(rights):
        found[organisation_id, users[user_id].email.lower()].append(users[user_id])
    for organisation_id in {person.organisation_id for person in people}:
        for user in users.values():
            key = organisation_id, user.email.lower()
            if user.is_superuser and user not in found[key]:
                found[key].append(user)
    return found


@dataclass(frozen=True)
class Leaver:
    """Somebody who has left, or should have, and still has something."""

    person: Person
    has: Holdings
    is_late: bool


def leavers(people: Q, at: dt.datetime) -> list[Leaver]:
    """Return everybody among ``people`` who is gone and not finished with; it should be empty.

    An onboarding that nobody closed counts as well: it would go on for somebody who is not there.
    """
    gone = list(
        Person.objects.filter(people)
        .filter(Q(status=PersonStatus.LEFT) | Q(leaves_on__lte=at.date() + dt.timedelta(days=1)))
        .select_related("home_site", "organisation")
    )
    gone = [person for person in gone if person.status == PersonStatus.LEFT or is_over(person, at)]
    has = holdings(gone, at)
    return [
        Leaver(person, has[person.pk], person.status != PersonStatus.LEFT)
        for person in gone
        if person.status != PersonStatus.LEFT or not has[person.pk].is_empty
    ]


def is_over(person: Person, at: dt.datetime) -> bool:
    """Say whether somebody's last day is over where they are at home."""
    if person.leaves_on is None:
        return False
    zone = person.home_site.zone if person.home_site is not None else dt.UTC
    return at.astimezone(zone).date() > person.leaves_on


def leaves_at(person: Person) -> dt.datetime | None:
    """Return the midnight that ends somebody's last day where they are at home, if one is known."""
    return None if person.leaves_on is None else _midnight_after(person.leaves_on, person)


def was_to_leave_at(person: Person) -> dt.datetime | None:
    """Return the same for the last day that somebody had when they were read."""
    day = person.was_to_leave_on
    return None if day is None else _midnight_after(day, person)


def _midnight_after(day: dt.date, person: Person) -> dt.datetime:
    zone = person.home_site.zone if person.home_site is not None else dt.UTC
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC)


def progress(run: Run, facts: Facts) -> tuple[int, int]:
    """Return how many steps of a run are done, of how many."""
    steps = list(run.steps.all())
    done = sum(
        1 for step in steps if step.done_at is not None or is_done(run.kind, step.verb, facts)
    )
    return done, len(steps)
