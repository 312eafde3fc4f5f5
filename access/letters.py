"""Letters in words, made when they are sent: a subject, a text and a page for each kind."""

from __future__ import annotations

import zoneinfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from access.models import Notice, User


def letter(notice: Notice) -> EmailMultiAlternatives:
    """Return a letter in words, as text and as a page."""
    facts = {
        "notice": notice,
        "site": notice.site,
        "request": notice.request,
        "visit": notice.visit,
        "link": _link(notice),
    }
    with timezone.override(zoneinfo.ZoneInfo(notice.site.time_zone)):
        subject = render_to_string(f"emails/{notice.kind}_subject.txt", facts)
        text = render_to_string(f"emails/{notice.kind}_body.txt", facts)
        page = render_to_string(f"emails/{notice.kind}_body.html", facts)
    # A name with a line break in it must not become a header.
    mail = EmailMultiAlternatives(" ".join(subject.split()), text, None, [notice.to])
    mail.attach_alternative(page, "text/html")
    return mail


def _link(notice: Notice) -> str:
    if notice.request is None:
        return ""
    # Who asked at a screen has no log-in, and needs no page that asks for one.
    if not User.objects.filter(email__iexact=notice.to).exists():
        return ""
    path = reverse("access-request", args=[notice.request.pk])
    return str(settings.PUBLIC_URL).rstrip("/") + path
