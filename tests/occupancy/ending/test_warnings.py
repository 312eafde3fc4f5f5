"""Who is warned before the end: once, in time, at no quiet hour, and anew after a renewal."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from django.core import mail

from access.models import Notice, NoticeRules
from access.services import notices
from audit.models import Event
from occupancy.models import Assignment, PolicyWarning, Told
from occupancy.services.ending import warnings
from tests import factories
from tests.factories.cast import Estate
from tests.occupancy.ending.held import DAY, HOUR, MINUTE, hold, policy, with_mail

LONDON = zoneinfo.ZoneInfo("Europe/London")
KATHMANDU = zoneinfo.ZoneInfo("Asia/Kathmandu")
QUIET = dt.time(22), dt.time(7)


def befores(model: str, **values: object) -> list[dt.timedelta]:
    under = factories.PolicyFactory(model=model, **values)
    return list(under.warnings.order_by("-before").values_list("before", flat=True))


def test_a_policy_begins_with_the_usual_warnings(db: None) -> None:
    assert befores("day_use") == [24 * HOUR, 2 * HOUR, 15 * MINUTE]
    assert befores("fixed", days=30) == [14 * DAY, 7 * DAY, DAY]


def test_each_warning_is_sent_once_to_the_holder(estate: Estate, at: dt.datetime) -> None:
    address = with_mail(estate.amira)
    claim = hold(estate, policy(estate), at, at + 8 * HOUR)
    assert warnings.warn_due(at=at + 6 * HOUR - MINUTE) == 0
    assert warnings.warn_due(at=at + 6 * HOUR) == 1
    assert warnings.warn_due(at=at + 6 * HOUR) == 0
    assert warnings.warn_due(at=at + 8 * HOUR - 15 * MINUTE) == 1
    assert warnings.warn_due(at=at + 8 * HOUR - MINUTE) == 0
    assert set(Notice.objects.values_list("to", "kind")) == {(address, "claim_ends")}
    assert Event.objects.filter(action="assignment.warned").count() == 2
    assert Told.objects.filter(claim=claim, is_sent=True).count() == 2


def test_what_was_missed_is_sent_once_while_it_helps_and_never_after_the_end(
    estate: Estate, at: dt.datetime
) -> None:
    with_mail(estate.amira)
    hold(estate, policy(estate), at, at + 2 * DAY)
    # The server slept over the first two warnings: one letter says the same as both.
    assert warnings.warn_due(at=at + 2 * DAY - HOUR) == 1
    assert warnings.warn_due(at=at + 2 * DAY - HOUR) == 0
    assert Told.objects.filter(is_sent=False).count() == 1
    assert warnings.warn_due(at=at + 2 * DAY) == 0


def test_a_letter_that_waited_past_the_end_is_not_sent(estate: Estate, at: dt.datetime) -> None:
    with_mail(estate.amira)
    hold(estate, policy(estate), at, at + 8 * HOUR)
    warnings.warn_due(at=at + 6 * HOUR)
    assert notices.send_due(at=at + 8 * HOUR) == 0
    assert notices.send_due(at=at + 7 * HOUR) == 1
    assert mail.outbox[0].subject == "Locker 1, bank A: until Tue 17 Nov, 17:00"


@pytest.mark.parametrize("change", ["renewed", "finished"])
def test_a_letter_about_an_end_that_is_none_any_more_is_not_sent(
    estate: Estate, at: dt.datetime, change: str
) -> None:
    with_mail(estate.amira)
    claim = hold(estate, policy(estate), at, at + 8 * HOUR)
    warnings.warn_due(at=at + 6 * HOUR)
    values: dict[str, object] = {"due_at": at + 9 * HOUR, "ends_at": at + 9 * HOUR}
    if change == "finished":
        values = {"closed_at": at + 6 * HOUR, "closed_how": "finished"}
    Assignment.objects.filter(pk=claim.pk).update(**values)
    assert notices.send_due(at=at + 6 * HOUR) == 0
    assert notices.send_due(at=at + 7 * HOUR) == 0


def test_a_renewed_claim_is_warned_anew(estate: Estate, at: dt.datetime) -> None:
    with_mail(estate.amira)
    claim = hold(estate, policy(estate), at, at + 8 * HOUR)
    assert warnings.warn_due(at=at + 6 * HOUR) == 1
    Assignment.objects.filter(pk=claim.pk).update(due_at=at + 12 * HOUR, ends_at=at + 12 * HOUR)
    assert warnings.warn_due(at=at + 9 * HOUR) == 0
    assert warnings.warn_due(at=at + 10 * HOUR) == 1


def test_staff_are_warned_where_the_policy_says_so(estate: Estate, at: dt.datetime) -> None:
    estate.olga.email = "olga@northwind.example"
    estate.olga.save(update_fields=["email"])
    under = policy(estate)
    PolicyWarning.objects.create(policy=under, before=3 * HOUR, to="staff")
    hold(estate, under, at, at + 8 * HOUR)
    assert warnings.warn_due(at=at + 5 * HOUR) == 1
    notices.send_due(at=at + 5 * HOUR)
    assert mail.outbox[0].to == ["olga@northwind.example"]
    assert "Amira" in mail.outbox[0].subject


def test_quiet_hours_wait_for_the_morning_or_come_before_the_evening() -> None:
    due_next_noon = dt.datetime(2026, 11, 18, 12, tzinfo=dt.UTC)
    at_three = warnings.moment(9 * HOUR, due_next_noon, LONDON, QUIET)
    assert at_three == dt.datetime(2026, 11, 18, 7, tzinfo=dt.UTC)
    due_at_midnight = dt.datetime(2026, 11, 18, 0, tzinfo=dt.UTC)
    before = warnings.moment(15 * MINUTE, due_at_midnight, LONDON, QUIET)
    assert before == dt.datetime(2026, 11, 17, 21, 50, tzinfo=dt.UTC)
    assert warnings.moment(5 * HOUR, due_at_midnight, LONDON, QUIET) == due_at_midnight - 5 * HOUR


@pytest.mark.parametrize(
    ("day", "morning"),
    [
        (dt.date(2026, 3, 29), dt.datetime(2026, 3, 29, 6, tzinfo=dt.UTC)),  # clocks go forward
        (dt.date(2026, 10, 25), dt.datetime(2026, 10, 25, 7, tzinfo=dt.UTC)),  # and back
    ],
)
def test_quiet_hours_end_at_local_time_when_the_clocks_change(
    day: dt.date, morning: dt.datetime
) -> None:
    night = dt.datetime.combine(day, dt.time(0, 30), LONDON)
    due = dt.datetime.combine(day, dt.time(12), LONDON).astimezone(dt.UTC)
    assert warnings.moment(due - night, due, LONDON, QUIET) == morning


def test_quiet_hours_in_kathmandu_are_by_its_own_clock() -> None:
    due = dt.datetime(2026, 11, 18, 6, tzinfo=dt.UTC)  # 11:45
    night = warnings.moment(8 * HOUR, due, KATHMANDU, QUIET)
    assert night == dt.datetime(2026, 11, 18, 1, 15, tzinfo=dt.UTC)  # 07:00


def test_a_policys_quiet_hours_go_before_the_sites_and_these_before_the_organisations(
    estate: Estate, at: dt.datetime
) -> None:
    with_mail(estate.amira)
    everywhere = NoticeRules.objects.create(
        organisation=estate.organisation, quiet_from=dt.time(14), quiet_until=dt.time(16)
    )
    under = policy(estate)
    hold(estate, under, at, at + 8 * HOUR)  # due 17:00, warned at 15:00
    assert warnings.warn_due(at=at + 6 * HOUR) == 0
    under.quiet_from, under.quiet_until = dt.time(22), dt.time(7)
    under.save(update_fields=["quiet_from", "quiet_until"])
    assert warnings.warn_due(at=at + 6 * HOUR) == 1
    Told.objects.all().delete()
    under.quiet_from = under.quiet_until = None
    under.save(update_fields=["quiet_from", "quiet_until"])
    NoticeRules.objects.create(
        organisation=estate.organisation, site=estate.site,
        quiet_from=dt.time(1), quiet_until=dt.time(2),
    )  # fmt: skip
    assert warnings.warn_due(at=at + 6 * HOUR) == 1
    assert everywhere.site is None


def test_what_is_overdue_is_told_once_to_holder_and_desk(estate: Estate, at: dt.datetime) -> None:
    address = with_mail(estate.amira)
    estate.olga.email = "olga@northwind.example"
    estate.olga.save(update_fields=["email"])
    under = policy(estate, at_end="hold", grace=30 * MINUTE, recovers_after=4 * HOUR)
    hold(estate, under, at, at + HOUR)
    assert warnings.tell_overdue(at=at + HOUR) == 0, "within the grace nobody is overdue"
    assert warnings.tell_overdue(at=at + HOUR + 30 * MINUTE) == 2
    assert warnings.tell_overdue(at=at + 2 * HOUR) == 0
    assert notices.send_due(at=at + 2 * HOUR) == 2
    letters = {one.to[0]: str(one.body) for one in mail.outbox}
    assert set(letters) == {address, "olga@northwind.example"}
    assert "From Tue 17 Nov 2026, 14:30 on it is emptied" in letters[address]


def test_somebody_without_an_address_is_no_trouble(estate: Estate, at: dt.datetime) -> None:
    hold(estate, policy(estate), at, at + 8 * HOUR)
    assert warnings.warn_due(at=at + 6 * HOUR) == 0
    assert not Notice.objects.exists()


def test_the_number_of_statements_does_not_grow_with_those_not_due(
    estate: Estate, at: dt.datetime, django_assert_num_queries: object
) -> None:
    under = policy(estate)
    for door, who in enumerate((estate.amira, estate.ben, estate.carla)):
        hold(estate, under, at, at + 20 * HOUR, door=door, who=who)
    with django_assert_num_queries(2):  # type: ignore[operator]  # the claims and one site's hours
        assert warnings.warn_due(at=at) == 0
