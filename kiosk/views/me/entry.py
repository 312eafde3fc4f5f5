"""Getting in on a phone and out again. What is answered to an address says nothing about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from access.models import User
from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from kiosk import phones
from kiosk.errors import SignInOver
from kiosk.forms import AddressForm
from kiosk.phones import PhoneRequest, signed_in
from kiosk.services.me import sessions, sign_ins


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for the address, and send the letter."""
    at = timezone.now()
    goes_to = phones.safe(request.POST.get("next") or request.GET.get("next", ""))
    if request.method != "POST":
        if phones.session_of(request, at) is not None:
            return phones.private(HttpResponseRedirect(goes_to or reverse("me")))
        return _ask(request, AddressForm(), goes_to)
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _ask(request, form, goes_to, status=400)
    try:
        asked = sign_ins.ask(
            address=form.cleaned_data["address"],
            client=get_adapter().get_client_ip(request),
            goes_to=goes_to,
            at=at,
        )
    except Refusal as refusal:
        form.add_error(None, str(refusal))
        return _ask(request, form, goes_to, status=refusal.http_status)
    told = urlencode({"ask": asked.pk, "next": goes_to})
    return phones.private(HttpResponseRedirect(f"{reverse('me-code')}?{told}"))


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Say that a letter is on its way, and take its code."""
    goes_to = phones.safe(request.POST.get("next") or request.GET.get("next", ""))
    asked = request.POST.get("ask") or request.GET.get("ask", "")
    refused = ""
    if request.method == "POST":
        typed = request.POST.get("code", "")[:40]
        done = _try(lambda: sign_ins.by_code(asked_id=_id(asked), code=typed, at=timezone.now()))
        if isinstance(done, str):
            return _in(done, goes_to)
        refused = str(done)
    facts = {
        "ask": asked,
        "next": goes_to,
        "refused": refused,
        "minutes": int(sign_ins.LASTS.total_seconds() // 60),
    }
    return phones.private(render(request, "me/code.html", facts, status=400 if refused else 200))


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, link: str) -> HttpResponse:
    """Use the link of a letter, by a button: programs that look at letters press none."""
    at = timezone.now()
    try:
        asked = sign_ins.good_link(link, at)
    except SignInOver as refusal:
        return _over(request, refusal)
    if request.method == "POST":
        done = _try(lambda: sign_ins.by_link(link=link, at=at))
        return _in(done, asked.goes_to) if isinstance(done, str) else _over(request, done)
    return _confirm(request, _("Open your lockers on this phone"), asked.to)


@require_http_methods(["GET", "HEAD", "POST"])
def visit(request: HttpRequest, link: str) -> HttpResponse:
    """Let a visitor in by the link of their visit, for as long as that lasts."""
    at = timezone.now()
    try:
        found = sign_ins.visit_by(link, at)
    except SignInOver as refusal:
        return _over(request, refusal)
    if request.method == "POST":
        done = _try(lambda: sign_ins.by_visit(link=link, at=at))
        return _in(done, "") if isinstance(done, str) else _over(request, done)
    return _confirm(request, _("Your visit at %(site)s") % {"site": found.site}, str(found.visitor))


@require_POST
def log_in(request: HttpRequest) -> HttpResponse:
    """Let the person of a log-in in."""
    goes_to = phones.safe(request.POST.get("next", ""))
    user = request.user
    if not isinstance(user, User):
        return phones.private(HttpResponseRedirect(reverse("me-in")))
    done = _try(lambda: sign_ins.by_log_in(user=user, at=timezone.now()))
    return _in(done, goes_to) if isinstance(done, str) else _over(request, done)


@require_POST
@signed_in
def out(request: PhoneRequest) -> HttpResponse:
    """Sign this phone out, or every phone of the person."""
    actor = Actor.person(request.phone.person_id)
    if request.POST.get("all"):
        sessions.end_all(person_id=request.phone.person_id, actor=actor, at=request.at)
    else:
        sessions.end(session=request.phone, actor=actor, at=request.at)
    messages.success(request, _("You are signed out."))
    response = HttpResponseRedirect(reverse("me-in"))
    phones.forget(response)
    return response


@require_POST
@signed_in
def switch(request: PhoneRequest) -> HttpResponse:
    """Be another person of the same address."""
    wanted = request.POST.get("person", "")
    person_id = int(wanted) if wanted.isdecimal() and len(wanted) < 18 else 0
    done = _try(lambda: sessions.switch(session=request.phone, person_id=person_id, at=request.at))
    return _in(done, "") if isinstance(done, str) else _over(request, done)


def _try(work: Callable[[], str]) -> str | Refusal:
    """Return the token of a new session, or why there is none; what is to be kept is kept."""
    try:
        return idempotency.run(work)
    except Refusal as refusal:
        idempotency.settle(refusal)
        return refusal


def _in(token: str, goes_to: str) -> HttpResponse:
    response = HttpResponseRedirect(goes_to or reverse("me"))
    phones.remember(response, token)
    return phones.private(response)


def _ask(request: HttpRequest, form: AddressForm, goes_to: str, status: int = 200) -> HttpResponse:
    user = request.user
    person = sign_ins.person_of(user) if isinstance(user, User) else None
    facts = {"form": form, "next": goes_to, "person": person}
    return phones.private(render(request, "me/sign_in.html", facts, status=status))


def _confirm(request: HttpRequest, title: str, who: str) -> HttpResponse:
    return phones.private(render(request, "me/confirm.html", {"title": title, "who": who}))


def _over(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    facts = {"refused": str(refusal)}
    return phones.private(render(request, "me/over.html", facts, status=refusal.http_status))


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise SignInOver from error
