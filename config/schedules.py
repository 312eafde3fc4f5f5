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
    Job("end what was opened for the last time", "occupancy.jobs.finish_opened", minutes=1),
    Job("let go whose last day is over", "access.jobs.leave_due", minutes=5),
    Job("empty what leavers hold", "occupancy.jobs.recover_leavers", minutes=5),
    Job("empty what was not given back", "occupancy.jobs.recover", minutes=1),
    Job("warn before the end", "occupancy.jobs.warn", minutes=1),
    Job("settle ends of day", "occupancy.jobs.settle_days", minutes=1),
    Job("look through lost property", "occupancy.jobs.propose_disposal", minutes=60),
    Job("offer what is waited for", "occupancy.jobs.offer_waiting", minutes=1),
    Job("end bookings nobody came for", "occupancy.jobs.release_no_shows", minutes=1),
    Job("end closures that are over", "occupancy.jobs.end_closures", minutes=1),
    Job("move bookings whose door is not free", "occupancy.jobs.move_bookings", minutes=1),
    Job("withdraw what bridges did not take down", "occupancy.jobs.withdraw_unkept", minutes=1),
    Job("book what repeats", "occupancy.jobs.book_series", minutes=60),
    Job("make tickets of what locks say", "maintenance.jobs.triage", minutes=1),
    Job("escalate overdue tickets", "maintenance.jobs.escalate", minutes=5),
    Job("plan rounds", "maintenance.jobs.plan_rounds", minutes=10),
    Job("send letters", "access.jobs.send_notices", minutes=1),
    Job("remind of overdue keys", "access.jobs.remind_keys", minutes=15),
    Job("end visits and access that are over", "access.jobs.end_access", minutes=5),
    Job("end roles that are over", "access.jobs.end_roles", minutes=5),
    Job("settle commands", "lockers.jobs.settle_commands", minutes=1),
    Job("settle questions to bridges", "lockers.jobs.settle_inquiries", minutes=1),
    Job("say which parts run out", "maintenance.jobs.tell_of_parts", minutes=60),
    Job("forecast batteries", "maintenance.jobs.forecast_batteries", minutes=24 * 60),
    Job("forget photos of no ticket", "maintenance.jobs.forget_photos", minutes=24 * 60),
    Job("forget wishes of years long over", "occupancy.jobs.forget_wishes", minutes=24 * 60),
    Job("forget old answers", "audit.jobs.purge_answers", minutes=24 * 60),
    Job("forget old wrong PINs", "access.jobs.purge_throttles", minutes=60),
    Job("forget old scans", "kiosk.jobs.purge_scans", minutes=60),
    Job("shut doors of banks that go", "maintenance.jobs.close_doors", minutes=1),
    Job("warn of warranties that end", "maintenance.jobs.warn_of_warranties", minutes=6 * 60),
    Job("remind of collections", "maintenance.jobs.remind_of_collections", minutes=15),
    Job("send links to sign in on a phone", "kiosk.jobs.send_sign_ins", minutes=1),
    Job("end phones of who may not go on", "kiosk.jobs.end_phones", minutes=5),
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
