"""Word to the apps on the right: ids of durable rows; a sweep catches what is missed."""

from __future__ import annotations

from django.dispatch import Signal

# event_id: the LockEvent that was just committed.
lock_event_stored = Signal()
