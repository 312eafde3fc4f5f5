"""What makes the pages an app on a phone: its manifest, its worker and the page for no line."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe


@require_safe
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """Say what the app is called and how it looks."""
    told = {
        "id": reverse("me"),
        "name": _("My lockers"),
        "short_name": _("Lockers"),
        "start_url": reverse("me"),
        "scope": reverse("me"),
        "display": "standalone",
        "background_color": "#f6f7f5",
        "theme_color": "#0b6e4f",
        "icons": [
            {"src": static("me/icon.svg"), "sizes": "any", "type": "image/svg+xml",
             "purpose": "any maskable"},
            {"src": static("me/icon-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": static("me/icon-512.png"), "sizes": "512x512", "type": "image/png"},
        ],
    }  # fmt: skip
    return JsonResponse(told, content_type="application/manifest+json")


@require_safe
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    """Return the worker; it serves what was read last when the line is cut."""
    return render(request, "me/worker.js", content_type="text/javascript")


@require_safe
@cache_control(max_age=3600)
def away(request: HttpRequest) -> HttpResponse:
    """Show what is shown when the line is cut and nothing was read before."""
    return render(request, "me/away.html")
