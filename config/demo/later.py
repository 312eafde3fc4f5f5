"""Let life go on between two starts: who came since, so that today's map is never empty.

Only whole days that nobody saw are written, and of a longer pause the last few: a start takes no
second longer. On a day with any use, what is there is left alone.
"""

from __future__ import annotations

import datetime as dt
import logging
import random

from django.db import DatabaseError, transaction
from django.db.models import Max, Q

from access.models import Grant, Person, User
from audit.actions import Action
from audit.services.events import Actor
from config.demo import banks as bank_plans
from config.demo import estate as estates
from config.demo import happenings, people, present, seed, upkeep
from config.demo.estate import BuiltSite, Estate
from config.demo.history import History
from config.demo.visits import HABITS, Diary
from kiosk.models import Terminal
from lockers.choices import LockKind, ServiceStatus
from lockers.models import Bank, Compartment, Organisation, Site
from occupancy.choices import ClaimKind, ClosedHow
from occupancy.models import Assignment, Claim, Policy
from occupancy.services.ending import expiry

log = logging.getLogger(__name__)

CATCH_UP_DAYS = 3
# Whoever was there when the demonstration was last used left after that.
_AFTER_US = dt.timedelta(minutes=5)


def go_on(organisation_id: int, *, at: dt.datetime) -> None:
    """Write what happened since the last start; starting again on the same day adds nothing."""
    try:
        with transaction.atomic():
            _go_on(found(organisation_id), at)
    except DatabaseError:
        # Somebody may have made anything of this estate: that must not keep it from starting.
        log.exception("the days since the last start stay empty")


def found(organisation_id: int) -> Estate:
    """Return what still stands of the estate, and what can be claimed there."""
    built = [_found(organisation_id, plan) for plan in estates.SITES]
    return Estate(
        Organisation.objects.get(pk=organisation_id), [site for site in built if site is not None]
    )


def _found(organisation_id: int, plan: estates.SitePlan) -> BuiltSite | None:
    site = Site.objects.filter(organisation=organisation_id, kind=plan.kind).order_by("pk").first()
    policy = Policy.objects.filter(site=site, bank=None).first()
    bank = Bank.objects.filter(site=site, bridge__isnull=False).select_related("bridge").first()
    if site is None or policy is None or bank is None or bank.bridge is None:
        return None
    doors = Compartment.objects.filter(
        bank__site=site,
        bank__bridge=bank.bridge,
        lock_kind=LockKind.ELECTRONIC,
        controller__isnull=False,
        service_status=ServiceStatus.IN_SERVICE,
    )
    doors = doors.exclude(door__is_forced=True).exclude(
        bank__name__in=bank_plans.SILENT | bank_plans.FOR_THE_YEAR
    )
    return BuiltSite(
        plan=plan,
        site=site,
        bridge=bank.bridge,
        policy=policy,
        banks=list(site.banks.exclude(name__in=bank_plans.FOR_THE_YEAR)),
        year_banks=list(site.banks.filter(name__in=bank_plans.FOR_THE_YEAR)),
        doors=list(doors.order_by("pk")),
        terminals={one.bank_id: one for one in Terminal.objects.filter(bank__site=site)},
    )


def _go_on(estate: Estate, at: dt.datetime) -> None:
    everybody = list(
        Person.objects.filter(organisation=estate.organisation).order_by("personal_number")
    )
    last = Assignment.objects.filter(
        compartment__bank__site__organisation=estate.organisation
    ).aggregate(at=Max("started_at"))["at"]
    staff = User.objects.filter(is_superuser=True).order_by("pk").first()
    if last is not None and staff is not None and everybody:
        history = History(estate, staff.pk, at, random.Random(f"{seed.SEED} {at.date()}"))
        new = [built for built in estate.sites if _day(built, last) < _day(built, at)]
        diaries = [
            seed.diary_of(built, people.of_site(built, everybody), at, history.rng) for built in new
        ]
        for built, diary in zip(new, diaries, strict=True):
            _go_home(history, built, diary, last)
        expiry.expire_due(at=at)
        for built, diary in zip(new, diaries, strict=True):
            _come(history, built, diary, last, everybody)
        history.write()
    upkeep.go_on(estate, at=at)
    for built in estate.sites:
        if built.plan is estates.OFFICE:
            happenings.close_one(built, at=at)
            present.go_on(built, people.of_site(built, everybody), at=at)


