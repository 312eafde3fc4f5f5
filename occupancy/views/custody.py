"""What staff do about who has a door, from its panel: give, renew, hand on, share."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lockers.choices import LockKind
from lockers.models import Compartment
from lockers.scoping import OPERATE, OVERRIDE
from occupancy.allocation.rules import MODELS, Whose
from occupancy.choices import UseModel
from occupancy.errors.claims import AssignmentAlreadyReleased
from occupancy.errors.custody import (
    DoorUnknown,
    NobodyHasIt,
    NoOneHolder,
    PolicyNotInUse,
    ShareOver,
)
from occupancy.forms.panels import (
    ClaimForm,
    EndShareForm,
    GiveForm,
    MoveForm,
    ShareForm,
    TransferForm,
)
from occupancy.models import Assignment, Policy, Share
from occupancy.selectors import holders
from occupancy.services.claims import renewals
from occupancy.services.claims.assignments import in_force
from occupancy.services.custody import giving, moving, sharing
from occupancy.views.changes import actor_of, bank_for, door_for, once, user_of
from occupancy.views.panels import panel


@login_required
@require_safe
def people(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Suggest whom the beginning of a name may mean, for the list below the field."""
    door = door_for(user_of(request), compartment_id, OPERATE)
    found = holders.suggestions(
        request.GET.get("who", "")[:100],
        organisation_id=door.bank.site.organisation_id, user=user_of(request),
    )  # fmt: skip
    return render(request, "map/_people.html", {"found": found})


