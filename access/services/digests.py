"""What is stored of a badge, a code or a personal number: made with its organisation's own key."""

from __future__ import annotations

from django.conf import settings

from access import hashing


def key_of(organisation_id: int) -> bytes:
    """Return the key of an organisation; its bridges are given the same."""
    return hashing.organisation_key(settings.BADGE_KEY, organisation_id)


def of(organisation_id: int, canonical: str) -> str:
    """Return what an organisation stores of a canonical key."""
    return hashing.badge_digest(key_of(organisation_id), canonical)
