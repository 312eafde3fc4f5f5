"""Who has had which compartment, and what staff do about it from their desk."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.admin.desk import OPERATE, local, staff
from lockers.scoping import OVERRIDE, RECOVER
from occupancy.admin.claim_overrides import Overrides
from occupancy.admin.giving import GivePage
from occupancy.admin.pending_filter import PendingFilter
from occupancy.choices import ClaimKind
from occupancy.errors.custody import NobodyHasIt, NoOneHolder
from occupancy.forms.custody import DoorForm, ShareForm, TransferForm
from occupancy.models import Assignment, Claim
from occupancy.services.claims import renewals
from occupancy.services.claims.assignments import in_force
from occupancy.services.custody import moving, sharing


@admin.register(Claim)
class ClaimAdmin(Overrides, GivePage):
    """Claims are never edited; verbs change them, each through its service."""

    is_history = True
    site_path = "compartment__bank__site"
    bank_path = "compartment__bank"
    list_display = ["starts_at", "compartment", "kind", "holder", "ends_at", "closed_at",
                    "closed_how"]  # fmt: skip
    list_filter = [PendingFilter, "kind", "closed_how", "starts_at"]
    search_fields = ["compartment__number", "holder__family_name", "holder__given_name"]
    list_select_related = ["compartment", "holder"]
    show_full_result_count = False
    actions_detail = ["renew", "share", "transfer", "move", "swap", "inspect", "release", "recover"]
    verb_rights = {
        **dict.fromkeys(actions_detail, OPERATE), "inspect": OVERRIDE, "recover": RECOVER
    }  # fmt: skip

    def verbs_for(self, claim: Claim) -> set[str]:
        """Offer what would work for an assignment that holds its door."""
        at = timezone.now()
        holds = Assignment.objects.filter(in_force(at), pk=claim.pk)
        if claim.kind != ClaimKind.ASSIGNMENT or claim.recovery_at or not holds.exists():
            return set()
        verbs = {"release", "recover"}
        verbs |= {"inspect"} if claim.compartment.controller_id is not None else set()
        if claim.due_at is not None and claim.due_at <= at:
            return verbs  # what is overdue is not handed on
        verbs |= {"move", "swap"}
        if claim.holder_id is not None and claim.policy is not None:
            verbs.add("transfer")
            verbs |= {"renew"} if renewals.has_terms_left(claim) else set()
            verbs |= {"share"} if claim.policy.may_share else set()
        return verbs

    @action(description=_("Renew"), url_path="renew", icon="update")  # type: ignore[untyped-decorator]  # unfold brings no types
    def renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Renew it on the holder's behalf."""
        claim = self._claim(request, object_id)

        def told(renewed: Assignment) -> str:
            assert renewed.due_at is not None  # what has no end is not renewed
            until = local(renewed.due_at, renewed.compartment.bank.site)
            return _now("Renewed until %(until)s.") % {"until": until}

        return self.form_page(
            request, claim, title=_now("Renew"), button=_now("Renew"),
            form=Form(request.POST if request.method == "POST" else None),
            do=lambda _form: renewals.renew(
                claim_id=claim.pk, person_id=_holder(claim), actor=staff(request),
                at=timezone.now(),
            ),
            done=told,
        )  # fmt: skip

    @action(description=_("Transfer"), url_path="transfer", icon="person")  # type: ignore[untyped-decorator]  # unfold brings no types
    def transfer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let somebody else have it from now on."""
        claim = self._claim(request, object_id)
        return self.form_page(
            request, claim, title=_now("Transfer to another person"), button=_now("Transfer"),
            form=TransferForm(request.POST or None, organisation_id=_organisation(claim)),
            do=lambda form: moving.transfer(
                claim_id=claim.pk, to_person_id=form.cleaned_data["person"].pk,
                actor=staff(request), at=timezone.now(), reason=form.cleaned_data["reason"],
            ),
            then=self._go_to,
        )  # fmt: skip

    @action(description=_("Move"), url_path="move", icon="move_item")  # type: ignore[untyped-decorator]  # unfold brings no types
    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give its holder another door instead."""
        claim = self._claim(request, object_id)
        return self.form_page(
            request, claim, title=_now("Move to another door"), button=_now("Move"),
            form=DoorForm(request.POST or None, banks=self.operated(request)),
            do=lambda form: moving.move(
                claim_id=claim.pk, compartment_id=form.cleaned_data["door"].pk,
                actor=staff(request), at=timezone.now(), reason=form.cleaned_data["reason"],
            ),
            then=self._go_to,
        )  # fmt: skip

    @action(description=_("Swap"), url_path="swap", icon="swap_horiz")  # type: ignore[untyped-decorator]  # unfold brings no types
    def swap(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let two holders have each other's door."""
        claim = self._claim(request, object_id)

        def do(form: DoorForm) -> Assignment:
            at = timezone.now()
            other = Assignment.objects.filter(
                in_force(at), compartment=form.cleaned_data["door"]
            ).first()
            if other is None:
                raise NobodyHasIt
            return moving.swap(
                claim_ids=[claim.pk, other.pk], actor=staff(request), at=at,
                reason=form.cleaned_data["reason"],
            )[0]  # fmt: skip

        return self.form_page(
            request, claim, title=_now("Swap with another door"), button=_now("Swap"),
            form=DoorForm(request.POST or None, banks=self.operated(request)), do=do,
            then=self._go_to,
        )  # fmt: skip

    @action(description=_("Share"), url_path="share", icon="group")  # type: ignore[untyped-decorator]  # unfold brings no types
    def share(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let somebody else open it, on the holder's behalf."""
        claim = self._claim(request, object_id)

        def do(form: ShareForm) -> object:
            asked = form.cleaned_data
            same: dict[str, Any] = {
                "claim_id": claim.pk, "person_id": _holder(claim), "until": asked["until"],
                "note": asked["note"], "actor": staff(request), "at": timezone.now(),
            }  # fmt: skip
            if asked["is_one_opening"]:
                return sharing.delegate(to_id=asked["person"].pk, **same)
            return sharing.share(with_id=asked["person"].pk, **same)

        return self.form_page(
            request, claim, title=_now("Share"), button=_now("Share"), do=do,
            form=ShareForm(
                request.POST or None, organisation_id=_organisation(claim),
                zone=claim.compartment.bank.site.zone,
            ),
        )  # fmt: skip

    def _claim(self, request: HttpRequest, object_id: str) -> Claim:
        claim: Claim = self.reachable(request, object_id)
        if claim.kind != ClaimKind.ASSIGNMENT:
            raise Http404
        return claim

    def _go_to(self, new: Assignment) -> HttpResponse:
        return HttpResponseRedirect(self.page_of(new))


def _holder(claim: Claim) -> int:
    if claim.holder_id is None:
        raise NoOneHolder
    return claim.holder_id


def _organisation(claim: Claim) -> int:
    return claim.compartment.bank.site.organisation_id
