"""Letters in words, made when they are sent: a subject, a text and a page for each kind."""

from __future__ import annotations

import contextlib
import datetime as dt
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from access.choices import NoticeKind
from access.models import Notice, User


@dataclass(frozen=True)
class Words:
    """A letter in words: what it says in one line, as a text, and as a page."""

    subject: str
    text: str
    page: str


def words(notice: Notice) -> Words:
    """Return what a letter says, in the site's own time."""
    facts = {
        "notice": notice,
        "facts": {name: _instant(value) for name, value in notice.facts.items()},
        "site": notice.site,
        "person": notice.person,
        "request": notice.request,
        "visit": notice.visit,
        "holding": notice.holding,
        "is_holder": is_holder(notice),
        "counted": notice.counted,
        "link": _link(notice),
    }
    with timezone.override(zoneinfo.ZoneInfo(notice.site.time_zone)):
        subject = render_to_string(f"emails/{notice.kind}_subject.txt", facts)
        text = render_to_string(f"emails/{notice.kind}_body.txt", facts)
        page = render_to_string(f"emails/{notice.kind}_body.html", facts)
    # A name with a line break in it must not become a header.
    return Words(" ".join(subject.split()), text, page)


def letter(notice: Notice) -> EmailMultiAlternatives:
    """Return a letter in words, as text and as a page."""
    said = words(notice)
    mail = EmailMultiAlternatives(said.subject, said.text, None, [notice.to])
    mail.attach_alternative(said.page, "text/html")
    return mail


# Where a letter leads whose pages an app on the right has: by its kind; "" for nowhere.
_leads: dict[str, Callable[[Notice], str]] = {}


def leads(kind: NoticeKind, path: Callable[[Notice], str]) -> None:
    """Let an app on the right say to which of its pages a letter of a kind leads."""
    _leads[kind.value] = path


def is_holder(notice: Notice) -> bool:
    """Say whether a letter goes to the very person it is about."""
    person = notice.holding.person if notice.holding is not None else notice.person
    return person is not None and person.email.lower() == notice.to.lower()


def _instant(value: Any) -> Any:
    """Return an instant that is kept as text for the templates to write in the site's time."""
    if isinstance(value, str) and value[4:5] == "-" and "T" in value:
        with contextlib.suppress(ValueError):
            return dt.datetime.fromisoformat(value)
    return value


def _link(notice: Notice) -> str:
    if notice.kind in _leads:
        path = _leads[notice.kind](notice)
        return str(settings.PUBLIC_URL).rstrip("/") + path if path else ""
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
