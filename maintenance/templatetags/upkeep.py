"""What the pages of technicians, and of those who report something, say in more than one place."""

from __future__ import annotations

import uuid
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def named(user: Any) -> str:
    """Return how somebody is called, else the name of their log-in."""
    return str(user.get_full_name() or user.get_username())


@register.simple_tag
def once() -> SafeString:
    """Return the hidden field by which a form that is sent twice does its work once."""
    return format_html('<input type="hidden" name="key" value="{}">', uuid.uuid4())
