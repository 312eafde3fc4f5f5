"""Word to the apps on the right: ids of durable rows; a sweep catches what is missed."""

from __future__ import annotations

from django.dispatch import Signal

# request_id: the LockChangeRequest that was just committed.
lock_change_requested = Signal()
# person_ids: who has left, just committed; the sweep is access.jobs.
person_left = Signal()
# person_ids: who was suspended, just committed; the sweep is that of person_left.
person_suspended = Signal()
# person_ids: visitors who left before their visit was over; the sweep is that of person_left.
visitor_left = Signal()
# person_ids, site_id (None: everywhere), at: who may not go on from now on. Sent in the
# transaction that says so: whatever dies afterwards, nothing of theirs is freed by its time.
person_stopped = Signal()
# person_id, was_until, until (None: not known any more), at: somebody's last day is a later one.
# Sent when it is saved, by one or by an import.
last_day_moved = Signal()
# person_id, site_id, was_until, until, actor, at: a visit lasts longer. Sent in its transaction, so
# that no locker ends with a visit that does not.
visit_extended = Signal()
