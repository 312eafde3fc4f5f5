"""The pupils of a form and their lockers, for its tutors: on a phone, and without combinations."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lockers.scoping import OPERATE, sites_of
from occupancy.selectors import forms
from occupancy.views.changes import LARGEST_ID, user_of


@login_required
@require_safe
@never_cache
def mine(request: HttpRequest) -> HttpResponse:
    """Choose a form: one's own first; with a single one go straight there."""
    user = user_of(request)
    found = list(
        forms.forms_for(user)
        .select_related("site", "year_group")
        .order_by("site__name", "year_group__rank", "name")
    )
    own_ids = set(user.forms.values_list("pk", flat=True))
    own = [form for form in found if form.pk in own_ids]
    others = [form for form in found if form.pk not in own_ids]
    if len(found) == 1:
        return redirect("form", found[0].pk)
    return render(
        request,
        "school/forms.html",
        {"own": own, "others": others, "sites": {form.site_id for form in found}},
    )


@login_required
@require_safe
@never_cache
def one(request: HttpRequest, form_id: int) -> HttpResponse:
    """Show who of a form has which door, and whether something is to be seen to."""
    user, at = user_of(request), timezone.now()
    form = (
        forms.forms_for(user)
        .select_related("site", "year_group")
        .filter(pk=min(form_id, LARGEST_ID))
        .first()
    )
    if form is None:
        raise Http404
    pupils = forms.pupils(Q(registration_group=form), at, site_id=form.site_id)
    return render(
        request,
        "school/form.html",
        {
            "form": form,
            "pupils": pupils,
            "without": sum(not pupil.doors for pupil in pupils),
            "to_see_to": sum(
                door.is_overdue or door.is_in_recovery or door.key == forms.KeyIs.LOST
                for pupil in pupils
                for door in pupil.doors
            ),
            "may_hand_out": user.is_staff
            and sites_of(user, OPERATE).filter(pk=form.site_id).exists(),
            "at": at,
        },
    )
