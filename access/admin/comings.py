"""Coming and going on the page of a person: guided, one by one or many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from access import selectors
from access.admin.guides import GuidesPeople
from access.admin.importing import ImportsPeople
from access.admin.leavers import ReportsLeavers
from access.admin.person_pages import PersonPages
from access.choices import ProcedureKind
from access.forms import ReasonForm
from access.models import Person
from access.services import leaving, procedures
from audit.services.events import Actor

_Turn = Callable[..., bool]


class ComesAndGoes(GuidesPeople, ReportsLeavers, ImportsPeople, PersonPages):
    """The pages and actions of PersonAdmin that change whether somebody is here."""

    coming_and_going = {
        "title": _("Coming and going"),
        "items": [
            "onboarding",
            "offboarding",
            "suspend",
            "place_hold",
            "reinstate",
            "leave",
            "report_incident",
        ],  # fmt: skip
    }
    coming_and_going_of_many = ["start_onboarding_all", "suspend_all", "reinstate_all", "leave_all"]

    def after(self, request: HttpRequest, person: Person) -> str:
        """Lead back to the checklist that a form was opened from."""
        then = request.GET.get("then")
        if then in ProcedureKind.values:
            return reverse(f"admin:access_person_{then}", args=[person.pk])
        return super().after(request, person)

    # One person.

    @action(description=_("Suspend"), url_path="suspend")  # type: ignore[untyped-decorator]  # unfold brings no types
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Stop somebody without taking anything."""
        told = _now("Nothing opens for them until you reinstate them. They keep their lockers.")
        return self._turn(request, object_id, _now("Suspend"), leaving.suspend, told)

    @action(description=_("Reinstate"), url_path="reinstate")  # type: ignore[untyped-decorator]  # unfold brings no types
    def reinstate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let somebody in again."""
        told = _now("What was revoked stays revoked: who left and comes back needs a new badge.")
        return self._turn(request, object_id, _now("Reinstate"), leaving.reinstate, told)

    @action(description=_("Leave now"), url_path="leave")  # type: ignore[untyped-decorator]  # unfold brings no types
    def leave(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let somebody go, with everything they have."""
        person = self._reachable(request, object_id)
        has = selectors.holdings([person], timezone.now())[person.pk]
        told = [
            ngettext("%d badge or PIN is revoked", "%d badges and PINs are revoked",
                     len(has.credentials)) % len(has.credentials),
            ngettext("%d locker is released and waits to be emptied",
                     "%d lockers are released and wait to be emptied",
                     len(has.grants)) % len(has.grants),
        ]  # fmt: skip
        return self._turn(
            request, object_id, _now("Leave now"), leaving.leave,
            _now("At once: %s. For a later day, set “Last day” on their page instead.")
            % ", ".join(told),
        )  # fmt: skip

    def _turn(
        self, request: HttpRequest, object_id: str, title: str, turn: _Turn, told: str
    ) -> HttpResponse:
        person = self._reachable(request, object_id)
        form = ReasonForm(request.POST or None)
        form.fields["reason"].help_text = told
        return self._form(
            request, person, title, form,
            lambda form: turn(
                person=person, reason=form.cleaned_data["reason"], at=timezone.now(),
                actor=Actor.staff(request.user.pk or 0),
            ),
        )  # fmt: skip

    # Many people.

    @admin.action(description=_("Start onboarding"))
    def start_onboarding_all(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        """Begin the checklist for each; those who have one open go on with it."""
        actor, at = Actor.staff(request.user.pk or 0), timezone.now()
        chosen = list(self.changeable(request, queryset))
        started = [
            procedures.start(person=one, kind=ProcedureKind.ONBOARDING, actor=actor, at=at)
            for one in chosen
        ]
        if None in started:
            self.message_user(
                request, _now("There is no onboarding procedure yet: add one under “Procedures”."),
                messages.WARNING,
            )  # fmt: skip
        self._count(request, sum(run is not None for run in started))

    @admin.action(description=_("Suspend"))
    def suspend_all(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        self._turn_all(request, queryset, leaving.suspend)

    @admin.action(description=_("Reinstate"))
    def reinstate_all(self, request: HttpRequest, queryset: QuerySet[Person]) -> None:
        self._turn_all(request, queryset, leaving.reinstate)

    @admin.action(description=_("Leave now"))
    def leave_all(self, request: HttpRequest, queryset: QuerySet[Person]) -> Any:
        """Ask once more with the names, then let everybody go."""
        chosen = self.changeable(request, queryset)
        if request.POST.get("confirmed"):
            self._turn_all(request, queryset, leaving.leave, request.POST.get("reason", "")[:200])
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Leave now"),
            "opts": self.opts,
            "people": chosen,
            "back": reverse("admin:access_person_changelist"),
        }
        return render(request, "admin/access/leave_many.html", context)

    def _turn_all(
        self, request: HttpRequest, queryset: QuerySet[Person], turn: _Turn, reason: str = ""
    ) -> None:
        actor, at = Actor.staff(request.user.pk or 0), timezone.now()
        chosen = list(self.changeable(request, queryset))
        changed = sum(turn(person=one, actor=actor, at=at, reason=reason) for one in chosen)
        self._count(request, changed)

    def _count(self, request: HttpRequest, number: int) -> None:
        self.message_user(
            request, ngettext("Done for %d person.", "Done for %d people.", number) % number
        )
