"""Word to the apps on the right: ids of durable rows; a sweep catches what is missed."""

from __future__ import annotations

from django.dispatch import Signal

# event_ids: the LockEvents that were just committed together.
lock_events_stored = Signal()
