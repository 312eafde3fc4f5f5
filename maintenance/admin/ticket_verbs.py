"""What staff do to a ticket: each verb has its small page."""

from __future__ import annotations

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.admin.desk import Desk, staff
from access.key_forms import ReasonForm
from access.models import User
from lockers.scoping import MAINTAIN
from maintenance.choices import PhotoMoment
from maintenance.forms.tickets import (
    AssignForm,
    ChecksForm,
    ClosingForm,
    LabourForm,
    PhotoForm,
    RatingForm,
    ReferenceForm,
    TakeOutForm,
    WordsForm,
)
from maintenance.models import Team, Ticket
from maintenance.selectors import tickets as selectors
from maintenance.services.tickets import closing, doors, working

_OPEN = ("start", "assign", "note", "labour", "add_photo", "checklist", "inspect", "take_out",
         "bring_back", "put_aside", "rate", "close", "cancel")  # fmt: skip
VERBS = (*_OPEN, "reopen", "reference")


class TicketDesk(Desk):
    """The verbs of tickets, for whoever repairs there."""

    # What is done most is in sight; all in one row is wider than most screens.
    actions_detail = [
        "start", "assign", "checklist", "close", "reopen",
        {"title": _("Door"), "items": ["inspect", "take_out", "bring_back"]},
        {"title": _("More"), "items": [
            "note", "labour", "add_photo", "put_aside", "rate", "reference", "cancel",
        ]},
    ]  # fmt: skip
    verb_rights = dict.fromkeys(VERBS, MAINTAIN)

    def verbs_for(self, ticket: Ticket) -> set[str]:
        """Return what makes sense for a ticket as it is."""
        if ticket.closed_at is not None:
            return {"reopen", "reference", "note"}
        verbs = {*_OPEN, "reference"}
        if ticket.compartment_id is None:
            verbs -= {"inspect", "take_out"}
        if not ticket.door_was:
            verbs.discard("bring_back")
        if not selectors.checklist_of(ticket):
            verbs.discard("checklist")
        return verbs

    def _ticket(self, request: HttpRequest, pk: str) -> Ticket:
        ticket: Ticket = self.reachable(request, pk, MAINTAIN)
        return ticket

    @action(description=_("Begin"), url_path="start", icon="play_arrow")  # type: ignore[untyped-decorator]  # unfold brings no types
    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Begin, or go on, with the work."""
        ticket = self._ticket(request, object_id)
        return self.form_page(
            request, ticket, title=_now("Begin"), button=_now("Begin"),
            form=Form(request.POST or None),
            do=lambda form: working.start(
                ticket_id=ticket.pk, actor=staff(request), at=timezone.now()
            ),
        )  # fmt: skip

    @action(description=_("Put aside"), url_path="wait", icon="pause")  # type: ignore[untyped-decorator]  # unfold brings no types
    def put_aside(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what it waits for."""
        ticket = self._ticket(request, object_id)
        return self.form_page(
            request, ticket, title=_now("Put aside"), form=WordsForm(request.POST or None),
            note=_now("Say what it waits for, such as a part that was ordered."),
            do=lambda form: working.wait(
                ticket_id=ticket.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Assign"), url_path="assign", icon="person_add")  # type: ignore[untyped-decorator]  # unfold brings no types
    def assign(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give it to somebody, or to a team."""
        ticket = self._ticket(request, object_id)
        form = AssignForm(
            request.POST or None, users=_who_repairs(ticket),
            teams=Team.objects.filter(organisation=ticket.site.organisation_id),
            initial={"assignee": ticket.assignee_id, "team": ticket.team_id},
        )  # fmt: skip

        def do(form: Any) -> None:
            user, team = form.cleaned_data["assignee"], form.cleaned_data["team"]
            working.assign(
                ticket_id=ticket.pk, assignee_id=user.pk if user else None,
                team_id=team.pk if team else None, actor=staff(request), at=timezone.now(),
            )  # fmt: skip

        return self.form_page(request, ticket, title=_now("Assign"), form=form, do=do)

    @action(description=_("Add a note"), url_path="note", icon="edit_note")  # type: ignore[untyped-decorator]  # unfold brings no types
    def note(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Write down what somebody found out."""
        ticket = self._ticket(request, object_id)
        return self.form_page(
            request, ticket, title=_now("Add a note"), form=WordsForm(request.POST or None),
            do=lambda form: working.note(
                ticket_id=ticket.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Add work"), url_path="labour", icon="timer")  # type: ignore[untyped-decorator]  # unfold brings no types
    def labour(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Write down how long it took."""
        ticket = self._ticket(request, object_id)
        return self.form_page(
            request, ticket, title=_now("Add work"), form=LabourForm(request.POST or None),
            do=lambda form: working.add_labour(
                ticket_id=ticket.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Add a photo"), url_path="add-photo", icon="add_a_photo")  # type: ignore[untyped-decorator]  # unfold brings no types
    def add_photo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show how it was, or how it is now."""
        ticket = self._ticket(request, object_id)
        return self.form_page(
            request, ticket, title=_now("Add a photo"),
            form=PhotoForm(request.POST or None, request.FILES or None),
            do=lambda form: working.add_photo(
                ticket_id=ticket.pk, data=form.cleaned_data["photo"],
                moment=PhotoMoment(form.cleaned_data["moment"]), actor=staff(request),
                at=timezone.now(),
            ),
        )  # fmt: skip

    @action(description=_("Checklist"), url_path="checklist", icon="checklist")  # type: ignore[untyped-decorator]  # unfold brings no types
    def checklist(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Tick what was checked."""
        ticket = self._ticket(request, object_id)
        items = selectors.checklist_of(ticket)

        def do(form: Any) -> None:
            for one in items:
                closing.check(
                    ticket_id=ticket.pk, item_id=one.item.pk, actor=staff(request),
                    at=timezone.now(), is_checked=str(one.item.pk) in form.cleaned_data["done"],
                )  # fmt: skip

        form = ChecksForm(request.POST or None, items=items)
        return self.form_page(request, ticket, title=_now("Checklist"), form=form, do=do)

    @action(description=_("Open the door to look"), url_path="inspect", icon="lock_open")  # type: ignore[untyped-decorator]  # unfold brings no types
    def inspect(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open the door; whoever has it keeps it."""
        ticket = self._ticket(request, object_id)
        return self.form_page(
            request, ticket, title=_now("Open the door to look"), button=_now("Open"),
            form=ReasonForm(request.POST or None, initial={"reason": ticket.summary}),
            note=_now("Whoever has the door keeps it. Your name and the reason are recorded."),
            do=lambda form: doors.inspect(
                ticket_id=ticket.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
            done=lambda _command: _now("The door was asked to open."),
        )  # fmt: skip

    @action(description=_("Take the door out"), url_path="take-out", icon="block")  # type: ignore[untyped-decorator]  # unfold brings no types
    def take_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the door out of service."""
        ticket = self._ticket(request, object_id)
        return self.form_page(
            request, ticket, title=_now("Take the door out of service"),
            form=TakeOutForm(request.POST or None),
            do=lambda form: doors.take_out(
                ticket_id=ticket.pk, actor=staff(request), at=timezone.now(),
                reason=form.cleaned_data["reason"],
                move_holder=form.cleaned_data["holder"] == "move",
                tell_holder=form.cleaned_data["holder"] == "tell",
            ),
            done=lambda status: _now("The door is now: %s.") % status.label,
        )  # fmt: skip

    @action(description=_("Bring the door back"), url_path="bring-back", icon="undo")  # type: ignore[untyped-decorator]  # unfold brings no types
    def bring_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put the door back as it was."""
        ticket = self._ticket(request, object_id)
        return self.form_page(
            request, ticket, title=_now("Bring the door back"), form=Form(request.POST or None),
            do=lambda form: doors.bring_back(
                ticket_id=ticket.pk, actor=staff(request), at=timezone.now()
            ),
        )  # fmt: skip

    @action(description=_("Change what it is"), url_path="rate", icon="low_priority")  # type: ignore[untyped-decorator]  # unfold brings no types
    def rate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Call it another fault, or more or less urgent."""
        ticket = self._ticket(request, object_id)
        now = {"category": ticket.category, "priority": ticket.priority}
        return self.form_page(
            request, ticket, title=_now("Change what it is"),
            form=RatingForm(request.POST or None, initial=now),
            do=lambda form: working.change(
                ticket_id=ticket.pk, actor=staff(request), at=timezone.now(),
                **form.changed(ticket),
            ),
        )  # fmt: skip

    @action(description=_("Close"), url_path="close", icon="task_alt")  # type: ignore[untyped-decorator]  # unfold brings no types
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what was done."""
        ticket = self._ticket(request, object_id)
        return self.form_page(
            request, ticket, title=_now("Close"), button=_now("Close"),
            form=ClosingForm(request.POST or None),
            do=lambda form: closing.close(
                ticket_id=ticket.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Nothing to do"), url_path="cancel", icon="do_not_disturb_on")  # type: ignore[untyped-decorator]  # unfold brings no types
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Close it with nothing to do, and say why."""
        ticket = self._ticket(request, object_id)
        return self.form_page(
            request, ticket, title=_now("Nothing to do"), form=ReasonForm(request.POST or None),
            do=lambda form: closing.cancel(
                ticket_id=ticket.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Open again"), url_path="reopen", icon="replay")  # type: ignore[untyped-decorator]  # unfold brings no types
    def reopen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open it again, and say why."""
        ticket = self._ticket(request, object_id)
        return self.form_page(
            request, ticket, title=_now("Open again"), form=ReasonForm(request.POST or None),
            do=lambda form: closing.reopen(
                ticket_id=ticket.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip

    @action(description=_("Number elsewhere"), url_path="reference", icon="tag")  # type: ignore[untyped-decorator]  # unfold brings no types
    def reference(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Keep its number in another system for tickets."""
        ticket = self._ticket(request, object_id)
        return self.form_page(
            request, ticket, title=_now("Number elsewhere"),
            form=ReferenceForm(request.POST or None, initial={"reference": ticket.reference}),
            do=lambda form: working.set_reference(
                ticket_id=ticket.pk, actor=staff(request), at=timezone.now(), **form.cleaned_data
            ),
        )  # fmt: skip


def _who_repairs(ticket: Ticket) -> Any:
    return User.objects.filter(pk__in=selectors.who_repairs(ticket, timezone.now()))
