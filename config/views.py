"""The front door: where to go, and whether the server is well."""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from access.models import User
from config.setup import codes
from occupancy.selectors import forms


def home(request: HttpRequest) -> HttpResponse:
    """Show where to go: set-up while there is nothing yet, the cabinet in a demonstration."""
    cabinet = f"http://127.0.0.1:{int(request.get_port()) + 1}/" if settings.DEMO else ""
    facts = {
        "demo": settings.DEMO,
        "empty": codes.is_empty(),
        "cabinet": cabinet,
        "is_tutor": isinstance(request.user, User) and forms.is_tutor(request.user),
    }
    return render(request, "home.html", facts)


def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers, 503 when it does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "the database does not answer"}, status=503)
    return JsonResponse({"status": "ok"})
