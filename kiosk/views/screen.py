"""The page of a terminal, and how a browser becomes one."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from kiosk import authentication, flow, selectors
from kiosk.authentication import Here
from kiosk.forms import EnrolForm
from kiosk.models import Terminal
from kiosk.views import words
from lockers.models import Organisation
from lockers.services import enrolment
from maintenance.reportable import BY_PEOPLE


@require_GET
@never_cache
def screen(request: HttpRequest) -> HttpResponse:
    """Show the kiosk to an enrolled terminal, and the enrolment to any other browser."""
    token = authentication.token_of(request)
    here = authentication.resolve(token)
    # A link with a code enrols this browser anew, also when it is a terminal already.
    if here is None or request.GET.get("code"):
        code = request.GET.get("code", "")
        form = EnrolForm(initial={"code": code})
        was_here = bool(token) and here is None
        return render(
            request,
            "kiosk/enrol.html",
            {"form": form, "was_enrolled": was_here, "code": code, "here": here},
        )
    facts = {"here": here, "given": _given(here), "kinds": BY_PEOPLE.items()}
    response = render(request, "kiosk/screen.html", facts)
    if request.COOKIES.get(authentication.COOKIE):
        authentication.remember(request, response, token)
    return response


# No cookie decides here: the one-time code in the body is the whole authority. A form on another
# site cannot enrol this browser either, because browsers say where a request comes from.
@csrf_exempt
@require_POST
@never_cache
def enrol(request: HttpRequest) -> HttpResponse:
    """Exchange the one-time code for the terminal's cookie."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return HttpResponseForbidden()
    at = timezone.now()
    form = EnrolForm(request.POST)
    if form.is_valid():
        try:
            with transaction.atomic():
                terminal, token = enrolment.redeem(
                    model=Terminal, code=form.cleaned_data["code"], at=at
                )
                enrolment.record_enrolled(
                    subject=f"terminal:{terminal.pk}",
                    site=terminal.bank.site,
                    actor=Actor.terminal(terminal.pk),
                    at=at,
                )
        except Refusal as refusal:
            idempotency.settle(refusal)
            form.add_error("code", str(refusal))
        else:
            response = redirect("kiosk")
            authentication.remember(request, response, token)
            return response
    return render(request, "kiosk/enrol.html", {"form": form}, status=400)


def _pin_length(here: Here) -> int:
    return Organisation.objects.values_list("pin_length", flat=True).get(pk=here.organisation_id)


def _given(here: Here) -> dict[str, object]:
    """Return what the page's script needs to know."""
    at = timezone.now()
    return {
        "bank": {"id": here.bank_id, "name": here.bank, "directions": here.directions},
        "time_zone": here.time_zone,
        "readers": [
            {"prefix": r.prefix, "suffix": r.suffix, "length": r.length} for r in here.readers
        ],
        "flow": flow.table(),
        "drawing": selectors.drawing(here, at),
        "state": selectors.snapshot(here, at),
        "words": words.of_the_page(_pin_length(here)),
        "title": _("Lockers"),
    }
