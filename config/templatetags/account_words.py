"""Words for the pages of one's log-in."""

from __future__ import annotations

from django import template

from config.account import devices

register = template.Library()


@register.filter
def device(user_agent: str) -> str:
    """Say which browser on which system it is."""
    return devices.described(user_agent)
