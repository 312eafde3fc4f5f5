"""Issuing, showing and revoking passes, and believing one that is shown."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from access import passes
from access.choices import Assurance
from access.decisions import Decision, Facts, decide
from access.errors.decisions import DoorOfAnother, PassNotAllowed
from access.errors.passes import NoPassKey, PassOver, PassRefused
from access.models import Hold, Pass, Person
from access.services import holds, identification
from access.services.shown import Where
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events
from audit.services.events import Actor
from lockers.models import Compartment

LONGEST = dt.timedelta(days=366)
_LINK = signing.Signer(salt="access.pass")


@dataclass(frozen=True)
class Believed:
    """A pass that was shown and is good: whose, for which door, and why."""

    given: Pass
    decision: Decision
    kind: str = "pass"

    @property
    def person_id(self) -> int:
        """Whose pass it is."""
        return self.given.person_id


def issue(
    *,
    person: Person,
    compartment: Compartment | None,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    is_single_use: bool,
    actor: Actor,
    at: dt.datetime,
) -> Pass:
    """Give a person a pass; raises NoPassKey, DoorOfAnother and PassOver."""
    _seeds()
    if compartment is not None and compartment.bank.site.organisation_id != person.organisation_id:
        raise DoorOfAnother
    if ends_at <= max(at, starts_at) or ends_at - starts_at > LONGEST:
        raise PassOver
    with transaction.atomic():
        given = Pass.objects.create(
            person=person,
            compartment=compartment,
            is_single_use=is_single_use,
            starts_at=starts_at,
            ends_at=ends_at,
            issued_at=at,
        )
        _record(Action.PASS_ISSUED, given, actor, at)
    return given


def extend(*, given: Pass, ends_at: dt.datetime, actor: Actor, at: dt.datetime) -> bool:
    """Let a pass last longer: the page under its address shows the new one; False when revoked.

    A code that was printed says its old end, and ends then.
    """
    with transaction.atomic():
        changed = Pass.objects.filter(
            pk=given.pk, revoked_at__isnull=True, ends_at__lt=ends_at
        ).update(ends_at=ends_at)
        if changed:
            given.ends_at = ends_at
            _record(Action.PASS_EXTENDED, given, actor, at)
    return bool(changed)


def revoke(*, given: Pass, actor: Actor, at: dt.datetime, reason: str = "") -> None:
    """Make a pass worthless from now on; one that is revoked already stays as it is."""
    with transaction.atomic():
        if Pass.objects.filter(pk=given.pk, revoked_at__isnull=True).update(revoked_at=at):
            _record(Action.PASS_REVOKED, given, actor, at, reason)


def record_shown(*, given: Pass, actor: Actor, at: dt.datetime) -> None:
    """Record that a member of staff looks at somebody's pass, which is as good as having it."""
    _record(Action.PASS_SHOWN, given, actor, at)


def text_of(given: Pass) -> str:
    """Return what the QR code says; raises NoPassKey."""
    return passes.sign(
        passes.Pass(
            id=given.pk,
            organisation_id=given.person.organisation_id,
            person_id=given.person_id,
            starts_at=given.starts_at,
            ends_at=given.ends_at,
            compartment_id=given.compartment_id,
            is_single_use=given.is_single_use,
        ),
        _seeds()[0],
    )


def link_of(given: Pass) -> str:
    """Return the secret part of the address under which a phone shows the pass."""
    return _LINK.sign(given.pk.hex)


def by_link(link: str) -> Pass | None:
    """Return the pass that a link shows, or None when the link was made up."""
    try:
        pk = _LINK.unsign(link)
    except signing.BadSignature:
        return None
    rows = Pass.objects.select_related("person__organisation", "compartment__bank__site")
    return rows.filter(pk=pk).first()


def id_of(text: str) -> uuid.UUID | None:
    """Return the id of the pass that a text proves to be, or None."""
    try:
        return passes.read(text, public_keys()).id
    except passes.PassError:
        return None


