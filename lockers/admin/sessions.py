"""Academic years in the administration, each with its terms, and each term with its halves."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from lockers import terms
from lockers.importing.of_site import ImportsForSite
from lockers.importing.oneroster.formats import SessionsFile
from lockers.importing.pages import FORMATS
from lockers.models import AcademicSession, SessionLevel
from lockers.scoping import ScopedRelatedFilter
from lockers.session_imports import SessionRows
from lockers.terms import Kind, Span


class PartsFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not at run time
    """The terms of a year, or the halves of a term: within it, and none over another."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Put every part one level below the whole."""
        super().add_fields(form, index)
        form.instance.level = self.instance.level + 1

    def save_new(self, form: Any, commit: bool = True) -> Any:
        """Put a new part at the site of the whole, which is known by now."""
        form.instance.site_id = self.instance.site_id
        return super().save_new(form, commit)

    def clean(self) -> None:
        """Compare the days of all rows with each other and with the whole."""
        super().clean()
        whole = self.instance
        if not (whole.starts_on and whole.ends_on):
            return  # said above
        spans = [Span("whole", 1, whole.starts_on, whole.ends_on)]
        rows: dict[Any, Any] = {}
        for number, form in enumerate(self.forms):
            said = getattr(form, "cleaned_data", {})
            first, last = said.get("starts_on"), said.get("ends_on")
            if isinstance(first, dt.date) and isinstance(last, dt.date) and not said.get("DELETE"):
                rows[number] = form
                spans.append(Span(number, 2, first, last, "whole"))
        for fault in terms.faults(spans):
            if fault.key not in rows:
                continue  # of the whole itself: its own form says it
            column = "starts_on" if fault.is_first else "ends_on"
            rows[fault.key].add_error(column, _sentence(fault.kind, rows.get(fault.other)))
        if any(form.errors for form in rows.values()):
            raise ValidationError(_now("Some dates do not fit together: see below."))


def _sentence(kind: Kind, other: Any) -> str:
    if kind == Kind.BACKWARDS:
        return _now("The last day comes after the first.")
    if kind == Kind.OVERLAP:
        name = str(other.cleaned_data.get("name", ""))
        return _now("These dates overlap with “%s”. One has to end before the other begins.") % name
    return _now("This is outside of what it is part of.")


class SessionForm(ModelForm):  # type: ignore[type-arg]  # not at run time
    """A year, or a part of one, whose dates do not meet those of another."""

    def _get_validation_exclusions(self) -> set[str]:
        # Site and level cannot be typed, and without them no overlap would be seen.
        without: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # of Django
        return without - {"site", "level", "parent"}


class PartInline(TabularInline):
    """The parts of a year or of a term."""

    model = AcademicSession
    formset = PartsFormSet
    fk_name = "parent"
    fields = ["name", "starts_on", "ends_on"]
    ordering = ["starts_on"]
    extra = 0
    show_change_link = True
    verbose_name = _("part of it")
    verbose_name_plural = _("terms, or halves of a term")


@admin.register(AcademicSession)
class AcademicSessionAdmin(ImportsForSite):
    """A year is typed with its terms; the page of a term has its halves."""

    form = SessionForm
    resource_classes = [SessionRows]
    import_formats = [SessionsFile]
    export_formats = FORMATS
    site_path = "site"
    list_display = ["__str__", "level", "starts_on", "ends_on", "site"]
    list_filter = ["level", ("site", ScopedRelatedFilter)]
    search_fields = ["name"]
    list_select_related = ["site", "parent"]
    inlines = [PartInline]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("site", "parent")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Add years only: a part is added on the page of what it is part of."""
        own = ["name", "starts_on", "ends_on"]
        return ["site", *own] if obj is None else ["site", "parent", *own, "external_id"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else ["site", "parent", "external_id"]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """Offer no parts of half a term."""
        if obj is not None and obj.level == SessionLevel.HALF_TERM:
            return []
        return super().get_inlines(request, obj)
