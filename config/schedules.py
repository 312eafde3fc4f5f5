"""The one list of what runs by itself, and how often."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction
from django_q.models import Schedule

# Ours are known by it; a schedule that somebody added by hand is left alone.
_OURS = "lockwright: "


@dataclass(frozen=True)
class Job:
    """A function and the minutes between two of its runs."""

    name: str
    function: str
    minutes: int


JOBS = [
    Job("end what is over", "occupancy.jobs.expire", minutes=1),
    Job("let go whose last day is over", "access.jobs.leave_due", minutes=5),
    Job("release what leavers hold", "occupancy.jobs.release_leavers", minutes=5),
    Job("send letters", "access.jobs.send_notices", minutes=1),
    Job("remind of overdue keys", "access.jobs.remind_keys", minutes=15),
    Job("end visits and access that are over", "access.jobs.end_access", minutes=5),
    Job("end roles that are over", "access.jobs.end_roles", minutes=5),
    Job("settle commands", "lockers.jobs.settle_commands", minutes=1),
    Job("forget old answers", "audit.jobs.purge_answers", minutes=24 * 60),
    Job("forget old wrong PINs", "access.jobs.purge_throttles", minutes=60),
    Job("forget old scans", "kiosk.jobs.purge_scans", minutes=60),
]


def sync() -> int:
    """Make the schedules of the job queue be exactly JOBS; return how many changed."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Two servers may start at once, and the table has no unique name.
            cursor.execute(f"LOCK TABLE {Schedule._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
        kept: set[int] = set()
        changed = 0
        for job in JOBS:
            wanted = {
                "func": job.function,
                "schedule_type": Schedule.MINUTES,
                "minutes": job.minutes,
                "repeats": -1,
            }
            same = Schedule.objects.filter(name=_OURS + job.name, **wanted).first()
            if same is None:
                same = Schedule.objects.create(name=_OURS + job.name, **wanted)
                changed += 1
            kept.add(same.pk)
        gone, _per_model = (
            Schedule.objects.filter(name__startswith=_OURS).exclude(pk__in=kept).delete()
        )
    return changed + int(gone)
