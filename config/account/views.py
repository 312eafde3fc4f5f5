"""Ending one session of one's own."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from access.services import sessions
from audit.services.events import Actor


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """End one session; the one that asks is logged out like by the button for it."""
    session = get_object_or_404(UserSession, pk=session_id, user=request.user)
    assert request.user.pk is not None  # the decorator asks for a log-in
    if session.session_key == request.session.session_key:
        session.delete()
        logout(request)
        return redirect("account_login")
    sessions.end(sessions=[session], actor=Actor.staff(request.user.pk), at=timezone.now())
    messages.success(request, _("That session is logged out."))
    return redirect("usersessions_list")
