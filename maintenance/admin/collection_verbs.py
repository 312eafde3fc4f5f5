"""What the desk does with a collection: each verb with its own small page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from access.admin.desk import OPERATE, VIEW_COMBINATION, Desk, staff
from access.services import combinations
from audit.errors import Refusal
from audit.services import idempotency
from lockers.scoping import MANAGE, RECOVER, sites_of
from maintenance.forms.collections import CloseForm, OpenFormForm, RotateForm, WhoForm
from maintenance.models import Collection
from maintenance.selectors import collection_lists
from maintenance.services.collections import (
    beginning,
    closing,
    opening,
    recovering,
    reminding,
    rotating,
)
from occupancy.models import DayEnd

_MOST = 5000


class CollectionVerbs(Desk):
    """The verbs of CollectionAdmin."""

    @action(description=_("Occupancy reviews"), url_path="reviews", icon="insights")  # type: ignore[untyped-decorator]  # unfold brings no types
    def reviews(self, request: HttpRequest) -> HttpResponse:
        """Go to the reviews of the years and terms."""
        if not self.has_view_permission(request):
            raise Http404
        return HttpResponseRedirect(reverse("reviews"))

    @action(description=_("Begin"), url_path="begin", icon="play_arrow")  # type: ignore[untyped-decorator]  # unfold brings no types
    def begin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put the lockers of some forms, years or banks onto the list."""
        one = self.reachable(request, object_id, OPERATE)
        return self.form_page(
            request, one, title=_now("Begin") if one.begun_at is None else _now("Add lockers"),
            button=_now("Put them onto the list"), form=WhoForm(request.POST or None, one=one),
            note=_now("Nothing ticked means every pupil with a locker at the site. You can do this"
                      " again for who gets one later."),
            do=lambda form: beginning.begin(
                collection_id=one.pk, actor=staff(request), at=timezone.now(), **form.chosen
            ),
            done=lambda count: ngettext(
                "%(n)d locker is to be collected.", "%(n)d lockers are to be collected.", count
            ) % {"n": count},
        )  # fmt: skip

    @action(description=_("On the tablet"), url_path="tablet", icon="tablet")  # type: ignore[untyped-decorator]  # unfold brings no types
    def on_tablet(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the pages on which a form is collected."""
        self.reachable(request, object_id, OPERATE)
        return HttpResponseRedirect(reverse("collections"))

    @action(description=_("Remind now"), url_path="remind", icon="mail")  # type: ignore[untyped-decorator]  # unfold brings no types
    def remind(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Write to those whose locker is not collected."""
        one = self.reachable(request, object_id, OPERATE)
        return self.form_page(
            request, one, title=_now("Remind now"), button=_now("Write to them"),
            form=Form(request.POST or None),
            note=_now("Pupils and guardians with an address get a letter, once a day at most, and"
                      " not in quiet hours."),
            do=lambda form: reminding.remind(
                collection_id=one.pk, actor=staff(request), at=timezone.now()
            ),
            done=lambda count: ngettext(
                "%(n)d letter was written.", "%(n)d letters were written.", count
            ) % {"n": count},
        )  # fmt: skip

    @action(description=_("Open the doors of a form"), url_path="open", icon="lock_open")  # type: ignore[untyped-decorator]  # unfold brings no types
    def open_doors(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open the electronic doors that a form still has, one after another."""
        one = self.reachable(request, object_id, RECOVER)

        def work(form: Any) -> DayEnd:
            chosen, seconds = form.cleaned_data["form"], form.cleaned_data["seconds"]
            return opening.open_doors(
                collection_id=one.pk, form=chosen.pk if chosen is not None else None,
                stagger_ms=seconds * 1000, actor=staff(request), at=timezone.now(),
            )  # fmt: skip

        return self.form_page(
            request, one, title=_now("Open the doors of a form"), button=_now("Open them"),
            form=OpenFormForm(request.POST or None, one=one), do=work,
            note=_now("They open one after another: somebody has to be there. What was emptied"
                      " stays shut."),
            then=lambda day_end: HttpResponseRedirect(reverse("day-end", args=[day_end.pk])),
        )  # fmt: skip

    @action(description=_("Not collected"), url_path="uncollected", icon="assignment_late")  # type: ignore[untyped-decorator]  # unfold brings no types
    def uncollected(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """List what is not back, and begin to empty what is ticked."""
        one = self.reachable(request, object_id, OPERATE)
        may_recover = sites_of(request.user, RECOVER).filter(pk=one.site_id).exists()
        if request.method == "POST":
            if not may_recover:
                raise Http404
            chosen = [int(n) for n in request.POST.getlist("line") if n.isdecimal() and len(n) < 19]
            begun = recovering.recover(
                collection_id=one.pk, lines=chosen[:_MOST], actor=staff(request),
                at=timezone.now(),
            )  # fmt: skip
            said = ngettext(
                "%(n)d locker is being emptied. Go on with it among the recoveries.",
                "%(n)d lockers are being emptied. Go on with them among the recoveries.",
                len(begun),
            )
            messages.success(request, said % {"n": len(begun)})
            return HttpResponseRedirect(request.path)
        rows = [
            {
                "line": line, "cells": [line.form, str(line.person), line.person.personal_number,
                                        line.compartment.bank.name, line.compartment.number],
                "missing": collection_lists.missing(line),
                "may_tick": may_recover and line.emptied is not True
                and line.claim.closed_at is None and line.claim.recovery_at is None,
            }
            for line in collection_lists.uncollected(one)
        ]  # fmt: skip
        return self.show_page(
            request, "admin/maintenance/collection_uncollected.html", title=_now("Not collected"),
            one=one, rows=rows, may_recover=any(row["may_tick"] for row in rows),
            back=self.page_of(one),
        )  # fmt: skip

    @action(description=_("Charges"), url_path="charges", icon="payments")  # type: ignore[untyped-decorator]  # unfold brings no types
    def charges(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """List who owes what, form by form."""
        one = self.reachable(request, object_id, OPERATE)
        return self.show_page(
            request, "admin/maintenance/collection_charges.html", title=_now("Charges"), one=one,
            charges=collection_lists.charges(one), owed=collection_lists.owed(one),
            back=self.page_of(one),
        )  # fmt: skip

    @action(description=_("Lost property"), url_path="lost-property", icon="umbrella")  # type: ignore[untyped-decorator]  # unfold brings no types
    def lost_property(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """List what was found, by owner."""
        one = self.reachable(request, object_id, OPERATE)
        return self.show_page(
            request, "admin/maintenance/collection_lost.html", title=_now("Lost property"),
            one=one, owners=collection_lists.lost_property(one), back=self.page_of(one),
        )  # fmt: skip

    @action(description=_("Next combinations"), url_path="rotate", icon="event_repeat")  # type: ignore[untyped-decorator]  # unfold brings no types
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Advance the dials of what was collected: looked at first, then listed once."""
        one = self.reachable(request, object_id, MANAGE)
        if not sites_of(request.user, VIEW_COMBINATION).filter(pk=one.site_id).exists():
            raise Http404
        at = timezone.now()
        form = RotateForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                lines = idempotency.run(
                    lambda: rotating.rotate(
                        collection_id=one.pk, actor=staff(request), at=at, **form.cleaned_data
                    )
                )
            except Refusal as refusal:
                idempotency.settle(refusal)
                form.add_error(None, str(refusal))
            else:
                title = ngettext("%(n)d dial to turn", "%(n)d dials to turn", len(lines))
                return self.show_page(
                    request, "admin/access/advanced.html", title=title % {"n": len(lines)},
                    lines=lines, reason=form.cleaned_data["reason"], back=self.page_of(one),
                )  # fmt: skip
        steps = rotating.plan(one.pk, at)
        return self.show_page(
            request, "admin/maintenance/collection_rotate.html", title=_now("Next combinations"),
            one=one, form=form, steps=[step for step in steps if step.before != step.after],
            left=[step for step in steps if step.before == step.after],
            expected=combinations.fingerprint(steps), back=self.page_of(one),
        )  # fmt: skip

    @action(description=_("Close"), url_path="close", icon="task_alt")  # type: ignore[untyped-decorator]  # unfold brings no types
    def close_collection(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Close it: who is not cleared is stopped until then."""
        one: Collection = self.reachable(request, object_id, OPERATE)
        return self.form_page(
            request, one, title=_now("Close the collection"), button=_now("Close"),
            form=CloseForm(request.POST or None),
            note=_now("Whoever is not cleared gets no locker and opens none until somebody clears"
                      " them. Damage that is charged to nobody stops nobody."),
            do=lambda form: closing.close(
                collection_id=one.pk, actor=staff(request), at=timezone.now(),
                **form.cleaned_data,
            ),
            done=lambda report: _now("Closed: %(cleared)d of %(lockers)d are cleared.")
            % report["total"],
        )  # fmt: skip
