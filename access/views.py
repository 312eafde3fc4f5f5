"""Requests for access on pages of our own: opened by the link in a letter, decided after log-in."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from access.choices import RequestSource
from access.models import AccessRequest, User
from access.request_forms import AnswerForm, AskForm
from access.services import requests
from audit.errors import Refusal
from audit.services import idempotency
from audit.services.events import Actor
from lockers.scoping import MANAGE, OPERATE, sites_of


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)  # the pages ask for a log-in


def _found(request: HttpRequest, pk: int, *, to_decide: bool) -> AccessRequest:
    """Return a request that its reader may decide, or asked for; anything else is not there."""
    mine = Q(site__in=sites_of(request.user, MANAGE))
    if not to_decide:
        mine |= Q(asked_by=request.user.pk)
    rows = AccessRequest.objects.select_related("person", "site", "bank").filter(mine, pk=pk)
    found = rows.first()
    if found is None:
        raise Http404
    return found


@never_cache
@login_required
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a request, and to whoever may decide it the two buttons."""
    return _page(request, _found(request, pk, to_decide=False), AnswerForm())


def _page(
    request: HttpRequest, asked: AccessRequest, form: AnswerForm, status: int = 200
) -> HttpResponse:
    at = timezone.now()
    user = _user(request)
    decider = User.objects.filter(pk=asked.decided_by).first() if asked.decided_by else None
    is_waiting = requests.status_of(asked, at) == "requested"
    manages = sites_of(user, MANAGE).filter(pk=asked.site_id).exists()
    context = {
        "asked": asked,
        "state": requests.status_of(asked, at),
        "form": form,
        "decider": (decider.get_full_name() or decider.get_username()) if decider else "",
        "may_decide": is_waiting and manages and requests.may_decide(asked, user),
        "is_own": is_waiting and manages and not requests.may_decide(asked, user),
        "may_withdraw": is_waiting and asked.asked_by == user.pk,
    }
    return render(request, "access/request.html", context, status=status)


@never_cache
@login_required
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Give what is asked for."""
    return _decide(request, pk, is_yes=True)


@never_cache
@login_required
@require_POST
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Say no, with the reason."""
    return _decide(request, pk, is_yes=False)


def _decide(request: HttpRequest, pk: int, *, is_yes: bool) -> HttpResponse:
    asked = _found(request, pk, to_decide=True)
    form = AnswerForm(request.POST, needs_reason=not is_yes)
    if form.is_valid():
        verb = requests.approve if is_yes else requests.refuse
        reason = form.cleaned_data["reason"]
        try:
            verb(request=asked, user=_user(request), at=timezone.now(), reason=reason)
        except Refusal as refusal:
            idempotency.settle(refusal)
            form.add_error(None, str(refusal))
            asked.refresh_from_db()
            return _page(request, asked, form, refusal.http_status)
        return redirect("access-request", pk=asked.pk)
    return _page(request, asked, form, 400)


@never_cache
@login_required
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what one asked for oneself."""
    asked = _found(request, pk, to_decide=False)
    if asked.asked_by != request.user.pk:
        raise Http404
    form = AnswerForm()
    try:
        requests.withdraw(request=asked, actor=Actor.staff(_user(request).pk), at=timezone.now())
    except Refusal as refusal:
        idempotency.settle(refusal)
        form = AnswerForm({"reason": ""})
        form.add_error(None, str(refusal))
        asked.refresh_from_db()
        return _page(request, asked, form, refusal.http_status)
    return redirect("access-request", pk=asked.pk)


@never_cache
@login_required
def ask(request: HttpRequest) -> HttpResponse:
    """Ask on behalf of a visitor or contractor."""
    sites = sites_of(request.user, OPERATE).order_by("name")
    if not sites.exists():
        raise Http404
    initial = {name: request.GET[name] for name in ("person", "site") if name in request.GET}
    form = AskForm(request.POST or None, sites=sites, initial=initial)
    if request.method == "POST" and form.is_valid():
        user = _user(request)
        try:
            asked = requests.ask(
                **form.cleaned_data,
                source=RequestSource.WEB,
                actor=Actor.staff(user.pk),
                at=timezone.now(),
                user_id=user.pk,
            )
        except Refusal as refusal:
            idempotency.settle(refusal)
            form.add_error(None, str(refusal))
        else:
            return redirect("access-request", pk=asked.pk)
    status = 400 if form.errors else 200
    return render(request, "access/ask.html", {"form": form}, status=status)
