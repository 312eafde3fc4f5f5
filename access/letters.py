"""Letters in words, made when they are sent: a subject, a text and a page for each kind."""

from __future__ import annotations

import zoneinfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from access.choices import NoticeKind
from access.models import Notice, User


def letter(notice: Notice) -> EmailMultiAlternatives:
    """Return a letter in words, as text and as a page."""
    facts = {
        "notice": notice,
        "site": notice.site,
        "request": notice.request,
        "visit": notice.visit,
        "holding": notice.holding,
        "is_holder": notice.holding is not None
        and notice.holding.person.email.lower() == notice.to.lower(),
        "counted": notice.counted,
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
    if notice.request is not None:
        path = reverse("access-request", args=[notice.request.pk])
    elif notice.holding is not None:
        path = reverse("admin:access_key_change", args=[notice.holding.key_id])
    elif notice.kind == NoticeKind.KEYS_TO_COUNT:
        path = f"{reverse('admin:access_keycount_count')}?site={notice.site_id}"
    else:
        return ""
    # Who asked at a screen or has a key has no log-in, and needs no page that asks for one.
    if not User.objects.filter(email__iexact=notice.to).exists():
        return ""
    return str(settings.PUBLIC_URL).rstrip("/") + path
