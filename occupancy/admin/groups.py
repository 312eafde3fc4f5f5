"""Groups of doors: typed as a list, or clicked on a drawing of each bank."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from lockers.scoping import MANAGE, VIEW
from occupancy import attaching
from occupancy.admin.effects import Line, lines
from occupancy.admin.policy_form import named
from occupancy.admin.previewing import Previewed
from occupancy.forms import door_lists
from occupancy.forms.door_lists import UnknownDoors
from occupancy.models import CompartmentGroup
from occupancy.services.policies import previews
from occupancy.services.policies.previews import Effect


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """A name, and doors in one line."""

    user: Any = None

    doors = forms.CharField(
        label=_("Doors"),
        max_length=4000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Such as “A 1-10, 21; B row 1”: a bank, then its doors. Or click them below."),
    )

    class Meta:
        model = CompartmentGroup
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members: frozenset[int] = frozenset()
        if self.instance.pk and "doors" in self.fields:
            doors = self.instance.compartments.order_by("bank__name", "column", "row")
            self.initial["doors"] = door_lists.write(named(doors))

    def clean(self) -> dict[str, Any]:
        """Read the doors among those of the organisation that the user manages."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        organisation_id = (
            given["organisation"].pk if given.get("organisation") else self.instance.organisation_id
        )
        if organisation_id is None or not given.get("doors"):
            return given
        theirs = attaching.doors_of(self.user, MANAGE).filter(
            bank__site__organisation=organisation_id
        )
        try:
            found = door_lists.read(given["doors"], named(theirs))
        except UnknownDoors as error:
            self.add_error(
                "doors",
                ValidationError(
                    _("“%(part)s” names no door here. Write a bank, then its doors: “A 1-10”."),
                    params={"part": error.part},
                ),
            )
            return given
        self.members = frozenset(door.id for door in found)
        return given


@admin.register(CompartmentGroup)
class CompartmentGroupAdmin(Previewed):
    form = GroupForm
    organisation_path = "organisation"
    change_form_after_template = "admin/occupancy/group_drawing.html"
    list_display = ["name", "organisation", "doors_in_it"]
    search_fields = ["name"]
    list_select_related = ["organisation"]
    # Counting forgets the model's own order.
    ordering = ["organisation", "name"]
    fields = ["organisation", "name", "doors"]

    class Media:
        js = ("js/group_form.js",)
        css = {"all": ("css/group_form.css",)}

    def rows(self, user: Any, right: str) -> Q:
        """Return the condition for groups on whose doors somebody holds a right."""
        return attaching.groups_of(user, right)

    @property
    def _reaches_areas(self) -> bool:
        return True

    def get_queryset(self, request: HttpRequest) -> Any:
        """Count the doors with the list."""
        return super().get_queryset(request).annotate(size=Count("compartments"))

    @admin.display(description=_("doors"), ordering="size")
    def doors_in_it(self, group: Any) -> int:
        """Say how many doors a group has."""
        return int(group.size)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep a group in its organisation: policies hang on it."""
        return ["organisation"] if obj is not None else []

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Give the form whose it is."""
        form = super().get_form(request, obj, **kwargs)
        return type(form.__name__, (form,), {"user": request.user})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Choose the organisation where there is only one."""
        theirs = self.seen_of(CompartmentGroup._meta.get_field("organisation").related_model,
                              request, VIEW)[:2]  # fmt: skip
        return {"organisation": theirs[0]} if len(theirs) == 1 else {}

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kw: Any) -> Any:
        """Draw the banks whose doors can be chosen."""
        context["banks"] = _drawn(request, kw.get("obj"))
        return super().render_change_form(request, context, *args, **kw)

    def effect_lines(self, request: HttpRequest, form: Any, before: Any) -> list[Line]:
        """Say which doors were understood, and what it does to the policies of the group."""
        doors = attaching.doors_of(request.user, MANAGE).filter(pk__in=form.members)
        understood = Line(door_lists.write(named(doors)))
        if before is None:
            return [understood]
        effect = previews.effect_of_group(
            organisation_id=before.organisation_id, group_id=before.pk,
            doors=form.members, at=timezone.now(),
        )  # fmt: skip
        return [understood, *lines(effect, request.user, follows=False)]

    def deletion_lines(self, request: HttpRequest, obj: Any) -> list[Line]:
        """Say what it is like without the group and the policies that are attached to it."""
        if not obj.policies.filter(is_active=True).exists():
            return lines(Effect(), request.user, follows=False)
        effect = previews.effect_of_group(
            organisation_id=obj.organisation_id, group_id=obj.pk,
            doors=frozenset(), at=timezone.now(),
        )  # fmt: skip
        return lines(effect, request.user, follows=False)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Put the doors into the group."""
        super().save_related(request, form, formsets, change)
        form.instance.compartments.set(form.members)


def _drawn(request: HttpRequest, group: Any) -> list[dict[str, Any]]:
    """Return the banks that can be chosen from, each with its doors to draw."""
    doors = attaching.doors_of(request.user, MANAGE)
    if group is not None:
        doors = doors.filter(bank__site__organisation=group.organisation_id)
    banks: dict[int, dict[str, Any]] = {}
    for door in doors.select_related("bank__site"):
        bank = banks.setdefault(
            door.bank_id, {"name": door.bank.name, "site": str(door.bank.site), "doors": []}
        )
        bank["doors"].append(door)
    for bank in banks.values():
        bank["width"] = max(door.x_mm + door.width_mm for door in bank["doors"])
        bank["height"] = max(door.y_mm + door.height_mm for door in bank["doors"])
    return list(banks.values())