def present(*, text: str, where: Where, at: dt.datetime, pin: str | None = None) -> Believed:
    """Believe a pass that was shown at a device, and use it up when it is for one use.

    The signature says that we made it; the register says whether it still counts. A photograph of
    it is as good, so a bank may ask for its person's PIN as well. Raises PassRefused for what is
    no pass of this organisation, PassNotAllowed, and with a PIN what own_pin raises.
    """
    try:
        said = passes.read(text, public_keys())
    except passes.PassError as error:
        raise _refused(PassRefused(), where, at, None, why=error.why.value) from error
    with transaction.atomic():
        given = (
            _rows(at)
            .select_for_update(of=("self",))
            .filter(pk=said.id, person__organisation_id=where.organisation_id)
            .first()
        )
        if given is None or said.organisation_id != where.organisation_id:
            raise _refused(PassRefused(), where, at, None, why="pass_of_nobody")
        if pin is not None:
            identification.own_pin(person_id=given.person_id, pin=pin, where=where, at=at)
        decision = _decide(given, where, at, has_shown_pin=pin is not None)
        if not decision.allowed:
            raise _not_allowed(given, decision, where, at)
        Pass.objects.filter(pk=given.pk).update(used_at=at)
    return Believed(given, decision)


def again(*, pass_id: uuid.UUID, where: Where, at: dt.datetime) -> Pass:
    """Judge once more a pass that was shown a moment ago; raises PassRefused, PassNotAllowed.

    The PIN was shown then, and its one use is this one.
    """
    given = _rows(at).filter(pk=pass_id).first()
    if given is None:
        raise _refused(PassRefused(), where, at, None, why="pass_of_nobody")
    decision = _decide(given, where, at, has_shown_pin=True, is_its_use=True)
    if not decision.allowed:
        raise _not_allowed(given, decision, where, at)
    return given


def _rows(at: dt.datetime) -> QuerySet[Pass]:
    held = Hold.objects.filter(holds.in_force(at), person_id=OuterRef("person_id"))
    return Pass.objects.select_related("person").annotate(is_held=Exists(held))


def _decide(
    given: Pass,
    where: Where,
    at: dt.datetime,
    *,
    has_shown_pin: bool,
    is_its_use: bool = False,
) -> Decision:
    status = "active"
    if given.revoked_at is not None:
        status = "revoked"
    elif given.is_single_use and given.used_at is not None and not is_its_use:
        status = "used"
    return decide(
        Facts(
            person_status=given.person.status,
            is_held=given.is_held,  # type: ignore[attr-defined]  # annotated by _rows
            credential_status=status,
            credential_from=given.starts_at,
            credential_until=given.ends_at,
            assurance=Assurance.PLAIN,
            pin_rule=where.pin_rule,
            has_shown_pin=has_shown_pin,
        ),
        at,
    )


def public_keys() -> dict[bytes, bytes]:
    """Return by key id what reads passes of this installation; a bridge is given the same."""
    return _public_keys(tuple(_seeds()))


@functools.cache
def _public_keys(seeds: tuple[bytes, ...]) -> dict[bytes, bytes]:
    return passes.public_keys(seeds)


def _seeds() -> list[bytes]:
    if not settings.PASS_KEYS:
        raise NoPassKey
    return [base64.urlsafe_b64decode(key) for key in settings.PASS_KEYS]


def _not_allowed(given: Pass, decision: Decision, where: Where, at: dt.datetime) -> Refusal:
    told = {"pass": str(given.pk), "decision": decision.log()}
    return _refused(PassNotAllowed(decision), where, at, given.person_id, **told)


def _refused(
    refusal: Refusal, where: Where, at: dt.datetime, person_id: int | None, **data: object
) -> Refusal:
    return refusal.keep(
        lambda: events.record(
            action=Action.REFUSED,
            actor=where.actor,
            at=at,
            organisation_id=where.organisation_id,
            site_id=where.site_id,
            bank_id=where.bank_id,
            person_id=person_id,
            data={"code": refusal.code, "kind": "pass", **data},
        )
    )


def _record(action: Action, given: Pass, actor: Actor, at: dt.datetime, reason: str = "") -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=given.person.organisation_id,
        site_id=given.person.home_site_id,
        compartment_id=given.compartment_id,
        person_id=given.person_id,
        subject=f"pass:{given.pk}",
        reason=reason,
        data={"until": given.ends_at.isoformat(), "single_use": given.is_single_use},
    )
