"""A new bank from a layout text: looked at first, then created with all its doors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from lockers import layouts
from lockers.choices import LockKind
from lockers.errors import UnknownLayout
from lockers.layouts import DrawnDoor
from lockers.models import Area, Bank, Bridge, Compartment, Controller, Site
from lockers.scoping import MANAGE, SiteScopedAdmin, sites_of
from lockers.services import estate


def draw(name: str, doors: Iterable[tuple[str, Compartment | DrawnDoor]]) -> SafeString:
    """Draw doors, each with its number, in their true proportion."""
    numbered = list(doors)
    width = max(door.x_mm + door.width_mm for _number, door in numbered)
    height = max(door.y_mm + door.height_mm for _number, door in numbered)
    return format_html(
        '<svg viewBox="-5 -5 {} {}" style="max-width:40rem;width:100%" role="img"'
        ' aria-label="{}" font-family="system-ui" font-size="70">{}</svg>',
        width + 10,
        height + 10,
        name,
        format_html_join(
            "",
            '<rect x="{}" y="{}" width="{}" height="{}" rx="12" fill="none"'
            ' stroke="currentColor" stroke-width="6"/>'
            '<text x="{}" y="{}" fill="currentColor">{}</text>',
            (
                (d.x_mm, d.y_mm, d.width_mm - 8, d.height_mm - 8, d.x_mm + 24, d.y_mm + 84, number)
                for number, d in numbered
            ),
        ),
    )


class _OfSites(forms.ModelChoiceField):  # type: ignore[type-arg]  # not at run time
    """A choice of rows of several sites, each named with its site."""

    def label_from_instance(self, obj: Any) -> str:
        site = obj.bridge.site if isinstance(obj, Controller) else obj.site
        return f"{site}: {obj}"


class LayoutForm(forms.Form):
    """The bank, how it is built, and how it is wired."""

    site = forms.ModelChoiceField(
        Site.objects.none(), label=_("Site"), widget=UnfoldAdminSelectWidget
    )
    area = _OfSites(
        Area.objects.none(), label=_("Area"), required=False, widget=UnfoldAdminSelectWidget
    )
    name = forms.CharField(label=_("Name"), max_length=60, widget=UnfoldAdminTextInputWidget)
    layout = forms.CharField(
        label=_("How is it built?"),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        initial="8 columns of 3 large and 5 small",
        help_text=_(
            "From the left, each column from the top: “8 columns of 3 large and 5 small”."
            " A size that does not exist yet is created."
        ),
    )
    first_number = forms.IntegerField(
        label=_("Number of the first door"),
        min_value=1,
        max_value=99_999,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Doors are numbered down each column, from the left."),
    )
    plinth_mm = forms.IntegerField(
        label=_("Plinth height (mm)"),
        min_value=0,
        max_value=2000,
        initial=100,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Floor to the lowest door. It decides which doors are within easy reach."),
    )
    directions = forms.CharField(
        label=_("Where does it stand?"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("As you would tell a visitor."),
    )
    lock_kind = forms.TypedChoiceField(
        label=_("Lock"),
        choices=LockKind.choices,
        coerce=LockKind,
        initial=LockKind.ELECTRONIC,
        widget=UnfoldAdminSelectWidget,
    )
    has_sensor = forms.BooleanField(
        label=_("Each electronic lock has a door sensor"),
        initial=True,
        required=False,
        widget=UnfoldBooleanWidget,
    )
    bridge = _OfSites(
        Bridge.objects.none(), label=_("Bridge"), required=False, widget=UnfoldAdminSelectWidget
    )
    controller = _OfSites(
        Controller.objects.none(),
        label=_("Controller"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=_("The board that opens these doors. They can be wired later, too."),
    )
    first_channel = forms.IntegerField(
        label=_("First channel"),
        min_value=0,
        max_value=255,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Doors are wired in the order of their numbers, from this channel on."),
    )

    def __init__(self, *args: Any, sites: QuerySet[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.drawn: list[DrawnDoor] = []
        offered: dict[str, QuerySet[Any]] = {
            "site": sites,
            "area": Area.objects.filter(site__in=sites).select_related("site"),
            "bridge": Bridge.objects.filter(site__in=sites).select_related("site"),
            "controller": Controller.objects.filter(bridge__site__in=sites).select_related(
                "bridge__site"
            ),
        }
        for name, rows in offered.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows

    def clean_layout(self) -> str:
        """Refuse a layout that cannot be drawn, in the words of who reads it."""
        text: str = self.cleaned_data["layout"]
        try:
            self.drawn = layouts.read(text)
        except UnknownLayout as refusal:
            raise ValidationError(str(refusal)) from refusal
        return text

    def preview(self) -> dict[str, Any]:
        """Return the drawing and the count of doors by size, if the layout could be read."""
        if not self.drawn:
            return {}
        first = self.cleaned_data.get("first_number", 1)
        doors = [(str(number), door) for number, door in enumerate(self.drawn, start=first)]
        return {
            "drawing": draw(self.cleaned_data.get("name", ""), doors),
            "doors": len(doors),
            "counts": list(Counter(door.size for door in self.drawn).items()),
        }

    def create(self, *, actor: Actor) -> Bank | None:
        """Create the bank; None when it was refused, and then the form says why."""
        given = dict(self.cleaned_data)
        # What has no electronic lock has no sensor either: the service knows.
        has_sensor = None if given.pop("has_sensor") else False
        try:
            return estate.create_bank(
                **given, has_sensor=has_sensor, actor=actor, at=timezone.now()
            )
        except Refusal as refusal:
            idempotency.settle(refusal)
            self.add_error(None, str(refusal))
        except ValidationError as error:
            for name, problems in error.message_dict.items():
                for problem in problems:
                    self.add_error(name if name in self.fields else None, problem)
        return None


class LayoutPage(SiteScopedAdmin):
    """Adds the page "New bank from a layout" to the list of banks."""

    actions_list = ["new_from_layout"]

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        """Offer the page to those who may add a bank; to others it does not exist."""
        offered: list[Any] = super().get_actions_list(request)
        if self.has_add_permission(request):
            return offered
        return [one for one in offered if not one.action_name.endswith("_new_from_layout")]

    @action(description=_("New bank from a layout"), url_path="new-from-layout")  # type: ignore[untyped-decorator]  # unfold brings no types
    def new_from_layout(self, request: HttpRequest) -> HttpResponse:
        """Draw a bank from its layout, or create it."""
        if not self.has_add_permission(request):
            raise Http404
        form = LayoutForm(
            request.POST if request.method == "POST" else None,
            sites=sites_of(request.user, MANAGE).order_by("name"),
        )
        if request.method == "POST" and form.is_valid() and request.POST.get("do") == "create":
            bank = form.create(actor=Actor.staff(request.user.pk or 0))
            if bank is not None:
                count = len(form.drawn)
                messages.success(
                    request,
                    ngettext(
                        "Bank %(name)s was created with %(count)d door.",
                        "Bank %(name)s was created with %(count)d doors.",
                        count,
                    )
                    % {"name": bank.name, "count": count},
                )
                return HttpResponseRedirect(reverse("admin:lockers_bank_change", args=[bank.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _now("New bank from a layout"),
            "form": form,
            "preview": form.preview() if form.is_bound else {},
            "opts": self.opts,
            "back": reverse("admin:lockers_bank_changelist"),
        }
        return render(request, "admin/lockers/bank_layout.html", context)
