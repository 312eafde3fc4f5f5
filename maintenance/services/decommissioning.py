"""Taking a bank away for good, step by step; each step is refused until what it means is true.

emptied -> access taken back -> keys recovered -> data wiped -> taken down -> disposed of ->
certificate filed. What happened in the bank stays in its history.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from access.choices import KeyStatus
from access.models import Combination, Grant, Key, KeyHolding, Lock, Pass
from access.services import keys, passes
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from lockers.errors import CompartmentHeld
from lockers.models import Bank, Compartment
from lockers.services import bridge_keys
from maintenance import screens
from maintenance.choices import AssetState, DecommissionStep
from maintenance.errors.assets import (
    AccessLeft,
    AssetsLeft,
    BegunAlready,
    CertificateNeeded,
    DecommissioningOver,
    DoorsInUse,
    KeysOut,
    StepDoneAlready,
    StepsBefore,
    TerminalsUnknown,
    TooLateToCallOff,
)
from maintenance.models import Asset, Decommissioning, StepDone
from maintenance.services import assets
from occupancy.choices import ClaimKind
from occupancy.models import Claim
from occupancy.services.custody import overrides

ORDER = list(DecommissionStep)
# What somebody new could be given, or could once it is clean.
_GIVEN = (ServiceStatus.IN_SERVICE, ServiceStatus.NEEDS_CLEANING)
# How the doors stand meanwhile: free ones, and those that somebody still has.
_LEFT = (ServiceStatus.DECOMMISSIONED, ServiceStatus.FAULT)
# A step before these can be undone: the doors only go back into service.
_FOR_GOOD = (DecommissionStep.CREDENTIALS, DecommissionStep.KEYS, DecommissionStep.DATA)


def going_on() -> QuerySet[Decommissioning]:
    """Return those whose doors are not all empty yet."""
    return (
        Decommissioning.objects.filter(done_at__isnull=True, called_off_at__isnull=True)
        .exclude(steps__step=DecommissionStep.EMPTIED)
        .select_related("bank__site")
        .order_by("pk")
    )


def begin(*, bank_id: int, reason: str, actor: Actor, at: dt.datetime) -> Decommissioning:
    """Begin to take a bank away: nobody is given a free door of it any more.

    A door that somebody has stays theirs until it is given back or emptied, and is nobody's after
    that; raises BegunAlready.
    """
    with transaction.atomic():
        bank = Bank.objects.select_for_update(no_key=True, of=("self",)).get(pk=bank_id)
        try:
            with transaction.atomic():
                row = Decommissioning.objects.create(
                    bank=bank, reason=reason[:200], begun_at=at,
                    doors_were={
                        str(pk): was
                        for pk, was in Compartment.objects.filter(bank=bank).values_list(
                            "pk", "service_status"
                        )
                    },
                )  # fmt: skip
        except IntegrityError as error:
            raise BegunAlready from error
        _record(row, Action.DECOMMISSIONING_BEGUN, actor, at, reason)
        close_free_doors(row, actor=actor, at=at)
    return row


def close_free_doors(row: Decommissioning, *, actor: Actor, at: dt.datetime) -> int:
    """Take every door that nobody has out of use for good; return how many.

    One that is held is a fault until then: its holder goes on, and nobody is given it after them.
    """
    closed = 0
    doors = Compartment.objects.filter(bank=row.bank_id)
    for pk in doors.exclude(service_status=ServiceStatus.DECOMMISSIONED).order_by("pk").values_list(
        "pk", flat=True
    ):  # fmt: skip
        try:
            # A door that is held is refused by itself: the others go on.
            with transaction.atomic():
                closed += overrides.set_service_status(
                    compartment_id=pk, status=ServiceStatus.DECOMMISSIONED, actor=actor,
                    reason=row.reason, at=at,
                )  # fmt: skip
        except CompartmentHeld:
            if Compartment.objects.filter(pk=pk, service_status__in=_GIVEN).exists():
                overrides.set_service_status(
                    compartment_id=pk, status=ServiceStatus.FAULT, actor=actor,
                    reason=row.reason, at=at,
                )  # fmt: skip
    return closed


def keep_shut(door: Compartment, was: ServiceStatus) -> bool:
    """Say whether a bank goes: then its door is only put back as it was if that is called off."""
    row = (
        Decommissioning.objects.select_for_update(no_key=True)
        .filter(bank=door.bank_id, done_at__isnull=True, called_off_at__isnull=True)
        .first()
    )
    if row is None:
        return False
    Decommissioning.objects.filter(pk=row.pk).update(
        doors_were={**row.doors_were, str(door.pk): was.value}
    )
    return True


def in_the_way(bank_id: int) -> QuerySet[Claim]:
    """Return the open claims on doors of a bank: who has one, has booked one, or is to have one."""
    return (
        Claim.objects.filter(compartment__bank=bank_id, closed_at__isnull=True)
        .exclude(kind=ClaimKind.CLOSURE)
        .select_related("compartment__bank", "holder", "role", "department", "recovery")
        .order_by("compartment__column", "compartment__row", "pk")
    )


def grants_left(bank_id: int, at: dt.datetime) -> QuerySet[Grant]:
    """Return what still lets somebody open a door of a bank, now or later."""
    return (
        Grant.objects.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=at),
            compartment__bank=bank_id,
            revoked_at__isnull=True,
        )
        .select_related("person", "role", "department", "compartment")
        .order_by("pk")
    )


def passes_left(bank_id: int, at: dt.datetime) -> QuerySet[Pass]:
    """Return the passes for a single door of a bank that still count."""
    return Pass.objects.filter(
        compartment__bank=bank_id, revoked_at__isnull=True, ends_at__gt=at
    ).select_related("person", "compartment")


def keys_of(bank_id: int) -> QuerySet[Key]:
    """Return the keys that open doors of this bank and no other."""
    alone = Q(master_set__banks=bank_id) & ~Q(
        master_set__banks__in=Bank.objects.exclude(pk=bank_id)
    )
    found = Key.objects.filter(Q(lock__compartment__bank=bank_id) | alone)
    return found.select_related("lock__compartment__bank", "master_set", "site").distinct()


def keys_out(bank_id: int) -> QuerySet[KeyHolding]:
    """Return who has a key of a bank."""
    return (
        KeyHolding.objects.filter(keys.OPEN, key__in=keys_of(bank_id).values("pk"))
        .select_related("person", "key__lock__compartment__bank", "key__master_set")
        .order_by("pk")
    )


def assets_of(bank: Bank) -> QuerySet[Asset]:
    """Return what was recorded of a bank: itself, its locks and screens, and boards of it alone."""
    others = Compartment.objects.exclude(bank=bank).filter(controller__isnull=False)
    boards = Q(controller__compartments__bank=bank) & ~Q(controller__in=others.values("controller"))
    return (
        Asset.objects.filter(Q(bank=bank) | boards)
        .select_related("model", "compartment")
        .order_by("pk")
        .distinct()
    )


def do(
    *,
    decommissioning_id: int,
    step: DecommissionStep,
    actor: Actor,
    at: dt.datetime,
    on: dt.date,
    note: str = "",
    certificate: str = "",
    take_back: bool = False,
) -> StepDone:
    """Do one step, or refuse it with what is in its way.

    ``take_back`` lets the second step end what still opens doors; ``certificate`` is for the last
    two. Raises DecommissioningOver, StepDoneAlready, StepsBefore and what each step refuses.
    """
    with transaction.atomic():
        row = _going_on(decommissioning_id)
        there = set(row.steps.values_list("step", flat=True))
        if step in there:
            raise StepDoneAlready
        for earlier in ORDER[: ORDER.index(step)]:
            if earlier not in there:
                raise StepsBefore(step=str(earlier.label))
        work = _Work(row, actor, at, on, note, certificate, take_back)
        data = _STEPS[step](work)
        try:
            with transaction.atomic():
                done = StepDone.objects.create(
                    decommissioning=row, step=step, at=at, actor_kind=actor.kind,
                    actor_id=actor.id[:40], note=note[:400], data=data,
                )  # fmt: skip
        except IntegrityError as error:
            raise StepDoneAlready from error
        _record(row, Action.DECOMMISSIONING_STEP, actor, at, note, step=step.value, **data)
        if step == ORDER[-1]:
            Decommissioning.objects.filter(pk=row.pk).update(done_at=at, certificate=certificate)
            _record(row, Action.DECOMMISSIONING_DONE, actor, at, certificate)
    return done


def call_off(*, decommissioning_id: int, reason: str, actor: Actor, at: dt.datetime) -> None:
    """Keep the bank after all: its doors are again what they were.

    Raises DecommissioningOver and TooLateToCallOff.
    """
    with transaction.atomic():
        row = _going_on(decommissioning_id)
        if row.steps.filter(step__in=_FOR_GOOD).exists():
            raise TooLateToCallOff
        Decommissioning.objects.filter(pk=row.pk).update(called_off_at=at)
        doors = Compartment.objects.filter(bank=row.bank_id, service_status__in=_LEFT)
        for pk in doors.order_by("pk").values_list("pk", flat=True):
            was = ServiceStatus(row.doors_were.get(str(pk), ServiceStatus.IN_SERVICE))
            if was != ServiceStatus.DECOMMISSIONED:
                overrides.set_service_status(
                    compartment_id=pk, status=was, actor=actor, reason=reason, at=at
                )
        _record(row, Action.DECOMMISSIONING_STEP, actor, at, reason, called_off=True)


class _Work:
    """One step with what was filled in for it."""

    def __init__(
        self,
        row: Decommissioning,
        actor: Actor,
        at: dt.datetime,
        on: dt.date,
        note: str,
        certificate: str,
        take_back: bool,
    ) -> None:
        self.row, self.actor, self.at, self.on = row, actor, at, on
        self.note, self.certificate, self.take_back = note, certificate.strip(), take_back
        self.bank = row.bank

    def emptied(self) -> dict[str, Any]:
        """Refuse while anybody has or will have a door; shut the last ones."""
        close_free_doors(self.row, actor=self.actor, at=self.at)
        claims = list(in_the_way(self.bank.pk))
        if claims:
            told = (
                f"{one.compartment.number} ({one.holder or one.role or one.department})"
                for one in claims
            )
            raise DoorsInUse(doors=", ".join(told))
        return {"doors": Compartment.objects.filter(bank=self.bank).count()}

    def credentials(self) -> dict[str, Any]:
        """Refuse while anything opens a door, or end it when that was said."""
        grants = list(grants_left(self.bank.pk, self.at))
        passes_found = list(passes_left(self.bank.pk, self.at))
        if (grants or passes_found) and not self.take_back:
            who = {str(one.person or one.role or one.department) for one in grants}
            who |= {str(one.person) for one in passes_found}
            raise AccessLeft(who=", ".join(sorted(who)))
        Grant.objects.filter(pk__in=[one.pk for one in grants]).update(revoked_at=self.at)
        for one in passes_found:
            passes.revoke(given=one, actor=self.actor, at=self.at, reason=self.row.reason)
        return {"grants": len(grants), "passes": len(passes_found)}

    def keys(self) -> dict[str, Any]:
        """Refuse while somebody has a key; those in the cabinet open nothing any more."""
        out = list(keys_out(self.bank.pk))
        if out:
            raise KeysOut(keys=", ".join(f"{one.key} ({one.person})" for one in out))
        in_cabinet = list(keys_of(self.bank.pk).filter(status=KeyStatus.IN_USE).order_by("pk"))
        for key in in_cabinet:
            keys.retire(
                key=key, actor=self.actor, at=self.at, reason=_("Its bank was taken away.")
            )  # fmt: skip
        return {"retired": len(in_cabinet)}

    def data(self) -> dict[str, Any]:
        """Destroy combinations and key codes; end its screens, and its bridge if it is alone."""
        locks = Lock.objects.filter(compartment__bank=self.bank)
        wiped, _per_model = Combination.objects.filter(lock__in=locks).delete()
        locks.update(position=None, key_code="")
        screens.revoke_at(self.bank.pk, self.actor, self.at)
        if left := screens.working_at(self.bank.pk):
            raise TerminalsUnknown(terminals=", ".join(left.values()))
        return {"combinations": wiped, "bridge": self._end_bridge()}

    def _end_bridge(self) -> str:
        bridge = self.bank.bridge
        if bridge is None or bridge.revoked_at is not None:
            return ""
        others = Bank.objects.filter(bridge=bridge).exclude(pk=self.bank.pk)
        gone = Decommissioning.objects.filter(
            called_off_at__isnull=True, steps__step=DecommissionStep.DATA
        )
        if others.exclude(pk__in=gone.values("bank")).exists():
            return ""
        bridge_keys.revoke(bridge=bridge, actor=self.actor, at=self.at)
        return bridge.name

    def removed(self) -> dict[str, Any]:
        """Take down what is still installed of it."""
        hung = list(assets_of(self.bank).filter(state=AssetState.INSTALLED))
        for one in hung:
            assets.remove(
                asset_id=one.pk, reason=self.row.reason, on=self.on, actor=self.actor, at=self.at
            )
        return {"assets": [one.pk for one in hung]}

    def disposed(self) -> dict[str, Any]:
        """Dispose of what was taken down with the bank; what hangs elsewhere since is kept."""
        taken_down = self.row.steps.get(step=DecommissionStep.REMOVED).data["assets"]
        gone = []
        if hanging := assets_of(self.bank).filter(state=AssetState.INSTALLED).first():
            raise AssetsLeft(assets=str(hanging))
        for one in Asset.objects.filter(pk__in=taken_down, state=AssetState.REMOVED).order_by("pk"):
            assets.dispose(
                asset_id=one.pk, certificate=self.certificate, on=self.on, actor=self.actor,
                at=self.at,
            )  # fmt: skip
            gone.append(one.pk)
        return {"assets": gone}

    def certified(self) -> dict[str, Any]:
        """Refuse without the number of a certificate."""
        if not self.certificate:
            raise CertificateNeeded
        return {"certificate": self.certificate[:120]}


_STEPS: dict[DecommissionStep, Callable[[_Work], dict[str, Any]]] = {
    DecommissionStep.EMPTIED: _Work.emptied,
    DecommissionStep.CREDENTIALS: _Work.credentials,
    DecommissionStep.KEYS: _Work.keys,
    DecommissionStep.DATA: _Work.data,
    DecommissionStep.REMOVED: _Work.removed,
    DecommissionStep.DISPOSED: _Work.disposed,
    DecommissionStep.CERTIFICATE: _Work.certified,
}


def _going_on(decommissioning_id: int) -> Decommissioning:
    row = (
        Decommissioning.objects.select_for_update(no_key=True, of=("self",))
        .select_related("bank__site", "bank__bridge")
        .get(pk=decommissioning_id)
    )
    if row.done_at is not None or row.called_off_at is not None:
        raise DecommissioningOver
    return row


def _record(
    row: Decommissioning, action: Action, actor: Actor, at: dt.datetime, reason: str, **data: Any
) -> None:
    bank = row.bank
    events.record(
        action=action, actor=actor, at=at, organisation_id=bank.site.organisation_id,
        site_id=bank.site_id, bank_id=bank.pk, subject=f"decommissioning:{row.pk}", reason=reason,
        data=data,
    )  # fmt: skip
