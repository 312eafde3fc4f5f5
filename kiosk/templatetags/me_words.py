"""What the pages on a phone say in more than one place."""

from __future__ import annotations

import datetime as dt
import uuid

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from access.models import Visit
from kiosk import untils
from kiosk.services.me import sign_ins, whys
from kiosk.services.me.histories import Past
from occupancy.models import Claim

register = template.Library()


@register.simple_tag
def once_key() -> SafeString:
    """Return the hidden field by which a form that is sent twice does its work once."""
    return format_html('<input type="hidden" name="key" value="{}">', uuid.uuid4())


@register.simple_tag
def visit_link(visit: Visit) -> str:
    """Return the whole address under which a visitor is let in on their own phone."""
    path = reverse("me-visit", args=[sign_ins.visit_link_of(visit)])
    return str(settings.PUBLIC_URL).rstrip("/") + path


@register.filter
def wait(expected: dt.timedelta) -> str:
    """Return about how long somebody waits, in one unit."""
    return untils.about(expected)


@register.filter
def check_in_from(booking: Claim) -> dt.datetime:
    """Return from when on a booking can be checked in to."""
    before = booking.policy.checks_in_before if booking.policy is not None else dt.timedelta(0)
    return booking.starts_at - before


@register.filter
def may_check_in(booking: Claim, at: dt.datetime) -> bool:
    """Say whether a booking can be checked in to now."""
    return check_in_from(booking) <= at


@register.filter
def window(booking: Claim) -> str:
    """Return from when to when a booking is, on the clock that is set; the grace is not told."""
    until = booking.due_at or booking.ends_at
    assert until is not None  # by constraint: a booking is for a window
    return _from_to(booking.starts_at, until, "D j M")


@register.filter
def lasted(past: Past) -> str:
    """Return from when to when something was had, on the clock that is set."""
    return _from_to(past.claim.starts_at, past.over_at, "D j M Y")


@register.filter
def skipped(why: str) -> str:
    """Return to the person why a time of theirs could not be had."""
    return whys.of(why)


def _from_to(begin: dt.datetime, end: dt.datetime, day: str) -> str:
    """Return two instants; the day of the second only where it is another one."""
    starts, ends = timezone.localtime(begin), timezone.localtime(end)
    last = date_format(ends, "H:i" if ends.date() == starts.date() else f"{day}, H:i")
    return f"{date_format(starts, f'{day}, H:i')} – {last}"
