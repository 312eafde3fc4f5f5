"""The incident log."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import EmptyFieldListFilter
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from access.models import Incident, IncidentNote, User
from access.services import incidents
from audit.services.events import Actor
from lockers.scoping import OPERATE, ScopedRelatedFilter, SiteScopedAdmin


class NoteForm(forms.Form):
    text = forms.CharField(
        label=_("Note"),
        max_length=2000,
        help_text=_("It stays as it is written: a correction is another note."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )


class IncidentNoteInline(TabularInline):
    """The notes, oldest first, as they were written."""

    model = IncidentNote
    extra = 0
    can_delete = False
    fields = ["text", "written_at", "author"]
    readonly_fields = fields

    @admin.display(description=_("written by"))
    def author(self, note: IncidentNote) -> str:
        """Return the name of a note's author."""
        return _name(note.written_by)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever may see the incident

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Incident)
class IncidentAdmin(SiteScopedAdmin):
    """Reported by whoever works at the site; what was written stays, notes are added."""

    site_path = "site"
    bank_path = "compartment__bank"
    change_right = OPERATE
    list_display = ["summary", "kind", "site", "person", "compartment", "happened_at", "is_open"]
    list_filter = [("closed_at", EmptyFieldListFilter), "kind", ("site", ScopedRelatedFilter)]
    search_fields = ["summary", "person__given_name", "person__family_name", "compartment__number"]
    list_select_related = ["site", "person", "compartment__bank"]
    autocomplete_fields = ["person", "compartment"]
    inlines = [IncidentNoteInline]
    actions_detail = ["add_note", "close", "reopen"]
    fields = ["site", "kind", "summary", "happened_at", "person", "compartment"]

    @display(description=_("state"), label={"open": "warning", "closed": ""})  # type: ignore[untyped-decorator]  # unfold brings no types
    def is_open(self, incident: Incident) -> tuple[str, str]:
        """Say whether something is still to be done."""
        if incident.closed_at is None:
            return "open", _now("open")
        return "closed", _now("closed")

    @admin.display(description=_("reported by"))
    def reporter(self, incident: Incident) -> str:
        """Return the name of whoever reported it."""
        return _name(incident.reported_by)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None else [*self.fields, "reporter", "closed_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [] if obj is None else self.get_fields(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a log from which lines vanish is none

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        return {"happened_at": timezone.now(), **initial}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:  # afterwards nothing on the page can be changed
            user_id = request.user.pk or 0
            incidents.report(
                incident=obj, user_id=user_id, actor=Actor.staff(user_id), at=timezone.now()
            )

    def _reachable(self, request: HttpRequest, pk: object) -> Incident:
        incident: Incident | None = (
            self.get_queryset(request).select_related("site", "compartment").filter(pk=pk).first()
        )
        if incident is None or not self.has_change_permission(request, incident):
            raise Http404
        return incident

    @action(description=_("Add a note"), url_path="note")  # type: ignore[untyped-decorator]  # unfold brings no types
    def add_note(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take what somebody found out."""
        incident = self._reachable(request, object_id)
        form = NoteForm(request.POST or None)
        back = reverse("admin:access_incident_change", args=[incident.pk])
        if request.method == "POST" and form.is_valid():
            user_id = request.user.pk or 0
            incidents.note(
                incident=incident, text=form.cleaned_data["text"], user_id=user_id,
                actor=Actor.staff(user_id), at=timezone.now(),
            )  # fmt: skip
            messages.success(request, _now("Note added."))
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Add a note"),
            "subtitle": str(incident),
            "form": form,
            "opts": self.opts,
            "back": back,
        }
        return render(request, "admin/access/person_form.html", context)

    @action(description=_("Close"), url_path="close")  # type: ignore[untyped-decorator]  # unfold brings no types
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then close."""
        return self._turn(request, object_id, _now("Close this incident?"), closes=True)

    @action(description=_("Open again"), url_path="reopen")  # type: ignore[untyped-decorator]  # unfold brings no types
    def reopen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then open again."""
        return self._turn(request, object_id, _now("Open this incident again?"), closes=False)

    def _turn(
        self, request: HttpRequest, object_id: str, title: str, *, closes: bool
    ) -> HttpResponse:
        incident = self._reachable(request, object_id)
        back = reverse("admin:access_incident_change", args=[incident.pk])
        if request.method == "POST":
            turn = incidents.close if closes else incidents.reopen
            turn(incident=incident, actor=Actor.staff(request.user.pk or 0), at=timezone.now())
            messages.success(request, _now("Done."))
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "subtitle": str(incident),
            "form": forms.Form(),
            "opts": self.opts,
            "back": back,
        }
        return render(request, "admin/access/person_form.html", context)


def _name(user_id: int | None) -> str:
    if user_id is None:
        return ""
    user = User.objects.filter(pk=user_id).first()
    return user.get_username() if user is not None else str(user_id)