def _day(built: BuiltSite, at: dt.datetime) -> dt.date:
    return at.astimezone(built.site.zone).date()


def _go_home(history: History, built: BuiltSite, diary: Diary, last: dt.datetime) -> None:
    """Let those leave whose day is over, as their habit is; some forget, and one never comes.

    The people of the start table are left alone: what was done with their badges stays.
    """
    habit = HABITS[estates.SITES.index(built.plan)]
    held = Claim.objects.filter(
        compartment__in=built.doors,
        kind=ClaimKind.ASSIGNMENT,
        closed_at__isnull=True,
        recovery_at__isnull=True,
        ends_at__lte=history.at,
        holder__in=diary.people,
    )
    gone: dict[int, Claim] = {}
    for claim in list(held.select_related("compartment").order_by("-pk"))[1:]:
        assert claim.ends_at is not None  # the filter asks for it
        day = _day(built, claim.starts_at)
        leaves_at, how = diary.leaving(habit, day, claim.starts_at, claim.ends_at)
        leaves_at = max(leaves_at, last + _AFTER_US)
        if how == ClosedHow.EXPIRED or leaves_at >= history.at:
            continue
        claim.closed_at, claim.closed_how = leaves_at, how
        gone[claim.pk] = claim
        by_staff = how == ClosedHow.RELEASED_BY_STAFF
        history.add_event(
            built,
            Action.RELEASED,
            Actor.staff(history.staff_id) if by_staff else Actor.person(claim.holder_id or 0),
            leaves_at,
            door=claim.compartment,
            person_id=claim.holder_id,
            reason="Asked at reception, had lost the badge" if by_staff else "",
            data={"claim": claim.pk, "how": how.value},
        )
    Claim.objects.bulk_update(gone.values(), ["closed_at", "closed_how"])
    grants = Grant.objects.filter(claim_id__in=gone, revoked_at__isnull=True)
    for grant in grants:
        grant.revoked_at = gone[grant.claim_id or 0].closed_at
    Grant.objects.bulk_update(grants, ["revoked_at"])


def _come(
    history: History, built: BuiltSite, diary: Diary, last: dt.datetime, everybody: list[Person]
) -> None:
    """Take the days after the last use into the history, today as far as it is."""
    at, zone = history.at, built.site.zone
    seen, today = _day(built, last), _day(built, at)
    first = max(seen, today - dt.timedelta(days=CATCH_UP_DAYS)) + dt.timedelta(days=1)
    _keep_what_is_held(diary, built, dt.datetime.combine(first, dt.time(), tzinfo=zone))
    seed.fill(built, diary, first)
    history.add_visits(built, diary.visits)
    if built.plan is estates.OFFICE:
        for back in range((today - first).days + 1):
            morning = dt.datetime.combine(today - dt.timedelta(days=back), dt.time(8), tzinfo=zone)
            if morning < at and morning.weekday() < 5:
                happenings.refusals(history, morning.astimezone(dt.UTC), everybody)


def _keep_what_is_held(diary: Diary, built: BuiltSite, since: dt.datetime) -> None:
    """Have the diary leave alone which doors and people are busy, or were so since."""
    claims = Claim.objects.filter(compartment__in=built.doors).filter(
        Q(closed_at__isnull=True, started_at__isnull=False)
        | Q(closed_at__isnull=True, ends_at__gt=diary.at)
        | Q(closed_at__gt=since)
    )
    for door, person, closed_at in claims.order_by("pk").values_list(
        "compartment_id", "holder_id", "closed_at"
    ):
        diary.keep(door, person, closed_at)
