"""Passes in the administration: issued on a person's page, shown and taken back here."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.forms import ReasonForm
from access.models import Pass, Person
from access.pass_forms import PassForm
from access.services import passes
from audit.services.events import Actor
from lockers.scoping import SiteScopedAdmin


def issue(form: PassForm, person: Person, actor: Actor) -> HttpResponse:
    """Give somebody the pass that the form describes, and go to it."""
    given = passes.issue(person=person, actor=actor, at=timezone.now(), **form.cleaned_data)
    return HttpResponseRedirect(reverse("admin:access_pass_change", args=[given.pk]))


@admin.register(Pass)
class PassAdmin(SiteScopedAdmin):
    """What a pass says is read here; the code itself only on the page that shows it."""

    is_history = True
    # A pass for one door belongs to that door's place, whoever carries it.
    site_path = "compartment__bank__site"
    bank_path = "compartment__bank"
    person_path = "person"
    list_display = ["person", "compartment", "starts_at", "ends_at", "is_single_use", "used_at",
                    "revoked_at"]  # fmt: skip
    list_filter = ["is_single_use"]
    search_fields = ["person__given_name", "person__family_name"]
    list_select_related = ["person", "compartment"]
    fields = ["person", "compartment", "starts_at", "ends_at", "is_single_use", "issued_at",
              "used_at", "revoked_at"]  # fmt: skip
    actions = ["revoke"]
    actions_detail = ["show_pass", "revoke_pass"]

    def _reachable(self, request: HttpRequest, pk: object) -> Pass:
        given: Pass | None = (
            self.changeable(request, self.get_queryset(request))
            .select_related("person")
            .filter(pk=pk)
            .first()
        )
        if given is None or not request.user.is_staff:
            raise Http404
        return given

    @action(description=_("Show the pass"), url_path="show")  # type: ignore[untyped-decorator]  # unfold brings no types
    def show_pass(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open the page that a phone shows, to print it or to send its address."""
        given = self._reachable(request, object_id)
        passes.record_shown(given=given, actor=_staff(request), at=timezone.now())
        return HttpResponseRedirect(reverse("pass", args=[passes.link_of(given)]))

    @action(description=_("Take back"), url_path="revoke")  # type: ignore[untyped-decorator]  # unfold brings no types
    def revoke_pass(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make one pass worthless, for a reason."""
        given = self._reachable(request, object_id)
        form = ReasonForm(request.POST or None)
        back = reverse("admin:access_pass_change", args=[given.pk])
        if request.method == "POST" and form.is_valid():
            passes.revoke(
                given=given,
                actor=_staff(request),
                at=timezone.now(),
                reason=form.cleaned_data["reason"],
            )
            messages.success(request, _now("The pass is worthless from now on."))
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Take back a pass"),
            "subtitle": str(given.person),
            "form": form,
            "opts": self.opts,
            "back": back,
        }
        return render(request, "admin/access/person_form.html", context)

    @admin.action(description=_("Take back"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[Pass]) -> None:
        for given in self.changeable(request, queryset).select_related("person"):
            passes.revoke(given=given, actor=_staff(request), at=timezone.now())


def _staff(request: HttpRequest) -> Actor:
    return Actor.staff(request.user.pk or 0)
