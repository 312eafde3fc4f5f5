"""Coming and going on the page of a person: guided, one by one or many at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from access import checklists, labels, selectors
from access.admin.importing import ImportsPeople
from access.admin.person_pages import PersonPages
from access.choices import PersonStatus, ProcedureKind
from access.forms import ReasonForm
from access.models import Person, Run, RunStep, User
from access.services import leaving, procedures
from audit import exports
from audit.actions import Action
from audit.errors import Refusal
from audit.services import events, idempotency
from audit.services.events import Actor

_Turn = Callable[..., bool]
# Where the buttons of a guided page lead, by kind and verb: to the person's page or a list.
_DO = {
    ("onboarding", "card"): ("issue_badge", _("Issue a badge")),
    ("onboarding", "pin"): ("set_pin", _("Set a PIN")),
    ("offboarding", "card"): ("leave", _("Revoke everything: leave")),
    ("offboarding", "pin"): ("leave", _("Revoke everything: leave")),
}
_GO = {
    "locker": ("map", _("Open the live map")),
    "key": ("admin:access_key_changelist", _("Open the keys")),
}


@dataclass(frozen=True)
class Line:
    """One step as the guided page shows it."""

    step: RunStep
    is_done: bool
    is_known: bool
    who: str
    link: str = ""
    link_text: str = ""


class ComesAndGoes(ImportsPeople, PersonPages):
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
    actions_list = ["leavers", "leavers_csv"]

    def after(self, request: HttpRequest, person: Person) -> str:
        """Lead back to the checklist that a form was opened from."""
        then = request.GET.get("then")
        if then in ProcedureKind.values:
            return reverse(f"admin:access_person_{then}", args=[person.pk])
        return super().after(request, person)

    # One person.

    @action(description=_("Onboarding"), url_path="onboarding")  # type: ignore[untyped-decorator]  # unfold brings no types
    def onboarding(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Guide through what there is to do for somebody who comes."""
        return self._guide(request, object_id, ProcedureKind.ONBOARDING)

    @action(description=_("Offboarding"), url_path="offboarding")  # type: ignore[untyped-decorator]  # unfold brings no types
    def offboarding(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Guide through what there is to do for somebody who goes."""
        return self._guide(request, object_id, ProcedureKind.OFFBOARDING)

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

    def _guide(self, request: HttpRequest, object_id: str, kind: ProcedureKind) -> HttpResponseBase:
        person = self._reachable(request, object_id)
        here = reverse(f"admin:access_person_{kind.value}", args=[person.pk])
        at = timezone.now()
        if request.method == "POST":
            try:
                self._do(request, person, kind, at)
            except Refusal as refusal:
                idempotency.settle(refusal)
                messages.error(request, str(refusal))
            return HttpResponseRedirect(here)
        run = (
            Run.objects.filter(person=person, kind=kind, finished_at__isnull=True).first()
            or Run.objects.filter(person=person, kind=kind).first()
        )
        facts = selectors.holdings([person], at)[person.pk].facts
        lines = self._lines(run, facts, here) if run is not None else []
        procedure = procedures.procedure_for(person=person, kind=kind)
        context = {
            **self.admin_site.each_context(request),
            "title": kind.label.capitalize(),
            "subtitle": str(person),
            "opts": self.opts,
            "person": person,
            "kind": kind.value,
            "run": run,
            "lines": lines,
            "done": sum(1 for line in lines if line.is_done),
            "can_finish": all(line.is_done for line in lines if line.step.is_required),
            "procedure": procedure,
            "planned": list(procedure.steps.all()) if procedure is not None else [],
            "has_left": person.status == PersonStatus.LEFT,
            "back": reverse("admin:access_person_change", args=[person.pk]),
        }
        return render(request, "admin/access/guide.html", context)

    def _do(
        self, request: HttpRequest, person: Person, kind: ProcedureKind, at: dt.datetime
    ) -> None:
        user_id = request.user.pk or 0
        actor = Actor.staff(user_id)
        do, note = request.POST.get("do", ""), request.POST.get("note", "")[:200]
        if do == "start":
            procedures.start(person=person, kind=kind, actor=actor, at=at)
            return
        run = Run.objects.filter(person=person, kind=kind, finished_at__isnull=True).first()
        if run is None:
            return  # finished by somebody else meanwhile: the page says so
        if do == "finish":
            procedures.finish(run=run, actor=actor, at=at)
            messages.success(request, _now("Finished. Every step is written down."))
            return
        if do == "cancel":
            procedures.cancel(run=run, actor=actor, at=at, reason=note or _now("not needed"))
            return
        step = run.steps.select_related("run__person").filter(
            pk=_number(request.POST.get("step", ""))
        ).first()  # fmt: skip
        if step is None:
            raise Http404
        if do == "untick":
            procedures.untick(step=step, actor=actor, at=at)
        elif do in ("tick", "skip"):
            procedures.tick(
                step=step, user_id=user_id, actor=actor, at=at, note=note, skip=do == "skip"
            )

    def _lines(self, run: Run, facts: checklists.Facts, here: str) -> list[Line]:
        steps = list(run.steps.all())
        users = {user.pk: user.get_username() for user in User.objects.filter(
            pk__in=[step.done_by for step in steps if step.done_by])}  # fmt: skip
        lines = []
        for step in steps:
            known = checklists.is_done(run.kind, step.verb, facts) if not run.finished_at else None
            link, text = self._link(run, step)
            lines.append(
                Line(
                    step=step,
                    is_done=step.done_at is not None or bool(known),
                    is_known=known is not None,
                    who=users.get(step.done_by or 0, ""),
                    link=link,
                    link_text=text,
                )
            )
        return lines

    def _link(self, run: Run, step: RunStep) -> tuple[str, str]:
        """Return the page on which a step is done, with its words."""
        if (known := _DO.get((run.kind, step.verb))) is not None:
            page, text = known
            address = reverse(f"admin:access_person_{page}", args=[run.person_id])
            return f"{address}?then={run.kind}", str(text)
        if step.verb in _GO:
            name, text = _GO[step.verb]
            try:
                return reverse(name), str(text)
            except NoReverseMatch:
                return "", ""
        return "", ""

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

    # The leaver's report.

    @action(description=_("Leaver's report"), url_path="leavers")  # type: ignore[untyped-decorator]  # unfold brings no types
    def leavers(self, request: HttpRequest) -> HttpResponse:
        """Show who is gone and still has something. It should be empty."""
        lines = self._leavers(request)
        context = {
            **self.admin_site.each_context(request),
            "title": _now("Leaver's report"),
            "opts": self.opts,
            "lines": lines,
            "csv": reverse("admin:access_person_leavers_csv"),
        }
        return render(request, "admin/access/leavers.html", context)

    @action(description=_("Leaver's report as CSV"), url_path="leavers.csv")  # type: ignore[untyped-decorator]  # unfold brings no types
    def leavers_csv(self, request: HttpRequest) -> HttpResponseBase:
        """Hand out the report as a file."""
        lines = self._leavers(request)
        events.record(
            action=Action.EXPORTED,
            actor=Actor.staff(request.user.pk or 0),
            at=timezone.now(),
            subject="access.person:leavers",
            data={"rows": len(lines), "format": "csv"},
        )
        heads = [_now("person"), _now("personal number"), _now("left at"), _now("still has")]
        rows = [
            [str(one.person), one.person.personal_number, one.person.left_at, text]
            for one, texts in lines
            for text, _link in texts
        ]
        return exports.response(request, [heads, *rows], "leavers.csv")

    def _leavers(
        self, request: HttpRequest
    ) -> list[tuple[selectors.Leaver, list[tuple[str, str]]]]:
        if not self.has_view_permission(request):
            raise Http404
        condition = self.rows(request.user, self.view_right)
        found = selectors.leavers(condition, timezone.now())
        told = [(one, labels.still_has(one)) for one in found]
        return [(one, texts) for one, texts in told if texts]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
