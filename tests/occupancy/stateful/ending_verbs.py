"""What ends: recoveries step by step, ends of day, warnings, and all that the jobs do."""

from __future__ import annotations

from audit.services.events import Actor
from lockers.models import Command
from occupancy.models import DayEnd, LostItem
from occupancy.services.bookings import displacing
from occupancy.services.claims import sessions
from occupancy.services.custody import custody
from occupancy.services.ending import day_ends, leavers, lost_property, recovery, warnings
from occupancy.services.ending.lost_property import Found
from occupancy.services.queue import waiting
from tests.occupancy.stateful.verbs import verb
from tests.occupancy.stateful.world import World


@verb("use", often=3)
def begin_recovery(w: World, a: int, b: int, c: int) -> None:
    if use := w.use(b):
        recovery.begin(claim_id=use.pk, actor=w.staff, at=w.at, reason="test")


@verb("use")
def begin_due_recoveries(w: World, a: int, b: int, c: int) -> None:
    recovery.begin_due(at=w.at, aside=w.aside)


@verb("recovery", often=3)
def confirm_recovery(w: World, a: int, b: int, c: int) -> None:
    if found := w.recovery(b):
        recovery.confirm(recovery_id=found.pk, user_id=w.user(a), at=w.at)


@verb("recovery", often=4)
def open_recovery(w: World, a: int, b: int, c: int) -> None:
    if found := w.recovery(b):
        do = recovery.open_for if c % 2 else recovery.opened_by_key
        do(recovery_id=found.pk, user_id=w.user(a), at=w.at, reason="test")


@verb("recovery", often=3)
def say_what_was_inside(w: World, a: int, b: int, c: int) -> None:
    if found := w.recovery(b):
        recovery.empty(recovery_id=found.pk, found=bool(c % 2), actor=w.staff, at=w.at)


@verb("recovery", often=3)
def store_item(w: World, a: int, b: int, c: int) -> None:
    if found := w.recovery(b):
        thing = Found(what="Coat", stored_where="Shelf")
        lost_property.store_item(recovery_id=found.pk, found=thing, actor=w.staff, at=w.at)


@verb("recovery", often=3)
def close_recovery(w: World, a: int, b: int, c: int) -> None:
    if found := w.recovery(b):
        recovery.close(recovery_id=found.pk, actor=w.staff, at=w.at)


@verb("recovery")
def empty_and_close(w: World, a: int, b: int, c: int) -> None:
    if found := w.recovery(b):
        if found.takes_two:
            recovery.confirm(recovery_id=found.pk, user_id=w.estate.olga.pk, at=w.at)
        recovery.opened_by_key(
            recovery_id=found.pk, user_id=w.estate.max.pk, at=w.at, reason="test"
        )
        if custody.going_on(found.pk).emptied_at is None:
            recovery.empty(recovery_id=found.pk, found=False, actor=w.staff, at=w.at)
        recovery.close(recovery_id=found.pk, actor=w.staff, at=w.at)


@verb("recovery", often=2)
def call_off_recovery(w: World, a: int, b: int, c: int) -> None:
    if found := w.recovery(b):
        recovery.call_off(recovery_id=found.pk, actor=w.staff, at=w.at, reason="test")


@verb("item")
def dispose(w: World, a: int, b: int, c: int) -> None:
    if item := LostItem.objects.order_by("pk").first():
        lost_property.dispose(item_id=item.pk, how="charity", user_id=w.user(a), at=w.at)


@verb("stopped", often=3)
def recover_leavers(w: World, a: int, b: int, c: int) -> None:
    leavers.recover_all(at=w.at, aside=w.aside)
    for person in w.people:
        if not person.__class__.objects.filter(pk=person.pk, status="active").exists():
            waiting.drop(person_ids=[person.pk], at=w.at)


@verb("use")
def end_day(w: World, a: int, b: int, c: int) -> None:
    made = day_ends.plan(site=w.estate.site, reason="test", actor=w.staff, at=w.at)
    if a % 2:
        day_ends.go_on(day_end=made, actor=w.staff, at=w.at, aside=w.aside)


@verb("use")
def release_at_day_end(w: World, a: int, b: int, c: int) -> None:
    # Some doors opened, some did not.
    asked = Command.objects.filter(purpose="end_of_day", status="queued").order_by("pk")
    for place, command in enumerate(asked):
        Command.objects.filter(pk=command.pk).update(status=("opened", "failed")[place % 2])
    day_ends.settle_all(at=w.at, aside=w.aside)
    if made := DayEnd.objects.order_by("-pk").first():
        opened = made.doors.filter(result="success").values_list("pk", flat=True)
        day_ends.release(day_end=made, doors=list(opened), actor=w.staff, at=w.at)


@verb("use")
def warn(w: World, a: int, b: int, c: int) -> None:
    warnings.warn_due(at=w.at, aside=w.aside)
    warnings.tell_overdue(at=w.at, aside=w.aside)


@verb("booking")
def move_bookings(w: World, a: int, b: int, c: int) -> None:
    displacing.displace_due(w.at, aside=w.aside)


@verb("use")
def open_and_finish(w: World, a: int, b: int, c: int) -> None:
    if (use := w.use(b)) and use.holder_id:
        sessions.open_and_finish(
            claim_id=use.pk, person_id=use.holder_id, actor=Actor.person(use.holder_id), at=w.at
        )
        Command.objects.filter(claim_id=use.pk, status="queued").update(status="opened")


@verb("use")
def finish_opened(w: World, a: int, b: int, c: int) -> None:
    sessions.finish_opened(at=w.at, aside=w.aside)
