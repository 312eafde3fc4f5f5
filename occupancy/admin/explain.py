"""The page "Who gets what, and why": a person, a place, and the engine's answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from access.models import Person
from audit.errors import Refusal
from lockers.models import Bank
from lockers.scoping import SiteScopedAdmin, banks_of, people
from occupancy import precedence
from occupancy.services.policies import explaining

FOUND_AT_MOST = 12


class AskForm(forms.Form):
    """Who, and where."""

    who = forms.CharField(
        label=_("Person"),
        max_length=80,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("A part of the name, or the personal number."),
    )
    bank = forms.ModelChoiceField(
        Bank.objects.none(), label=_("Bank"), widget=UnfoldAdminSelectWidget
    )
    door = forms.CharField(
        label=_("Door"),
        max_length=12,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Nothing: any door of the bank."),
    )
    person = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.found: list[Person] = []
        banks = self.fields["bank"]
        assert isinstance(banks, forms.ModelChoiceField)
        banks.queryset = banks_of(user).select_related("site").order_by("site__name", "name")
        banks.label_from_instance = _with_site  # type: ignore[method-assign]  # Django documents it so

    def clean(self) -> dict[str, Any]:
        """Find the person among those that the reader may see, and the door in the bank."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        bank, text = given.get("bank"), given.get("who", "").strip()
        if bank is None or not text:
            return given
        condition = Q(personal_number=text)
        for word in text.split():
            condition |= Q(family_name__icontains=word) | Q(given_name__icontains=word)
        known = Person.objects.filter(people(self.user), organisation=bank.site.organisation_id)
        words = text.split()
        rows = known.filter(condition)
        for word in words if len(words) > 1 else []:
            rows = rows.filter(Q(family_name__icontains=word) | Q(given_name__icontains=word))
        if chosen := given.get("person"):
            rows = known.filter(pk=chosen)
        self.found = list(rows.order_by("family_name", "given_name")[: FOUND_AT_MOST + 1])
        if not self.found:
            self.add_error("who", _("Nobody here has this name or number."))
        number = given.get("door", "").strip()
        given["compartment"] = bank.compartments.filter(number=number).first() if number else None
        if number and given["compartment"] is None:
            self.add_error("door", _("The bank has no door with this number."))
        return given


def _with_site(obj: Any) -> str:
    return f"{obj.site}: {obj.name}"


class ExplainPage(SiteScopedAdmin):
    """Adds the page to the list of policies."""

    actions_list = ["explain"]

    @action(description=_("Who gets what, and why"), url_path="explain")  # type: ignore[untyped-decorator]  # unfold brings no types
    def explain(self, request: HttpRequest) -> HttpResponse:
        """Answer for one person at one bank or door."""
        if not self.has_view_permission(request):
            raise Http404
        form = AskForm(request.GET if "who" in request.GET else None, user=request.user)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _now("Who gets what, and why"),
            "opts": self.opts,
            "form": form,
            "precedence": precedence.SENTENCES,
        }
        if form.is_bound and form.is_valid():
            if len(form.found) > 1:
                context["several"] = form.found[:FOUND_AT_MOST]
            else:
                context |= _answer(form)
        return render(request, "admin/occupancy/explain.html", context)


def _answer(form: AskForm) -> dict[str, Any]:
    bank, door, person = form.cleaned_data["bank"], form.cleaned_data["compartment"], form.found[0]
    try:
        explanation = explaining.explain(
            person_id=person.pk,
            bank_id=bank.pk,
            door_id=door.pk if door is not None else None,
            at=timezone.now(),
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return {}
    return {"explanation": explanation, "person": person, "bank": bank, "zone": bank.site.zone}
