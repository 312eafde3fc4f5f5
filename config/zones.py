"""The administration speaks the local time of the sites of whoever looks at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware
from django.utils.translation import gettext as _

from lockers.scoping import VIEW, sites_of

_PAGES = ("/admin/", "/requests/")


@sync_and_async_middleware
def local_time(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Middleware: on staff's pages times are those of most of their sites.

    Both kinds, so that the screens' requests, which it lets pass, need no thread for it.
    """
    if iscoroutinefunction(get_response):

        async def there(request: HttpRequest) -> Any:
            if not request.path.startswith(_PAGES):
                return await get_response(request)
            with timezone.override(await sync_to_async(zone_of)(request)):
                return await get_response(request)

        return there

    def here(request: HttpRequest) -> Any:
        if not request.path.startswith(_PAGES):
            return get_response(request)
        with timezone.override(zone_of(request)):
            return get_response(request)

    return here


def zone_of(request: HttpRequest) -> str:
    """Return the time zone of most of the sites that somebody sees."""
    if not request.user.is_authenticated:
        return settings.TIME_ZONE
    found = (
        sites_of(request.user, VIEW)
        .order_by()
        .values_list("time_zone")
        .annotate(sites=Count("pk"))
        .order_by("-sites", "time_zone")
        .first()
    )
    return str(found[0]) if found else settings.TIME_ZONE


def label(request: HttpRequest) -> str:
    """Return what stands under the administration's name: whose times it tells."""
    if not request.user.is_authenticated:
        return ""
    name = timezone.get_current_timezone_name()
    return _("Times of %s") % name.split("/")[-1].replace("_", " ")
