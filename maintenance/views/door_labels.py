"""Labels for the doors of a bank, as a sheet to print."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lockers.models import Bank, Compartment
from lockers.scoping import MANAGE
from maintenance import door_labels, label_sheets
from maintenance.forms.assets import LabelsForm
from maintenance.label_sheets import Label, NoLetters
from occupancy.views.changes import bank_for, user_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def labels(request: HttpRequest, bank_id: int) -> HttpResponse:
    """Ask for doors and paper, then hand out the sheet."""
    user = user_of(request)
    bank = bank_for(user, bank_id, MANAGE)
    if not user.is_staff:
        raise Http404
    doors = Compartment.objects.filter(bank=bank).select_related("bank")
    form = LabelsForm(request.POST or None, doors=doors)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["doors"] or doors.order_by("column", "row")
        try:
            return _file(bank, chosen, form)
        except NoLetters as missing:
            form.add_error(
                None,
                _(
                    "No font here has all letters of “%(text)s”. Name a font file in"
                    " LOCKWRIGHT_PRINT_FONTS, or write the name in other letters."
                )
                % {"text": missing.text},
            )
    return render(
        request,
        "admin/access/key_form.html",
        {
            **admin.site.each_context(request),
            "title": _("Labels"),
            "subtitle": str(bank),
            "form": form,
            "media": form.media,
            "button": _("Make the sheet"),
            "back": reverse("admin:lockers_bank_change", args=[bank.pk]),
            "note": _(
                "Print at actual size, not “fit to page”. Whoever scans a label with a phone can"
                " report a problem with that door."
            ),
        },
        status=422 if form.errors else 200,
    )


def _file(bank: Bank, doors: Iterable[Compartment], form: LabelsForm) -> HttpResponse:
    labels = [
        Label(door_labels.address_of(door.pk), door.number, f"{bank.site} · {bank.name}")
        for door in doors
    ]
    sheet = label_sheets.sheets(
        labels, form.cleaned_data["grid"], first=form.cleaned_data["first"],
        more_fonts=settings.PRINT_FONTS,
    )  # fmt: skip
    answer = HttpResponse(sheet, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="labels-{bank.pk}.pdf"'
    return answer
