"""Overdue keys and counts that are due: listed first, counted, and told once to each."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core import mail
from django.db.models import Q
from django.test import RequestFactory
from django.urls import reverse

from access import selectors
from access.choices import CountResult, NoticeKind
from access.labels import still_has
from access.models import Key, KeyHolding, Notice, Person, RoleAssignment, User
from access.roles import StaffRole
from access.services import key_reminders, keys, leaving, master_keys, notices
from audit.services.events import Actor
from config.menu import sidebar
from config.schedules import JOBS
from tests.access.cabinet import TYPED, Cabinet
from tests.admin_pages import signed_in
from tests.factories.cast import SETUP, Estate

HOUR = dt.timedelta(hours=1)
DESK, HOLDER = "desk@northwind.example", "amira@northwind.example"


@pytest.fixture
def cabinet(estate: Estate, at: dt.datetime) -> Cabinet:
    Person.objects.filter(pk=estate.amira.pk).update(email=HOLDER)
    estate.amira.refresh_from_db()
    User.objects.filter(pk=estate.olga.pk).update(email=DESK)
    RoleAssignment.objects.create(
        user=estate.olga, role=StaffRole.RECEPTION, site=estate.site, given_at=at
    )
    return Cabinet.build(estate, at)


@pytest.fixture
def late(cabinet: Cabinet, estate: Estate, at: dt.datetime) -> KeyHolding:
    """Amira has a key that is due an hour from now."""
    return keys.issue(
        key=cabinet.key, person=estate.amira, signature=TYPED, due_at=at + HOUR, at=at,
        actor=Actor.staff(estate.olga.pk),
    )  # fmt: skip


def count(estate: Estate, at: dt.datetime) -> None:
    due = master_keys.to_count(site=estate.site)
    out = set(KeyHolding.objects.filter(keys.OPEN).values_list("key_id", flat=True))
    master_keys.count_keys(
        site=estate.site, user_id=estate.olga.pk, at=at,
        results={k.pk: CountResult.OUT if k.pk in out else CountResult.SEEN for k in due},
    )  # fmt: skip


def told(kind: NoticeKind) -> list[str]:
    return sorted(Notice.objects.filter(kind=kind).values_list("to", flat=True))


def test_holder_and_reception_are_told_once_when_a_key_is_overdue(
    estate: Estate, at: dt.datetime, late: KeyHolding
) -> None:
    count(estate, at)
    assert key_reminders.remind_due(at=at) == 0
    assert key_reminders.remind_due(at=at + HOUR) == 2
    assert told(NoticeKind.KEY_OVERDUE) == [HOLDER, DESK]
    for later in (HOUR * 2, HOUR * 50):
        assert key_reminders.remind_due(at=at + later) == 0


def test_the_next_holder_who_is_late_is_told_again(
    cabinet: Cabinet, estate: Estate, at: dt.datetime, late: KeyHolding
) -> None:
    count(estate, at)
    key_reminders.remind_due(at=at + HOUR)
    actor = Actor.staff(estate.olga.pk)
    keys.return_(key=cabinet.key, actor=actor, at=at + 2 * HOUR)
    keys.issue(
        key=cabinet.key, person=estate.ben, signature=TYPED, actor=actor, at=at + 2 * HOUR,
        due_at=at + 3 * HOUR,
    )  # fmt: skip
    key_reminders.remind_due(at=at + 3 * HOUR)
    assert Notice.objects.filter(kind=NoticeKind.KEY_OVERDUE, holding__person=estate.ben).exists()


def test_the_letters_say_what_to_do_to_whom_and_a_key_that_is_back_needs_none(
    cabinet: Cabinet, estate: Estate, at: dt.datetime, late: KeyHolding
) -> None:
    count(estate, at)
    key_reminders.remind_due(at=at + HOUR)
    assert notices.send_due(at=at + HOUR) == 2
    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert letters[HOLDER].subject == f"Please bring back the key {cabinet.key}"
    assert "Please bring it to reception" in letters[HOLDER].body
    assert "/admin/" not in letters[HOLDER].body
    assert letters[DESK].subject == f"Overdue: the key {cabinet.key}, held by {estate.amira}"
    assert f"/admin/access/key/{cabinet.key.pk}/change/" in letters[DESK].body
    Notice.objects.update(sent_at=None)
    keys.return_(key=cabinet.key, actor=SETUP, at=at + HOUR)
    assert notices.send_due(at=at + 2 * HOUR) == 0


def test_without_a_reception_whoever_hands_out_keys_is_told(
    estate: Estate, at: dt.datetime, late: KeyHolding
) -> None:
    RoleAssignment.objects.all().delete()
    User.objects.filter(pk=estate.nina.pk).update(email="nina@elsewhere.example")
    assert key_reminders.desk_of(estate.site, at) == [DESK]


def test_a_count_that_is_due_is_told_once_and_again_after_the_next(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    assert key_reminders.remind_due(at=at) == 1
    assert key_reminders.remind_due(at=at + HOUR) == 0
    count(estate, at + HOUR)
    assert key_reminders.remind_due(at=at + dt.timedelta(days=30)) == 0
    assert key_reminders.remind_due(at=at + dt.timedelta(days=91)) == 1
    assert key_reminders.remind_due(at=at + dt.timedelta(days=92)) == 0
    assert told(NoticeKind.KEYS_TO_COUNT) == [DESK, DESK]
    notices.send_due(at=at + dt.timedelta(days=92))
    assert "were last counted on" in mail.outbox[-1].body


def test_a_master_key_that_stays_out_is_overdue_as_well(
    cabinet: Cabinet, estate: Estate, at: dt.datetime
) -> None:
    count(estate, at)
    release = master_keys.request_release(
        key=cabinet.master, person=estate.amira, reason="audit", user_id=estate.olga.pk, at=at
    )
    master_keys.confirm_release(
        release_id=release.pk, signature=TYPED, user_id=estate.max.pk, at=at
    )
    key_reminders.remind_due(at=at + 13 * HOUR)
    assert told(NoticeKind.KEY_OVERDUE) == [HOLDER, DESK]


def test_the_job_is_in_the_list_of_what_runs_by_itself() -> None:
    assert "access.jobs.remind_keys" in {job.function for job in JOBS}


def test_overdue_keys_are_listed_first_and_counted_in_the_menu(
    cabinet: Cabinet, estate: Estate, at: dt.datetime, late: KeyHolding
) -> None:
    keys.issue(
        key=cabinet.other, person=estate.ben, signature=TYPED, due_at=at + HOUR, actor=SETUP, at=at
    )
    with time_machine.travel(at + HOUR, tick=False):
        page = signed_in(estate.olga).get(reverse("admin:access_key_changelist"))
        rows = list(page.context["cl"].result_list)
        assert {rows[0], rows[1]} == {cabinet.key, cabinet.other}
        assert set(rows) == set(Key.objects.filter(site=estate.site))
        assert "overdue since" in page.content.decode()
        for user, badge in ((estate.olga, "2"), (estate.nina, None)):
            request = RequestFactory().get("/admin/")
            request.user = user
            groups = {group["title"]: group for group in sidebar(request)}
            assert groups["Keys"].get("badge") == badge  # folded on the start page
            items = [item for group in groups.values() for item in group["items"]]
            (shown,) = [item for item in items if item["title"] == "Keys"]
            assert shown.get("badge") == badge


def test_a_key_lent_for_an_hour_stands_in_the_leavers_report(
    estate: Estate, at: dt.datetime, late: KeyHolding
) -> None:
    leaving.leave(person=estate.amira, actor=SETUP, at=at)
    (leaver,) = selectors.leavers(Q(pk=estate.amira.pk), at)
    assert f"Key out: {late.key}" in [text for text, _link in still_has(leaver)]
