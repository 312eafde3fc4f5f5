"""On the page of a site: the forms of a school, and what is handed out to them."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now

from access.models import RegistrationGroup
from lockers.admin import panels
from lockers.models import Site
from lockers.scoping import OPERATE, VIEW, sites_of


def of_site(request: HttpRequest, site: Site) -> SafeString | str:
    """Lead to the forms of a school and their lists, for whoever may."""
    if not sites_of(request.user, VIEW).filter(pk=site.pk).exists():
        return ""
    if not RegistrationGroup.objects.filter(site=site).exists():
        return ""
    found = [(reverse("forms"), _now("Forms and their lockers"))]
    if sites_of(request.user, OPERATE).filter(pk=site.pk).exists():
        found.append((reverse("hand-outs", args=[site.pk]), _now("List to hand out")))
    links = format_html_join(" · ", '<a class="text-primary-600 underline" href="{}">{}</a>', found)
    return format_html('<p class="mt-4"><strong>{}</strong><br>{}</p>', _now("School"), links)


panels.add(Site, of_site)
