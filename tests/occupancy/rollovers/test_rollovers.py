"""From one academic year to the next, as a whole and back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.choices import CredentialStatus, PersonStatus
from access.models import Credential, Grant, Person, RegistrationGroup, Run, User, YearGroup
from access.services import credentials, procedures
from audit.models import Event
from lockers.models import Bank
from occupancy.choices import AtEnd, AtRollover, ClosedHow, UseModel
from occupancy.errors.rollovers import ChangedByHand, DoneAlready, NotDone, NotReady, PlanChanged
from occupancy.models import Assignment, Claim, Policy, Recovery, Rollover, RolloverChange
from occupancy.services.custody import giving
from occupancy.services.rollovers import applying, planning, undoing
from tests import factories
from tests.factories.cast import SETUP, Estate
from tests.factories.school import PupilFactory, School, school
from tests.occupancy.allotting.conftest import bank_of

pytestmark = pytest.mark.django_db
SEPTEMBER = dt.datetime(2026, 9, 2, 8, tzinfo=dt.UTC)
ENDS = dt.datetime(2027, 7, 21, 23, tzinfo=dt.UTC)
AUGUST = dt.datetime(2027, 8, 20, 8, tzinfo=dt.UTC)
NEXT_END = dt.datetime(2028, 7, 21, 23, tzinfo=dt.UTC)


@dataclass
class Summer:
    """Years 7 and 8; the first pupil of each form has a door; Year 8 is the last."""

    school: School
    bank: Bank
    rollover: Rollover
    policy: Policy

    def pupil(self, form: str) -> Person:
        return self.school.of(form)[0]

    def use(self, form: str) -> Claim:
        return Claim.objects.get(holder=self.pupil(form))

    def done(self) -> applying.Done:
        return applying.apply(rollover=self.rollover, actor=SETUP, at=AUGUST)

    def undone(self, hours: int = 1) -> int:
        at = AUGUST + dt.timedelta(hours=hours)
        return undoing.undo(rollover=self.rollover, actor=SETUP, at=at)


@pytest.fixture
def summer(estate: Estate) -> Summer:
    made = school(estate)
    bank = bank_of(estate, "North", 8)
    policy = Policy.objects.create(
        organisation=estate.organisation, site=estate.site, name="School year",
        model=UseModel.PERMANENT, person_kinds=["student"], at_end=AtEnd.HOLD,
    )  # fmt: skip
    for at, form in enumerate(made.forms):
        giving.give(
            policy_id=policy.pk, person_id=made.of(form.name)[0].pk, ends_at=ENDS,
            compartment_id=bank.compartments.get(number=f"N{at + 1}").pk, actor=SETUP,
            at=SEPTEMBER,
        )  # fmt: skip
    rollover = Rollover.objects.create(
        site=estate.site, from_session=made.session, to_session=made.next_session
    )
    planning.prepare(rollover=rollover)
    return Summer(made, bank, rollover, policy)


def places() -> dict[int, tuple[int | None, int | None, str]]:
    """Return year, form and status of everybody."""
    rows = Person.objects.values_list("pk", "year_group_id", "registration_group_id", "status")
    return {pk: (year, form, status) for pk, year, form, status in rows}


# ---- the plan ------------------------------------------------------------------------------------


def test_each_year_goes_up_and_the_last_one_leaves(summer: Summer) -> None:
    lines = summer.rollover.years.order_by("year_group__rank")
    assert [str(one) for one in lines] == ["Year 7 → Year 8", "Year 8 → -"]
    forms = summer.rollover.forms.order_by("registration_group__name")
    assert [str(one) for one in forms] == ["7A → 8A", "7B → 8B", "8A → -", "8B → -"]


@pytest.mark.parametrize(
    ("name", "later"), [("7B", "8B"), ("9 Green", "10 Green"), ("Y12-C", "Y13-C"), ("Oak", "Oak")]
)
def test_a_form_is_called_by_the_next_number(name: str, later: str) -> None:
    assert planning.following_name(name) == later


def test_the_preview_names_everybody(summer: Summer) -> None:
    PupilFactory.create(registration_group=summer.school.form("7A"), starts_on=dt.date(2027, 9, 1))
    plan = planning.plan(summer.rollover)
    assert (len(plan.leavers), len(plan.up), len(plan.intake)) == (6, 6, 1)
    assert {one.form.name for one in plan.up if one.form} == {"8A", "8B"}
    assert (len(plan.kept), len(plan.ended), plan.problems) == (2, 0, [])


def test_a_form_that_becomes_one_of_another_year_is_named(summer: Summer) -> None:
    summer.rollover.forms.filter(registration_group__name="7A").update(
        goes_to=summer.school.form("7B")
    )
    with pytest.raises(NotReady) as refused:
        summer.done()
    assert "7A becomes 7B, which is not a form of Year 8." in str(refused.value)
    assert not RolloverChange.objects.exists()


def test_a_year_of_which_nothing_is_said_is_named(summer: Summer) -> None:
    summer.rollover.years.filter(year_group__rank=7).delete()
    with pytest.raises(NotReady) as refused:
        summer.done()
    assert "Nothing is said of Year 7." in str(refused.value)


# ---- doing it ------------------------------------------------------------------------------------


def test_pupils_go_up_and_keep_their_doors(summer: Summer) -> None:
    done = summer.done()
    assert (done.left, done.up, done.kept, done.ended) == (6, 6, 2, 0)
    pupil = Person.objects.get(pk=summer.pupil("7A").pk)
    assert (str(pupil.year_group), str(pupil.registration_group)) == ("Year 8", "8A")
    use = summer.use("7A")
    assert use.closed_at is None and use.due_at == NEXT_END
    assert Grant.objects.get(claim_id=use.pk).ends_at == NEXT_END
    assert Event.objects.filter(action="person.went_up").count() == 6
    with pytest.raises(DoneAlready):
        summer.done()


def test_a_year_that_is_reshuffled_gives_its_doors_back(summer: Summer) -> None:
    summer.rollover.years.filter(year_group__rank=7).update(doors=AtRollover.RESHUFFLE)
    done = summer.done()
    assert (done.kept, done.ended) == (0, 2)
    use = summer.use("7A")
    assert use.closed_at == AUGUST and use.closed_how == ClosedHow.RELEASED_BY_STAFF
    assert Grant.objects.get(claim_id=use.pk).revoked_at == AUGUST


def test_years_that_touch_leave_no_door_behind(summer: Summer) -> None:
    year = summer.rollover.to_session
    year.starts_on = dt.date(2027, 7, 22)
    year.save()
    Claim.objects.update(due_at=dt.datetime(2027, 7, 21, 23, tzinfo=dt.UTC))
    assert len(planning.plan(Rollover.objects.get()).kept) == 2


def test_a_door_for_the_day_is_nobodys_for_another_year(summer: Summer) -> None:
    Policy.objects.filter(pk=summer.policy.pk).update(model=UseModel.DAY_USE)
    plan = planning.plan(summer.rollover)
    assert (plan.kept, plan.ended) == ([], [])


def test_leavers_leave_by_the_verb_that_everybody_leaves_by(summer: Summer) -> None:
    leaver = summer.pupil("8A")
    badge = credentials.issue_badge(person=leaver, text="0004219999", actor=SETUP, at=SEPTEMBER)
    summer.done()
    leaver.refresh_from_db()
    assert leaver.status == PersonStatus.LEFT
    assert Credential.objects.get(pk=badge.pk).status == CredentialStatus.REVOKED
    assert Event.objects.filter(action="person.left", person_id=leaver.pk).exists()


def test_what_leavers_have_is_emptied_and_theirs_again_when_that_is_undone(
    summer: Summer, django_capture_on_commit_callbacks: Any
) -> None:
    procedures.add_usual(organisation=summer.school.organisation)
    leavers = [*summer.school.of("8A"), *summer.school.of("8B")]
    with django_capture_on_commit_callbacks(execute=True):
        summer.done()
    emptied = [summer.use(form) for form in ("8A", "8B")]
    assert all(one.recovery_at is not None for one in emptied)
    assert Recovery.objects.filter(closed_at=None).count() == 2
    assert {run.person for run in Run.objects.filter(finished_at=None)} == set(leavers)
    summer.undone()
    assert not Recovery.objects.filter(closed_at=None).exists()
    assert not Run.objects.filter(finished_at=None).exists()
    for form in ("8A", "8B"):
        use = summer.use(form)
        assert (use.recovery_at, use.closed_at, use.due_at) == (None, None, ENDS)
        assert Grant.objects.get(claim_id=use.pk).revoked_at is None


def test_more_leavers_take_no_more_statements(
    summer: Summer, django_capture_on_commit_callbacks: Any
) -> None:
    def count(rollover: Rollover) -> int:
        with CaptureQueriesContext(connection) as seen:
            with django_capture_on_commit_callbacks(execute=True):
                applying.apply(rollover=rollover, actor=SETUP, at=AUGUST)
            undoing.undo(rollover=rollover, actor=SETUP, at=AUGUST + dt.timedelta(hours=1))
        return len(seen)

    few = count(summer.rollover)
    for number in range(4):
        pupil = PupilFactory.create(registration_group=summer.school.form("8A"))
        credentials.issue_badge(
            person=pupil, text=f"00042190{number:02}", actor=SETUP, at=SEPTEMBER
        )
        giving.give(
            policy_id=summer.policy.pk, person_id=pupil.pk, ends_at=ENDS, actor=SETUP, at=SEPTEMBER,
            compartment_id=summer.bank.compartments.get(number=f"N{number + 5}").pk,
        )  # fmt: skip
    again = Rollover.objects.create(
        site=summer.school.site, from_session=summer.school.session,
        to_session=summer.school.next_session,
    )  # fmt: skip
    planning.prepare(rollover=again)
    # The first badge of all takes one update and one line more, there and back.
    assert count(again) <= few + 4


def test_the_new_intake_stays_where_it_is(summer: Summer) -> None:
    form = summer.school.form("7A")
    new = PupilFactory.create(registration_group=form, starts_on=dt.date(2027, 9, 1))
    summer.done()
    new.refresh_from_db()
    assert new.registration_group == form and new.status == PersonStatus.ACTIVE


def test_tutors_go_up_with_their_form_or_stay(summer: Summer) -> None:
    tutor: User = factories.UserFactory.create()
    summer.school.form("7A").tutors.add(tutor)
    summer.done()
    assert [form.name for form in RegistrationGroup.objects.filter(tutors=tutor)] == ["8A"]


# ---- undoing it ----------------------------------------------------------------------------------


def test_all_of_it_is_undone(summer: Summer) -> None:
    tutor: User = factories.UserFactory.create()
    summer.school.form("7A").tutors.add(tutor)
    summer.rollover.years.filter(year_group__rank=7).update(doors=AtRollover.RESHUFFLE)
    leaver = summer.pupil("8A")
    badge = credentials.issue_badge(person=leaver, text="0004219999", actor=SETUP, at=SEPTEMBER)
    before = places()
    summer.done()
    summer.undone()
    assert places() == before
    assert Credential.objects.get(pk=badge.pk).status == CredentialStatus.ACTIVE
    assert [form.name for form in RegistrationGroup.objects.filter(tutors=tutor)] == ["7A"]
    for form in ("7A", "7B", "8A", "8B"):
        use = summer.use(form)
        assert (use.closed_at, use.due_at) == (None, ENDS), form
        grant = Grant.objects.get(claim_id=use.pk)
        assert (grant.revoked_at, grant.ends_at) == (None, use.ends_at), form
    with pytest.raises(NotDone):
        summer.undone()


def test_after_a_change_by_hand_nothing_is_undone(summer: Summer) -> None:
    summer.done()
    pupil = summer.pupil("7B")
    Person.objects.filter(pk=pupil.pk).update(registration_group=summer.school.form("8A"))
    after = places()
    with pytest.raises(ChangedByHand) as refused:
        summer.undone()
    assert str(pupil) in str(refused.value) and places() == after


def test_a_door_that_somebody_else_has_now_cannot_come_back(summer: Summer) -> None:
    summer.rollover.years.filter(year_group__rank=7).update(doors=AtRollover.RESHUFFLE)
    summer.done()
    other = PupilFactory.create(registration_group=summer.school.form("7A"))
    giving.give(
        policy_id=summer.policy.pk, person_id=other.pk, ends_at=NEXT_END, actor=SETUP,
        compartment_id=summer.use("7A").compartment_id, at=AUGUST + dt.timedelta(minutes=5),
    )  # fmt: skip
    with pytest.raises(ChangedByHand):
        summer.undone()
    assert Assignment.objects.get(holder=other).closed_at is None


def test_a_plan_that_changed_since_it_was_looked_at_is_not_done(summer: Summer) -> None:
    seen = planning.plan(summer.rollover).digest
    Person.objects.filter(pk=summer.pupil("7A").pk).update(starts_on=dt.date(2027, 9, 1))
    with pytest.raises(PlanChanged):
        applying.apply(rollover=summer.rollover, actor=SETUP, at=AUGUST, expected=seen)
    assert not RolloverChange.objects.exists()
    seen = planning.plan(summer.rollover).digest
    applying.apply(rollover=summer.rollover, actor=SETUP, at=AUGUST, expected=seen)


def test_it_can_be_done_again_after_it_was_undone(summer: Summer) -> None:
    summer.done()
    summer.undone()
    again = Rollover.objects.create(
        site=summer.rollover.site, from_session=summer.school.session,
        to_session=summer.school.next_session,
    )  # fmt: skip
    planning.prepare(rollover=again)
    done = applying.apply(rollover=again, actor=SETUP, at=AUGUST + dt.timedelta(days=1))
    assert done.up == 6 and YearGroup.objects.count() == 2