@login_required
@require_POST
def give(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Give a door to a person, or to the role or department that its policy is for."""
    door = door_for(user_of(request), compartment_id, OPERATE)
    form = GiveForm(request.POST, zone=door.bank.site.zone)
    if "all_the_same" in request.POST:
        door_for(user_of(request), compartment_id, OVERRIDE)

    def work() -> str:
        asked = form.cleaned_data
        organisation_id = door.bank.site.organisation_id
        policy = Policy.objects.filter(
            pk=asked["policy"], organisation=organisation_id, is_active=True
        ).first()
        if policy is None:
            raise PolicyNotInUse
        whose = MODELS[UseModel(policy.model)].whose
        holder_id = holders.called(
            asked["who"], organisation_id=organisation_id, user=user_of(request), whose=whose
        )
        given = giving.give(
            policy_id=policy.pk, compartment_id=door.pk,
            person_id=holder_id if whose is Whose.PERSON else None,
            role_id=holder_id if whose is Whose.ROLE else None,
            department_id=holder_id if whose is Whose.DEPARTMENT else None,
            ends_at=asked["until"], reason=asked["reason"],
            beyond_authority=asked["all_the_same"],
            actor=actor_of(request), at=timezone.now(),
        )  # fmt: skip
        said = _("Given to %(who)s, until %(until)s.") % {
            "who": _holder(given), "until": _until(given.due_at, door)
        }  # fmt: skip
        if door.lock_kind == LockKind.KEYED:
            return _("%(said)s Hand out its key, too.") % {"said": said}
        return said

    return panel(request, door, once(request, form, work))


@login_required
@require_POST
def renew(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Renew a use on its holder's behalf."""
    door = door_for(user_of(request), compartment_id, OPERATE)
    form = ClaimForm(request.POST)

    def work() -> str:
        claim = _claim(door, form.cleaned_data["claim"])
        renewed = renewals.renew(
            claim_id=claim.pk, person_id=_person(claim), actor=actor_of(request),
            at=timezone.now(),
        )  # fmt: skip
        return _("Renewed until %(until)s.") % {"until": _until(renewed.due_at, door)}

    return panel(request, door, once(request, form, work))


@login_required
@require_POST
def transfer(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Let somebody else have a door from now on, with a reason."""
    door = door_for(user_of(request), compartment_id, OPERATE)
    form = TransferForm(request.POST)

    def work() -> str:
        claim = _claim(door, form.cleaned_data["claim"])
        new = moving.transfer(
            claim_id=claim.pk, to_person_id=_called(request, door, form.cleaned_data["who"]),
            actor=actor_of(request), at=timezone.now(), reason=form.cleaned_data["reason"],
        )  # fmt: skip
        return _("%(who)s has it now. Both are told.") % {"who": new.holder}

    return panel(request, door, once(request, form, work))


@login_required
@require_POST
def move(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Give its holder another door; where somebody has that one, let the two swap."""
    door = door_for(user_of(request), compartment_id, OPERATE)
    form = MoveForm(request.POST)
    if form.is_valid():
        # A bank that is not theirs is not there.
        bank_for(user_of(request), form.cleaned_data["bank"], OPERATE)

    def work() -> str:
        at, asked = timezone.now(), form.cleaned_data
        claim = _claim(door, asked["claim"])
        other = Compartment.objects.filter(
            bank=asked["bank"], number=asked["number"].strip(),
            bank__site__organisation=door.bank.site.organisation_id,
        ).first()  # fmt: skip
        if other is None:
            raise DoorUnknown
        same = {"actor": actor_of(request), "at": at, "reason": asked["reason"]}
        if asked["how"] != "swap":
            new = moving.move(claim_id=claim.pk, compartment_id=other.pk, **same)
            return _("%(who)s has door %(number)s now.") % {
                "who": _holder(new), "number": new.compartment.number
            }  # fmt: skip
        theirs = Assignment.objects.filter(in_force(at), compartment=other).first()
        if theirs is None:
            raise NobodyHasIt
        one, two = moving.swap(claim_ids=[claim.pk, theirs.pk], **same)
        return _("%(one)s has door %(first)s now, and %(two)s door %(second)s.") % {
            "one": _holder(one), "first": one.compartment.number,
            "two": _holder(two), "second": two.compartment.number,
        }  # fmt: skip

    return panel(request, door, once(request, form, work))


@login_required
@require_POST
def share(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """Let somebody else open a door, for a time or once, on its holder's behalf."""
    door = door_for(user_of(request), compartment_id, OPERATE)
    form = ShareForm(request.POST, zone=door.bank.site.zone)

    def work() -> str:
        asked = form.cleaned_data
        claim = _claim(door, asked["claim"])
        other_id = _called(request, door, asked["who"])
        same = {"claim_id": claim.pk, "person_id": _person(claim), "until": asked["until"],
                "actor": actor_of(request), "at": timezone.now()}  # fmt: skip
        if asked["is_one_opening"]:
            made = sharing.delegate(to_id=other_id, **same)
            words = _("%(who)s may open it once, until %(until)s.")
        else:
            made = sharing.share(with_id=other_id, **same)
            words = _("%(who)s may open it until %(until)s.")
        return words % {"who": made.person, "until": _until(made.until, door)}

    return panel(request, door, once(request, form, work))


@login_required
@require_POST
def end_share(request: HttpRequest, compartment_id: int) -> HttpResponse:
    """End what was shared of a door."""
    door = door_for(user_of(request), compartment_id, OPERATE)
    form = EndShareForm(request.POST)

    def work() -> str:
        found = Share.objects.filter(
            pk=form.cleaned_data["share"], claim__compartment=door
        ).first()  # fmt: skip
        if found is None:
            raise ShareOver
        ended = sharing.end_share(share_id=found.pk, actor=actor_of(request), at=timezone.now())
        return _("%(who)s may no longer open it.") % {"who": ended.person}

    return panel(request, door, once(request, form, work))


def _claim(door: Compartment, claim_id: int) -> Assignment:
    """Return the claim that was on the screen. Raises AssignmentAlreadyReleased."""
    claim = Assignment.objects.filter(pk=claim_id, compartment=door).first()
    if claim is None:
        raise AssignmentAlreadyReleased
    return claim


def _person(claim: Assignment) -> int:
    if claim.holder_id is None:
        raise NoOneHolder
    return claim.holder_id


def _called(request: HttpRequest, door: Compartment, text: str) -> int:
    return holders.called(
        text, organisation_id=door.bank.site.organisation_id, user=user_of(request)
    )


def _holder(claim: Assignment) -> str:
    return str(claim.holder or claim.role or claim.department)


def _until(instant: dt.datetime | None, door: Compartment) -> str:
    if instant is None:
        return _("it is changed")
    return date_format(instant.astimezone(door.bank.site.zone), "D j M, H:i")
