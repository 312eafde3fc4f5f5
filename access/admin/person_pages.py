"""Forms that staff fill in on the page of a person, and the PINs they hand over there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from access.choices import CARRIED, CredentialStatus
from access.forms import LostForm, PinForm, RecoveryPinForm, TemporaryPinForm
from access.models import Person
from access.services import credentials, pins
from access.services.pins import Lent
from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from lockers.importing.pages import ScopedImportExport


class PersonPages(ScopedImportExport):
    """What can be done for one person: a form each, for who manages one of their sites."""

    # For ``actions_detail``.
    pin_pages: ClassVar[dict[str, Any]] = {
        "title": _("PIN and lost badge"),
        "items": ["set_pin", "temporary_pin", "recovery_pin", "badge_lost"],
    }

    def _reachable(self, request: HttpRequest, pk: object) -> Person:
        person: Person | None = (
            self.get_queryset(request).select_related("organisation").filter(pk=pk).first()
        )
        if person is None or not self.has_change_permission(request, person):
            raise Http404
        return person

    def after(self, request: HttpRequest, person: Person) -> str:
        """Return where a form of this person leads back to."""
        return reverse("admin:access_person_change", args=[person.pk])

    def _form(
        self,
        request: HttpRequest,
        person: Person,
        title: str,
        form: Form,
        issue: Callable[[Any], object],
        intro: str = "",
    ) -> HttpResponse:
        """Show a form and do what it asks for; a PIN that this makes is shown on the answer."""
        done: object = None
        if request.method == "POST" and form.is_valid():
            try:
                done = issue(form)
            except Refusal as refusal:
                idempotency.settle(refusal)
                form.add_error(None, str(refusal))
            else:
                if isinstance(done, HttpResponse):
                    return done
                if not isinstance(done, Lent):
                    messages.success(request, _now("Done."))
                    return HttpResponseRedirect(self.after(request, person))
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "subtitle": str(person),
            "intro": intro,
            "form": form,
            "opts": self.opts,
            "back": self.after(request, person),
        }
        if not isinstance(done, Lent):
            return render(request, "admin/access/person_form.html", context)
        shown = " ".join(done.pin[at : at + 4] for at in range(0, len(done.pin), 4))
        answer = render(
            request, "admin/access/lent_pin.html", {**context, "pin": shown, "lent": done}
        )
        # Shown this once: neither the browser nor anything between may keep it.
        answer["Cache-Control"] = "no-store"
        return answer

    @action(description=_("Set a PIN"), url_path="set-pin")  # type: ignore[untyped-decorator]  # unfold brings no types
    def set_pin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take a new PIN for somebody."""
        person = self._reachable(request, object_id)
        return self._form(
            request, person, _now("Set a PIN"),
            PinForm(request.POST or None, least=person.organisation.pin_length),
            lambda form: pins.set_pin(
                person=person, pin=form.cleaned_data["pin"], at=timezone.now(),
                actor=Actor.staff(request.user.pk or 0),
            ),
        )  # fmt: skip

    @action(description=_("Temporary PIN"), url_path="temporary-pin")  # type: ignore[untyped-decorator]  # unfold brings no types
    def temporary_pin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a PIN that is over by itself."""
        person = self._reachable(request, object_id)
        return self._form(
            request, person, _now("Temporary PIN"), TemporaryPinForm(request.POST or None),
            lambda form: pins.lend_temporary(
                person=person, valid_until=form.cleaned_data["ends_at"], at=timezone.now(),
                actor=Actor.staff(request.user.pk or 0),
            ),
            intro=_now(
                "The PIN is shown once, on the next page. Its owner can change it into one of"
                " their own at the screen."
            ),
        )  # fmt: skip

    @action(description=_("Recovery PIN"), url_path="recovery-pin")  # type: ignore[untyped-decorator]  # unfold brings no types
    def recovery_pin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a PIN that works once, instead of a lost badge."""
        person = self._reachable(request, object_id)
        return self._form(
            request, person, _now("Recovery PIN"), RecoveryPinForm(request.POST or None),
            lambda form: pins.lend_recovery(
                person=person, at=timezone.now(), actor=Actor.staff(request.user.pk or 0),
            ),
            intro=_now(
                "For somebody without their badge. Look at their identity card first. The PIN is"
                " shown once, on the next page; it works once, within 24 hours, and wrong PINs"
                " typed so far are forgotten."
            ),
        )  # fmt: skip

    @action(description=_("Badge lost"), url_path="badge-lost")  # type: ignore[untyped-decorator]  # unfold brings no types
    def badge_lost(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Suspend the one that is lost, and offer a recovery PIN."""
        person = self._reachable(request, object_id)
        carried = person.credentials.filter(kind__in=CARRIED, status=CredentialStatus.ACTIVE)

        def lose(form: Any) -> HttpResponse:
            credentials.set_status(
                credential=form.cleaned_data["credential"],
                status=CredentialStatus.SUSPENDED,
                actor=Actor.staff(request.user.pk or 0),
                at=timezone.now(),
                reason="lost",
            )
            messages.success(
                request, _now("It opens nothing any more. Everything else of this person works.")
            )
            return HttpResponseRedirect(
                reverse("admin:access_person_recovery_pin", args=[person.pk])
            )

        return self._form(
            request, person, _now("Badge lost"), LostForm(request.POST or None, carried=carried),
            lose,
            intro=_now(
                "Only what is lost is suspended. It can be reinstated when it is found. Next, you"
                " can hand out a recovery PIN, and later a new badge."
            ),
        )  # fmt: skip
