"""The panel of a whole bank: free counts, and opening every door with two people."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from audit.services.idempotency import Reply
from lockers import selectors as hardware
from lockers import wiring
from lockers.models import Bank
from lockers.scoping import OVERRIDE, VIEW
from lockers.services import openings
from occupancy import selectors
from occupancy.choices import Shown
from occupancy.forms.reasons import ReasonForm
from occupancy.services import keeping
from occupancy.views.changes import bank_for, once, opening_for, user_of


@login_required
@require_safe
def bank(request: HttpRequest, bank_id: int) -> HttpResponse:
    """Show a bank's panel."""
    return _panel(request, bank_for(user_of(request), bank_id, VIEW))


@login_required
@require_POST
def request_opening(request: HttpRequest, bank_id: int) -> HttpResponse:
    """Ask for every door of a bank to be opened."""
    user = user_of(request)
    place = bank_for(user, bank_id, OVERRIDE)
    form = ReasonForm(request.POST)

    def work() -> str:
        openings.request(
            bank=place, reason=form.cleaned_data["reason"], user_id=user.pk, at=timezone.now()
        )
        return _("Asked. A second person has to confirm within 5 minutes.")

    return _panel(request, place, once(request, form, work))


@login_required
@require_POST
def confirm(request: HttpRequest, opening_id: int) -> HttpResponse:
    """Confirm an opening as the second person."""
    user = user_of(request)
    opening = opening_for(user, opening_id, OVERRIDE)

    def work() -> str:
        doors = openings.confirm(opening_id=opening.pk, user_id=user.pk, at=timezone.now())
        return ngettext(
            "%(doors)d door was asked to open.",
            "%(doors)d doors were asked to open, one after another.",
            doors,
        ) % {"doors": doors}

    return _panel(request, opening.bank, once(request, None, work))


@login_required
@require_POST
def cancel(request: HttpRequest, opening_id: int) -> HttpResponse:
    """Stop an opening."""
    user = user_of(request)
    opening = opening_for(user, opening_id, OVERRIDE)

    def work() -> str:
        stopped = openings.cancel(opening_id=opening.pk, user_id=user.pk, at=timezone.now())
        if not stopped:
            return _("Cancelled.")
        return ngettext(
            "Cancelled. %(doors)d door stays shut.",
            "Cancelled. %(doors)d doors stay shut.",
            stopped,
        ) % {"doors": stopped}

    return _panel(request, opening.bank, once(request, None, work))


def _panel(request: HttpRequest, place: Bank, reply: Reply | None = None) -> HttpResponse:
    at = timezone.now()
    user = user_of(request)
    facts = selectors.banks_of(at, bank_ids=[place.pk])[0]
    doors = selectors.bank_states([place.pk], at)
    counted = selectors.counts(doors, at)
    cut_off = keeping.deciding_alone([place.pk])
    return render(
        request,
        "map/_bank.html",
        {
            "bank": facts,
            "site": place.site,
            "sizes": selectors.free_by_size(doors, at),
            "counts": [(state, counted[state.value]) for state in Shown if counted[state.value]],
            "opening": facts.opening_at(at),
            "online": facts.is_online(at),
            "is_cut_off": place.pk in cut_off,
            "last_heard": cut_off.get(place.pk),
            "faults": hardware.faults(Bank.objects.filter(pk=place.pk), at),
            "wired": sum(door.is_wired for door in doors),
            "is_own": facts.opening is not None and facts.opening.requested_by == user.pk,
            "may_override": selectors.may_at(user, "override_site", place.pk),
            "wiring": wiring.of(place).standing,
            "reply": reply,
        },
        status=reply.status if reply else 200,
    )
