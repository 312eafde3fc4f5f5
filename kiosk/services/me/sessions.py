"""Phones on which somebody is signed in: opened, believed, and ended when the person has to go.

What a session lives on is asked whenever it is shown, so that a person who is suspended or has
left, a log-in out of use and a visit that is over end it at once. The job only tidies up.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.core import signing
from django.db import transaction
from django.db.models import Q

from access.choices import PersonStatus
from access.models import Person, User, Visit
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from kiosk.choices import SignedInBy
from kiosk.errors import NoSuchPerson, NotYourLabel
from kiosk.models import PhoneSession
from lockers.models import Bank

LASTS = dt.timedelta(days=30)
# How long after the scan of a bank's label somebody counts as standing there.
STANDS_FOR = dt.timedelta(minutes=2)
_KEPT_FOR = dt.timedelta(days=30)
_LABEL = signing.Signer(salt="kiosk.label")


def open_for(
    *,
    person: Person,
    by: SignedInBy,
    at: dt.datetime,
    address: str = "",
    user: User | None = None,
    visit: Visit | None = None,
) -> str:
    """Sign a person in on a phone and return the token that its cookie holds."""
    token = secrets.token_urlsafe(32)
    until = at + LASTS
    if visit is not None:
        until = min(until, visit.expected_until)
    with transaction.atomic():
        session = PhoneSession.objects.create(
            digest=_digest(token), person=person, by=by, address=address, user=user, visit=visit,
            opened_at=at, expires_at=until,
        )  # fmt: skip
        _record(Action.PHONE_SIGNED_IN, session, Actor.person(person.pk), at, by=by.value)
    return token


def in_force(at: dt.datetime) -> Q:
    """Return the condition under which a session is believed at ``at``."""
    return (
        Q(ended_at__isnull=True, expires_at__gt=at, person__status=PersonStatus.ACTIVE)
        & (Q(user__isnull=True) | Q(user__is_active=True))
        & (
            Q(visit__isnull=True)
            | Q(
                visit__cancelled_at__isnull=True,
                visit__left_at__isnull=True,
                visit__expected_until__gt=at,
            )
        )
    )


def resolve(token: str, at: dt.datetime) -> PhoneSession | None:
    """Return the session that a cookie's token belongs to, or None."""
    if not token or len(token) > 100:
        return None
    return (
        PhoneSession.objects.select_related(
            "person__organisation", "person__home_site", "at_bank__site", "visit__site"
        )
        .filter(in_force(at), digest=_digest(token))
        .first()
    )


def end(*, session: PhoneSession, actor: Actor, at: dt.datetime, why: str = "") -> bool:
    """Sign a phone out; False when it was already."""
    with transaction.atomic():
        ended = PhoneSession.objects.filter(pk=session.pk, ended_at__isnull=True).update(
            ended_at=at
        )
        if ended:
            _record(Action.PHONE_SIGNED_OUT, session, actor, at, **({"why": why} if why else {}))
    return bool(ended)


def end_all(*, person_id: int, actor: Actor, at: dt.datetime, why: str = "") -> int:
    """Sign a person out on every phone, and return on how many."""
    sessions = PhoneSession.objects.filter(person=person_id, ended_at__isnull=True)
    rows = list(sessions.select_related("person").order_by("pk"))
    return sum(end(session=session, actor=actor, at=at, why=why) for session in rows)


def end_of_those_who_may_not(*, at: dt.datetime) -> int:
    """End what is no longer believed, for good: who comes back signs in anew."""
    over = PhoneSession.objects.filter(ended_at__isnull=True, expires_at__gt=at).exclude(
        in_force(at)
    )
    job, ended = Actor.job("phones"), 0
    for session in over.select_related("person").order_by("pk"):
        ended += end(session=session, actor=job, at=at, why="not_active")
    return ended


def purge(*, at: dt.datetime) -> int:
    """Forget sessions that were over a month ago; return how many."""
    before = at - _KEPT_FOR
    gone, _each = PhoneSession.objects.filter(
        Q(expires_at__lt=before) | Q(ended_at__lt=before)
    ).delete()
    return gone


def label_of(bank: Bank) -> str:
    """Return what the label of a bank says after the address."""
    return _LABEL.sign(str(bank.pk))


def bank_on(label: str) -> Bank:
    """Return the bank whose label it is; raises NotYourLabel for what we did not sign."""
    try:
        bank_id = int(_LABEL.unsign(label))
    except (signing.BadSignature, ValueError) as error:
        raise NotYourLabel from error
    bank = Bank.objects.select_related("site").filter(pk=bank_id).first()
    if bank is None:
        raise NotYourLabel
    return bank


def stand_at(*, session: PhoneSession, label: str, at: dt.datetime) -> Bank:
    """Believe that somebody stands at a bank whose label they scanned; raises NotYourLabel."""
    bank = bank_on(label)
    if bank.site.organisation_id != session.person.organisation_id:
        raise NotYourLabel
    with transaction.atomic():
        PhoneSession.objects.filter(pk=session.pk).update(at_bank=bank, at_bank_since=at)
        events.record(
            action=Action.PHONE_AT_BANK,
            actor=Actor.person(session.person_id),
            at=at,
            organisation_id=bank.site.organisation_id,
            site_id=bank.site_id,
            bank_id=bank.pk,
            person_id=session.person_id,
            subject=f"phone:{session.pk}",
        )
    session.at_bank, session.at_bank_since = bank, at
    return bank


def stands_at(session: PhoneSession, at: dt.datetime) -> Bank | None:
    """Return the bank at which somebody stands, by a scan that is not too old."""
    since = session.at_bank_since
    if session.at_bank is None or since is None or not since <= at < since + STANDS_FOR:
        return None
    return session.at_bank


def others(session: PhoneSession) -> list[Person]:
    """Return the other people who have the address by which somebody was signed in."""
    if not session.address:
        return []
    found = Person.objects.filter(email__iexact=session.address, status=PersonStatus.ACTIVE)
    return list(found.exclude(pk=session.person_id).select_related("organisation").order_by("pk"))


def switch(*, session: PhoneSession, person_id: int, at: dt.datetime) -> str:
    """Be another person of the same address; return the new token. Raises NoSuchPerson."""
    person = next((one for one in others(session) if one.pk == person_id), None)
    if person is None:
        raise NoSuchPerson
    with transaction.atomic():
        end(session=session, actor=Actor.person(session.person_id), at=at, why="switched")
        return open_for(
            person=person, by=SignedInBy(session.by), at=at, address=session.address,
            user=session.user,
        )  # fmt: skip


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _record(
    action: Action, session: PhoneSession, actor: Actor, at: dt.datetime, **data: object
) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=session.person.organisation_id,
        site_id=session.person.home_site_id,
        person_id=session.person_id,
        subject=f"phone:{session.pk}",
        data=data,
    )
