"""What the pages of the key desk have in common: who may use them, and one form each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _now

from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from lockers.models import Site
from lockers.scoping import SiteScopedAdmin

OPERATE, VIEW_COMBINATION = "lockers.operate_site", "lockers.view_combination"


def staff(request: HttpRequest) -> Actor:
    """Return who is logged in, for the trail."""
    return Actor.staff(user_id(request))


def local(instant: dt.datetime, site: Site) -> str:
    """Write an instant as the clocks of a site show it."""
    return date_format(instant.astimezone(site.zone), "DATETIME_FORMAT")


def user_id(request: HttpRequest) -> int:
    """Return the number of who is logged in."""
    assert request.user.pk is not None  # the administration asks for a log-in
    return request.user.pk


class Desk(SiteScopedAdmin):
    """Rows with verbs: each verb has its right, its own small page, and is refused politely."""

    change_form_outer_before_template = "admin/access/verbs.html"
    # Verb of ``actions_detail`` to the right it takes.
    verb_rights: dict[str, str] = {}

    def verbs_for(self, obj: Any) -> set[str]:
        """Return the verbs that make sense for a row as it is."""
        return set(self.verb_rights)

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[Any]:
        """Offer the verbs that would work: right person, right state."""
        offered: list[Any] = super().get_actions_detail(request, object_id)
        obj = self.get_queryset(request).filter(pk=object_id).first()
        if obj is None:
            return []
        verbs = {
            verb
            for verb in self.verbs_for(obj)
            if self._holds(request, self.verb_rights[verb], obj)
        }
        return [one for one in offered if any(one.action_name.endswith(f"_{v}") for v in verbs)]

    def reachable(self, request: HttpRequest, pk: object, right: str = OPERATE) -> Any:
        """Return a row on which the user holds a right; anything else is not there."""
        try:
            obj = self.get_queryset(request).filter(self.rows(request.user, right), pk=pk).first()
        except (ValueError, ValidationError):
            obj = None
        if obj is None or not self._holds(request, right, obj):
            raise Http404
        return obj

    def page_of(self, obj: Any) -> str:
        """Return the address of a row's page."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk])

    def form_page(
        self,
        request: HttpRequest,
        obj: Any,
        *,
        title: str,
        form: Form,
        do: Callable[[Any], Any],
        done: Callable[[Any], str | list[str]] | None = None,
        then: Callable[[Any], HttpResponse | None] | None = None,
        button: str = "",
        **context: Any,
    ) -> HttpResponse:
        """Show a form, or do what it says and go back to the row's page, or where ``then`` says."""
        if request.method == "POST" and form.is_valid():
            try:
                outcome = idempotency.run(lambda: do(form))
            except Refusal as refusal:
                idempotency.settle(refusal)
                form.add_error(None, str(refusal))
            else:
                said = done(outcome) if done is not None else _now("Done.")
                for sentence in [said] if isinstance(said, str) else said:
                    messages.success(request, sentence)
                if then is not None and (answer := then(outcome)) is not None:
                    return answer
                return HttpResponseRedirect(self.page_of(obj))
        return self.show_page(
            request, "admin/access/key_form.html", title=title, form=form, subtitle=str(obj),
            button=button or _now("Save"), back=self.page_of(obj), **context,
        )  # fmt: skip

    def show_page(
        self, request: HttpRequest, template: str, *, form: Form | None = None, **context: Any
    ) -> HttpResponse:
        """Draw a page of the administration around something of ours."""
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media if form is not None else self.media,
            "has_signature": form is not None and "drawn" in form.fields,
            **context,
        }
        return render(request, template, whole)
