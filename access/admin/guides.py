"""Onboarding and offboarding on the page of a person, step by step."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access import checklists, selectors
from access.admin.person_pages import PersonPages
from access.choices import PersonStatus, ProcedureKind
from access.models import Person, Run, RunStep, User
from access.services import procedures
from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor

# Where the buttons of a guided page lead, by kind and verb: to the person's page or a list.
_DO = {
    ("onboarding", "card"): ("issue_badge", _("Issue a badge")),
    ("onboarding", "pin"): ("set_pin", _("Set a PIN")),
    ("onboarding", "access"): ("give_access", _("Give access")),
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


class GuidesPeople(PersonPages):
    """The guided pages of PersonAdmin."""

    @action(description=_("Onboarding"), url_path="onboarding")  # type: ignore[untyped-decorator]  # unfold brings no types
    def onboarding(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Guide through what there is to do for somebody who comes."""
        return self._guide(request, object_id, ProcedureKind.ONBOARDING)

    @action(description=_("Offboarding"), url_path="offboarding")  # type: ignore[untyped-decorator]  # unfold brings no types
    def offboarding(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Guide through what there is to do for somebody who goes."""
        return self._guide(request, object_id, ProcedureKind.OFFBOARDING)

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


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
