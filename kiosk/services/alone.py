"""What a bridge did by itself while the server was away, brought into register and trail."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from access.choices import CredentialKind, CredentialPurpose, CredentialStatus
from access.models import Credential, Pass, Person, User
from access.services import throttles
from access.services.throttles import Guess
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events
from audit.services.events import Actor
from kiosk.bridge import protocol
from kiosk.bridge.protocol import FinishedAlone, GivenAlone, OpenedAlone, WrongPin
from lockers.models import Bridge, Compartment
from lockers.services import commands
from lockers.services.journal import Line
from occupancy.models import Assignment
from occupancy.services.alone import replaying
from occupancy.services.alone.replaying import Given
from occupancy.services.custody import sharing

Done = OpenedAlone | WrongPin | GivenAlone | FinishedAlone
_KINDS: dict[str, type[Any]] = {
    "open_alone": OpenedAlone,
    "pin_wrong": WrongPin,
    "given_alone": GivenAlone,
    "finished_alone": FinishedAlone,
}


def told(kind: str, detail: str) -> Done | None:
    """Return what the detail of a line says; None for other lines, and for what cannot be read."""
    try:
        if kind in _KINDS:
            done: Done = protocol.decode_detail(detail, _KINDS[kind])
            return done
    except protocol.MalformedMessage:
        # The line is stored all the same: not storing it would stop the journal there for ever.
        pass
    return None


def record(bridge: Bridge, line: Line) -> None:
    """Bring one line in; of a person, door or log-in of somebody else nothing is believed."""
    if isinstance(line.about, GivenAlone):
        _given(bridge, line, line.about)
        return
    if isinstance(line.about, FinishedAlone):
        done = line.about
        replaying.finished(
            bridge=bridge,
            ref=done.ref,
            claim_id=done.claim_id,
            person_id=done.person_id,
            at=line.occurred_at,
        )
        return
    people = Person.objects.filter(organisation_id=bridge.site.organisation_id)
    person = people.filter(pk=line.about.person_id).first()
    if isinstance(line.about, OpenedAlone):
        _opened(bridge, line, line.about, person)
    elif isinstance(line.about, WrongPin) and person is not None:
        _guessed(bridge, line, line.about, person)


def _given(bridge: Bridge, line: Line, given: GivenAlone) -> None:
    if not Compartment.objects.filter(pk=line.compartment_id or 0, bank__bridge=bridge).exists():
        return
    replaying.given(
        bridge=bridge,
        use=Given(
            ref=given.ref,
            compartment_id=line.compartment_id or 0,
            person_id=given.person_id,
            policy_id=given.policy_id,
            at=line.occurred_at,
            due_at=_instant(given.due_at_ms),
            ends_at=_instant(given.ends_at_ms),
            counts=given.counts,
        ),
    )


def _instant(milliseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)


def _opened(bridge: Bridge, line: Line, opened: OpenedAlone, person: Person | None) -> None:
    doors = Compartment.objects.select_related("bank__site").filter(bank__bridge=bridge)
    door = doors.filter(pk=line.compartment_id or 0).first()
    if door is None or line.command_id is None:
        return
    claims = Assignment.objects.select_related("compartment__bank__site", "holder")
    which = {"aloneuse": opened.ref} if opened.ref is not None else {"pk": opened.claim_id or 0}
    claim = claims.filter(**which, compartment=door).first()
    staff = None
    if opened.user_id is not None and person is not None:
        staff = User.objects.filter(pk=opened.user_id, person=person).first()
    actor = Actor.bridge(bridge.pk)
    if person is not None:
        actor = Actor.staff(staff.pk) if staff is not None else Actor.person(person.pk)
    is_override = opened.user_id is not None
    reason = _("while the server was away") if is_override else ""
    facts = _facts(line, opened)
    if claim is not None:
        facts["claim"] = claim.pk
    is_new = commands.record_alone(
        command_id=line.command_id,
        door=door,
        bridge=bridge,
        actor=actor,
        at=line.occurred_at,
        person_id=person.pk if person is not None else None,
        claim_id=claim.pk if claim is not None else None,
        reason=reason,
        facts=facts,
    )
    if not is_new or person is None:
        return
    if claim is not None and not is_override:
        replaying.had(bridge=bridge, claim_id=claim.pk, person_id=person.pk, at=line.occurred_at)
    if is_override:
        _inspected(door, line, actor, reason, facts)
    elif claim is not None and claim.holder_id != person.pk:
        _use_share(claim, person, line, actor)
    if opened.pass_id is not None:
        Pass.objects.filter(pk=opened.pass_id, person=person).update(used_at=line.occurred_at)
    if opened.pin_id is not None:
        throttles.forgive(person_id=person.pk)
        _use_pin(opened.pin_id, person, door, line, actor)


def _facts(line: Line, opened: OpenedAlone) -> dict[str, object]:
    facts: dict[str, object] = {
        "decided_by": "bridge",
        "decision": {"code": "allowed", "why": opened.why},
        "kind": opened.kind,
        "seq": line.seq,
    }
    named = {
        "reader": opened.reader_id,
        "credential": opened.credential_id,
        "grant": opened.grant_id,
        "claim": opened.claim_id,
        "pass": str(opened.pass_id) if opened.pass_id is not None else None,
    }
    facts |= {name: value for name, value in named.items() if value is not None}
    if not line.clock_ok:
        facts["clock_ok"] = False
    return facts


def _inspected(
    door: Compartment, line: Line, actor: Actor, reason: str, facts: dict[str, object]
) -> None:
    holder = Assignment.objects.filter(compartment=door, closed_at=None).first()
    events.record(
        action=Action.INSPECTED,
        actor=actor,
        at=line.occurred_at,
        organisation_id=door.bank.site.organisation_id,
        site_id=door.bank.site_id,
        bank_id=door.bank_id,
        compartment_id=door.pk,
        person_id=holder.holder_id if holder is not None else None,
        reason=reason,
        data={"command": str(line.command_id), **facts},
    )


def _use_share(claim: Assignment, person: Person, line: Line, actor: Actor) -> None:
    assert line.command_id is not None  # _opened has looked
    try:
        sharing.use(
            assignment=claim, person=person, command_id=line.command_id, actor=actor,
            at=line.occurred_at,
        )  # fmt: skip
    except Refusal:
        # It was used or ended here meanwhile: that the door was opened stands in the trail.
        return


def _use_pin(pin_id: int, person: Person, door: Compartment, line: Line, actor: Actor) -> None:
    """Use up a PIN that was lent for one use."""
    lent = Credential.objects.filter(
        pk=pin_id,
        person=person,
        kind=CredentialKind.PIN,
        purpose=CredentialPurpose.RECOVERY,
        status=CredentialStatus.ACTIVE,
    )
    if lent.update(status=CredentialStatus.REVOKED):
        events.record(
            action=Action.CREDENTIAL_CHANGED,
            actor=actor,
            at=line.occurred_at,
            organisation_id=person.organisation_id,
            site_id=door.bank.site_id,
            bank_id=door.bank_id,
            person_id=person.pk,
            subject=f"credential:{pin_id}",
            reason="used",
            data={
                "kind": CredentialKind.PIN.value,
                "purpose": CredentialPurpose.RECOVERY.value,
                "status": CredentialStatus.REVOKED.value,
            },
        )


def _guessed(bridge: Bridge, line: Line, wrong: WrongPin, person: Person) -> None:
    """Count a wrong PIN as if it had been typed here at its time."""
    actor = Actor.bridge(bridge.pk)
    device = f"{actor.kind.value}:{actor.id}"
    guess = Guess(person.organisation_id, bridge.site_id, device, person.pk)
    throttles.count(guess=guess, actor=actor, at=line.occurred_at)
    events.record(
        action=Action.PIN_WRONG,
        actor=actor,
        at=line.occurred_at,
        organisation_id=person.organisation_id,
        site_id=bridge.site_id,
        person_id=person.pk,
        data={"code": "wrong_pin", "reader": wrong.reader_id, "by": "bridge", "seq": line.seq},
    )
