"""Back to the pool: once, in order, with its letter, whatever else goes wrong."""

from __future__ import annotations

import datetime as dt
import threading
import zoneinfo

import pytest
import time_machine
from django.db import connection, connections

from access.models import Grant, Notice
from access.services import notices
from audit.models import Event
from occupancy import jobs
from occupancy.models import Assignment
from occupancy.services.ending import expiry
from occupancy.services.ending.sweeping import RowsSetAside
from tests.factories.cast import Estate
from tests.occupancy.ending.held import HOUR, MINUTE, hold, policy, with_mail

LONDON = zoneinfo.ZoneInfo("Europe/London")


def test_the_holder_is_told_once_what_was_released(estate: Estate, at: dt.datetime) -> None:
    with_mail(estate.amira)
    hold(estate, policy(estate), at, at + HOUR)
    assert expiry.expire_due(at=at + HOUR) == 1
    assert expiry.expire_due(at=at + HOUR) == 0
    assert notices.send_due(at=at + HOUR) == 1
    assert Notice.objects.get().kind == "claim_ended"
    assert not Grant.objects.filter(revoked_at__isnull=True).exists()


def test_in_the_grace_it_is_still_theirs(estate: Estate, at: dt.datetime) -> None:
    claim = hold(estate, policy(estate, grace=30 * MINUTE), at, at + HOUR)
    assert expiry.expire_due(at=at + HOUR + 29 * MINUTE) == 0
    assert expiry.expire_due(at=at + HOUR + 30 * MINUTE) == 1
    claim.refresh_from_db()
    assert claim.closed_at == at + HOUR + 30 * MINUTE


def test_at_night_the_letter_waits_for_the_morning(estate: Estate, at: dt.datetime) -> None:
    with_mail(estate.amira)
    under = policy(estate, quiet_from=dt.time(22), quiet_until=dt.time(7))
    midnight = dt.datetime(2026, 11, 18, tzinfo=dt.UTC)
    hold(estate, under, at, midnight)
    expiry.expire_due(at=midnight)
    assert Notice.objects.get().try_at == midnight + 7 * HOUR


def test_after_a_day_off_everything_ends_once_in_the_order_of_its_ends(
    estate: Estate, at: dt.datetime
) -> None:
    under = policy(estate)
    ends = [at + 3 * HOUR, at + HOUR, at + 2 * HOUR]
    for door, end in enumerate(ends):
        hold(estate, under, at, end, door=door, who=[estate.amira, estate.ben, estate.dev][door])
    assert expiry.expire_due(at=at + 30 * HOUR) == 3
    told = Event.objects.filter(action="assignment.expired").order_by("pk")
    assert list(told.values_list("occurred_at", flat=True)) == sorted(ends)


@pytest.mark.parametrize(
    ("day", "hours"), [(dt.date(2026, 3, 29), 23), (dt.date(2026, 10, 25), 25)]
)
def test_a_day_that_the_clocks_change_ends_at_local_midnight(
    estate: Estate, day: dt.date, hours: int
) -> None:
    begins = dt.datetime.combine(day, dt.time(), LONDON).astimezone(dt.UTC)
    midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), LONDON)
    assert midnight.astimezone(dt.UTC) - begins == hours * HOUR
    hold(estate, policy(estate), begins, midnight.astimezone(dt.UTC))
    assert expiry.expire_due(at=begins + hours * HOUR - MINUTE) == 0
    assert expiry.expire_due(at=begins + hours * HOUR) == 1


def test_one_bad_row_is_set_aside_and_reported_and_the_others_end(
    estate: Estate, at: dt.datetime
) -> None:
    under = policy(estate)
    bad = hold(estate, under, at, at + HOUR)
    good = hold(estate, under, at, at + 2 * HOUR, door=1, who=estate.ben)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.breaks() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'bad row'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER bad BEFORE UPDATE ON occupancy_claim FOR EACH ROW"
            f" WHEN (OLD.id = {bad.pk}) EXECUTE FUNCTION pg_temp.breaks()"
        )
    with (
        time_machine.travel(at + 3 * HOUR, tick=False),
        pytest.raises(RowsSetAside, match=f"claim:{bad.pk}"),
    ):
        jobs.expire()
    good.refresh_from_db()
    assert good.closed_how == "expired"
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER bad ON occupancy_claim")
    assert expiry.expire_due(at=at + 3 * HOUR) == 1


def test_what_was_renewed_a_moment_ago_is_left_alone(
    estate: Estate, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = hold(estate, policy(estate), at, at + HOUR)
    close = expiry._expire

    def renewed_first(one: object, *rest: object) -> int:
        Assignment.objects.filter(pk=claim.pk).update(ends_at=at + 5 * HOUR)
        return close(one, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(expiry, "_expire", renewed_first)
    assert expiry.expire_due(at=at + HOUR) == 0
    claim.refresh_from_db()
    assert claim.closed_at is None


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def test_two_jobs_at_once_end_each_once(self, transactional_db: None, at: dt.datetime) -> None:
        estate = Estate.build(at=at)
        with_mail(estate.amira)
        for door in range(3):
            hold(estate, policy(estate), at, at + HOUR, door=door)
        ended: list[int] = []
        barrier = threading.Barrier(2)

        def run() -> None:
            barrier.wait()
            ended.append(expiry.expire_due(at=at + HOUR))
            connections.close_all()

        threads = [threading.Thread(target=run) for _n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(ended) == 3
        assert Event.objects.filter(action="assignment.expired").count() == 3
        assert Notice.objects.count() == 3

    def test_killed_in_the_middle_nothing_is_half_done(
        self, transactional_db: None, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        estate = Estate.build(at=at)
        for door in range(3):
            hold(estate, policy(estate), at, at + HOUR, door=door)
        revoke, calls = expiry.grants.revoke, [0]

        class Killed(BaseException):
            pass

        def dies(**values: object) -> None:
            calls[0] += 1
            if calls[0] == 2:
                raise Killed
            revoke(**values)  # type: ignore[arg-type]

        monkeypatch.setattr(expiry.grants, "revoke", dies)
        with pytest.raises(Killed):
            expiry.expire_due(at=at + HOUR)
        closed = Assignment.objects.filter(closed_at__isnull=False)
        events = Event.objects.filter(action="assignment.expired")
        assert closed.count() == events.count() == 1
        assert Grant.objects.filter(revoked_at__isnull=True).count() == 2
        assert expiry.expire_due(at=at + HOUR) == 2
