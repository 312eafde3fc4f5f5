"""The set-up of an empty installation, page by page. Afterwards there is nothing here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from config.setup import codes, creation, review, steps
from config.setup.forms import CodeForm
from config.setup.steps import BY_SLUG, STEPS

_View = Callable[..., HttpResponse]


def _only_while_empty(view: _View) -> _View:
    """Answer 404 to everyone as soon as the installation is set up."""

    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not codes.is_empty():
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@_only_while_empty
def start(request: HttpRequest) -> HttpResponse:
    """Ask for the set-up code."""
    if steps.is_admitted(request.session):
        return _go_on(request)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        steps.admit(request.session)
        return _go_on(request)
    return render(request, "setup/start.html", {"form": form}, status=422 if form.errors else 200)


@sensitive_post_parameters("password", "again")
@_only_while_empty
def step(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the questions of one page and keep the answers."""
    if slug not in BY_SLUG:
        raise Http404
    if not steps.is_admitted(request.session):
        return redirect("setup")
    current = BY_SLUG[slug]
    place = STEPS.index(current)
    _answers, open_step = steps.checked(request.session)
    if open_step is not None and STEPS.index(open_step) < place:
        return redirect("setup-step", slug=open_step.slug)
    earlier = steps.before(request.session, current)
    if request.method == "POST":
        form = current.form(data=request.POST, answers=earlier)
        if form.is_valid():
            steps.keep(request.session, current, form)
            return _go_on(request)
    elif slug == "administrator":
        known = steps.kept(request.session, current)
        form = current.form(initial=known.dict() if known else None, answers=earlier)
    else:
        form = current.form(data=steps.kept(request.session, current), answers=earlier)
    context = {
        "form": form,
        "step": current,
        "number": place + 1,
        "steps": STEPS,
        "previous": STEPS[place - 1] if place else None,
    }
    return render(request, "setup/step.html", context, status=422 if form.errors else 200)


@_only_while_empty
def finish(request: HttpRequest) -> HttpResponse:
    """Show all answers; on POST create everything and show the codes, once."""
    if not steps.is_admitted(request.session):
        return redirect("setup")
    answers, open_step = steps.checked(request.session)
    if open_step is not None:
        return redirect("setup-step", slug=open_step.slug)
    if request.method != "POST":
        context = {"sections": review.sections(answers), "steps": STEPS, "number": len(STEPS) + 1}
        return render(request, "setup/review.html", context)
    made = creation.create(answers=answers, at=timezone.now())
    if made is None:
        raise Http404  # somebody else finished first
    steps.forget(request.session)
    login(
        request, made.administrator, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    UserSession.objects.create_from_request(request)
    server = request.build_absolute_uri("/").rstrip("/")
    return render(request, "setup/done.html", {"made": made, "server": server})


def _go_on(request: HttpRequest) -> HttpResponse:
    """Lead to the first page that is not answered, or to the review."""
    _answers, open_step = steps.checked(request.session)
    if open_step is None:
        return redirect("setup-review")
    return redirect("setup-step", slug=open_step.slug)
