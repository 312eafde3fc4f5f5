"""Safeguarding: a pupil's door is opened by two adults, for a reason that stays with them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.models import Key, User
from access.services import master_keys
from audit.actions import Action
from audit.models import Event
from lockers.errors import BridgeOffline
from lockers.models import BridgePresence, Command
from occupancy.choices import SearchFound, SearchKind
from occupancy.errors.searches import (
    NobodyToSearch,
    SearchKeyGone,
    SearchNotWaiting,
    SearchRecorded,
    SearchShut,
    SearchWaiting,
    SecondAdultOther,
)
from occupancy.models import Assignment, SearchOpening
from occupancy.services.custody import searches
from occupancy.services.custody.searches import Opened
from tests import factories
from tests.admin_pages import signed_in, verb
from tests.factories.cast import Estate
from tests.factories.school_year import SchoolYear

MINUTE = dt.timedelta(minutes=1)
WHY = "A knife was seen in the form room"


@pytest.fixture
def teacher(estate: Estate) -> User:
    """Somebody who may ask, but not open: the rights of a teacher's role."""
    user: User = factories.UserFactory(username="teacher")
    for right in ("view_site", "operate_site"):
        assign_perm(right, user, estate.site)
    return user


@pytest.fixture
def claim(year: SchoolYear, estate: Estate, at: dt.datetime) -> Assignment:
    """A pupil of 7A has electronic door 1; its lock answers, however late it is asked."""
    BridgePresence.objects.update(last_seen_at=at.replace(year=at.year + 1))
    return year.give(year.school.of("7A")[0], estate.doors[0], at)


def ask(claim: Assignment, user: User, at: dt.datetime) -> SearchOpening:
    return searches.ask(
        compartment_id=claim.compartment_id, kind=SearchKind.SEARCH, reason=WHY, user_id=user.pk,
        at=at,
    )  # fmt: skip


def confirm(search: SearchOpening, user: User, at: dt.datetime, **how: Any) -> Opened:
    return searches.confirm(search_id=search.pk, user_id=user.pk, at=at, **how)


def record(search: SearchOpening, user: User, at: dt.datetime, **said: Any) -> None:
    searches.record(
        search_id=search.pk, user_id=user.pk, at=at,
        **{"found": SearchFound.TAKEN, "what": "A penknife, in the office safe",
           "is_pupil_present": True, "is_guardian_told": False, **said},
    )  # fmt: skip


def test_nothing_opens_before_a_second_adult_confirms(
    claim: Assignment, estate: Estate, teacher: User, at: dt.datetime
) -> None:
    search = ask(claim, teacher, at)
    assert not Command.objects.exists()
    opened = confirm(search, estate.olga, at + MINUTE)
    command = Command.objects.get()
    assert opened.command == command.pk
    assert (command.compartment_id, command.purpose) == (claim.compartment_id, "search")
    claim.refresh_from_db()
    assert claim.closed_at is None, "the pupil keeps the door"


def test_one_person_cannot_be_both(claim: Assignment, estate: Estate, at: dt.datetime) -> None:
    search = ask(claim, estate.olga, at)
    with pytest.raises(SecondAdultOther):
        confirm(search, estate.olga, at + MINUTE)
    assert not Command.objects.exists()


def test_after_five_minutes_it_is_asked_for_anew(
    claim: Assignment, estate: Estate, teacher: User, at: dt.datetime
) -> None:
    search = ask(claim, teacher, at)
    with pytest.raises(SearchWaiting):
        ask(claim, estate.max, at + MINUTE)
    late = at + 5 * MINUTE + dt.timedelta(seconds=1)
    with pytest.raises(SearchNotWaiting):
        confirm(search, estate.olga, late)
    assert not Command.objects.exists()
    again = ask(claim, teacher, late)
    confirm(again, estate.olga, late + 5 * MINUTE)
    search.refresh_from_db()
    assert (search.cancelled_at, search.confirmed_at) == (late, None)


def test_it_is_called_off_before_and_not_after(
    claim: Assignment, estate: Estate, teacher: User, at: dt.datetime
) -> None:
    search = ask(claim, teacher, at)
    searches.call_off(search_id=search.pk, user_id=teacher.pk, at=at)
    with pytest.raises(SearchNotWaiting):
        confirm(search, estate.olga, at + MINUTE)
    search = ask(claim, teacher, at + MINUTE)
    confirm(search, estate.olga, at + MINUTE)
    with pytest.raises(SearchNotWaiting):
        searches.call_off(search_id=search.pk, user_id=teacher.pk, at=at + MINUTE)


def test_a_door_that_nobody_has_is_not_searched(
    year: SchoolYear, estate: Estate, teacher: User, at: dt.datetime
) -> None:
    with pytest.raises(NobodyToSearch):
        searches.ask(
            compartment_id=estate.doors[1].pk, kind=SearchKind.WELFARE, reason=WHY,
            user_id=teacher.pk, at=at,
        )  # fmt: skip


def test_a_silent_lock_leaves_it_waiting_until_a_key_is_used(
    claim: Assignment, estate: Estate, teacher: User, at: dt.datetime
) -> None:
    search = ask(claim, teacher, at)
    BridgePresence.objects.update(connection=None)
    with pytest.raises(BridgeOffline):
        confirm(search, estate.olga, at + MINUTE)
    search.refresh_from_db()
    assert search.confirmed_at is None, "it waits as before"
    assert confirm(search, estate.olga, at + MINUTE, is_by_key=True) == Opened()


def test_a_combination_is_shown_to_the_two_and_recorded(
    year: SchoolYear, estate: Estate, teacher: User, at: dt.datetime
) -> None:
    claim = year.give(year.school.of("7A")[0], year.dial_doors[0], at)
    search = ask(claim, teacher, at)
    assert confirm(search, estate.olga, at + MINUTE).combination == "01-02-01"
    seen = Event.objects.get(action=Action.COMBINATION_VIEWED)
    assert (seen.actor_id, seen.compartment_id) == (str(estate.olga.pk), claim.compartment_id)
    assert "knife" not in seen.reason


def test_a_master_key_that_is_used_stands_in_its_own_record(
    year: SchoolYear, estate: Estate, teacher: User, at: dt.datetime
) -> None:
    claim = year.give(year.school.of("7A")[0], year.keyed_doors[0], at)
    masters = factories.MasterSetFactory(site=estate.site)
    master = Key.objects.create(site=estate.site, master_set=masters, copy=1)
    search = ask(claim, teacher, at)
    offered = searches.keys_for(search)
    assert [key.pk for key in offered][-1] == master.pk
    assert confirm(search, estate.olga, at + MINUTE, key_id=master.pk).key == master
    event = Event.objects.get(action=Action.SEARCH_KEY)
    assert (event.subject, event.data["search"]) == (f"key:{master.pk}", search.pk)


def test_a_key_that_is_out_cannot_be_used(
    year: SchoolYear, estate: Estate, teacher: User, at: dt.datetime
) -> None:
    pupil = year.school.of("7A")[0]
    claim = year.give(pupil, year.keyed_doors[0], at)
    search = ask(claim, teacher, at)
    out = year.hand_out(pupil, year.keyed_doors[0], at)
    with pytest.raises(SearchKeyGone):
        confirm(search, estate.olga, at + MINUTE, key_id=out.pk)
    search.refresh_from_db()
    assert search.confirmed_at is None


def test_the_two_may_open_once_more_for_a_while(
    claim: Assignment, estate: Estate, teacher: User, at: dt.datetime
) -> None:
    search = ask(claim, teacher, at)
    with pytest.raises(SearchShut):
        searches.open_again(search_id=search.pk, user_id=teacher.pk, at=at)
    confirm(search, estate.olga, at + MINUTE)
    searches.open_again(search_id=search.pk, user_id=teacher.pk, at=at + 10 * MINUTE)
    assert Command.objects.count() == 2
    for user, when in ((estate.max, at + 2 * MINUTE), (estate.olga, at + 17 * MINUTE)):
        with pytest.raises(SearchShut):
            searches.open_again(search_id=search.pk, user_id=user.pk, at=when)


def test_the_outcome_is_said_once(
    claim: Assignment, estate: Estate, teacher: User, at: dt.datetime
) -> None:
    search = ask(claim, teacher, at)
    with pytest.raises(SearchNotWaiting):
        record(search, teacher, at)
    confirm(search, estate.olga, at + MINUTE)
    record(search, teacher, at + 5 * MINUTE)
    search.refresh_from_db()
    assert (search.found, search.is_pupil_present, search.recorded_by) == ("taken", True, teacher)
    with pytest.raises(SearchRecorded):
        record(search, estate.olga, at + 6 * MINUTE, found=SearchFound.NOTHING, what="")


def test_the_trail_tells_who_and_when_and_nothing_of_why(
    claim: Assignment, estate: Estate, teacher: User, at: dt.datetime
) -> None:
    search = ask(claim, teacher, at)
    confirm(search, estate.olga, at + MINUTE)
    record(search, teacher, at + 2 * MINUTE)
    told = Event.objects.filter(compartment_id=claim.compartment_id)
    assert {Action.SEARCH_ASKED, Action.SEARCH_CONFIRMED, Action.SEARCH_RECORDED,
            Action.OPEN_REQUESTED} <= set(told.values_list("action", flat=True))  # fmt: skip
    everything = json.dumps(list(told.values("reason", "data", "subject", "action")))
    for secret in ("knife", "safe", "confiscation", "guardian"):
        assert secret not in everything


# The pages


@pytest.fixture
def clock(claim: Assignment, at: dt.datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(at, tick=False) as traveller:
        yield traveller


def from_the_map(user: User, claim: Assignment, **posted: Any) -> Any:
    client = Client(headers={"Idempotency-Key": f"search-{user.pk}-0001"})
    client.force_login(user)
    address = reverse("map-door-search", args=[claim.compartment_id])
    return client.post(address, {"kind": "search", "reason": WHY, **posted})


def test_two_adults_go_through_it_from_the_map(
    claim: Assignment, estate: Estate, teacher: User, clock: Any
) -> None:
    text = from_the_map(teacher, claim).content.decode()
    assert "A second adult confirms within five minutes" in text
    search = SearchOpening.objects.get()
    story = reverse("map-door", args=[claim.compartment_id])
    assert "Confirm as the second adult: teacher asks" in signed_in(
        estate.olga
    ).get(story).content.decode()  # fmt: skip
    assert "Waits for a second adult" in signed_in(teacher).get(story).content.decode()
    page = verb(estate.olga, "confirm", search).content.decode()
    assert WHY in page
    assert verb(estate.olga, "confirm", search, is_by_key="").status_code == 302
    assert Command.objects.get().purpose == "search"
    answer = verb(
        teacher, "record", search, found="taken", what="A penknife", is_pupil_present="True",
        is_guardian_told="False",
    )  # fmt: skip
    assert answer.status_code == 302
    search.refresh_from_db()
    assert (search.what, search.is_guardian_told) == ("A penknife", False)


def test_what_was_found_has_to_be_said(
    claim: Assignment, estate: Estate, teacher: User, clock: Any, at: dt.datetime
) -> None:
    search = ask(claim, teacher, at)
    confirm(search, estate.olga, at)
    answer = verb(
        teacher, "record", search, found="taken", what=" ", is_pupil_present="True",
        is_guardian_told="True",
    )  # fmt: skip
    assert "Say what it was, and where it is now." in answer.content.decode()


def test_the_combination_is_on_the_page_once(
    year: SchoolYear, estate: Estate, teacher: User, at: dt.datetime
) -> None:
    search = ask(year.give(year.school.of("7A")[0], year.dial_doors[0], at), teacher, at)
    posted = verb(estate.olga, "confirm", search, go="on")
    assert "01-02-01" in posted.content.decode()
    page = reverse("admin:occupancy_searchopening_change", args=[search.pk])
    assert "01-02-01" not in signed_in(estate.olga).get(page).content.decode()


def test_only_the_two_and_who_may_open_any_door_read_it(
    claim: Assignment, estate: Estate, teacher: User, clock: Any, at: dt.datetime
) -> None:
    search = ask(claim, teacher, at)
    page = reverse("admin:occupancy_searchopening_change", args=[search.pk])
    lists = reverse("admin:occupancy_searchopening_changelist")
    for user in (teacher, estate.olga, estate.max):
        client = signed_in(user)
        assert WHY in client.get(page).content.decode()
        assert client.get(lists).status_code == 200
    other = factories.UserFactory(username="another teacher")
    for right in ("view_site", "operate_site", "recover_site", "manage_site", "maintain_site"):
        assign_perm(right, other, estate.site)
    for user in (other, estate.nina):
        client = signed_in(user)
        assert client.get(page).status_code in {302, 404}
        assert WHY not in client.get(page, follow=True).content.decode()
        assert WHY not in client.get(lists).content.decode()
        assert verb(user, "confirm", search, go="on").status_code == 404
    story = reverse("map-door", args=[claim.compartment_id])
    for user in (other, teacher, estate.olga):
        assert "knife" not in signed_in(user).get(story).content.decode()


def test_neither_the_pupil_nor_the_tutor_reads_why(
    year: SchoolYear, claim: Assignment, estate: Estate, teacher: User, clock: Any, at: dt.datetime
) -> None:
    from access.choices import PersonKind
    from kiosk.choices import SignedInBy
    from kiosk.services.me import sessions

    search = ask(claim, teacher, at)
    confirm(search, estate.olga, at)
    record(search, teacher, at)
    assert claim.holder is not None
    assert claim.holder.kind == PersonKind.STUDENT
    phone = Client()
    phone.cookies["phone"] = sessions.open_for(person=claim.holder, by=SignedInBy.LINK, at=at)
    form = reverse("form", args=[year.school.form("7A").pk])
    shown = [
        phone.get(reverse("me")), phone.get(reverse("me-history")),
        phone.get(reverse("me-door", args=[claim.pk])), signed_in(year.tutor).get(form),
    ]  # fmt: skip
    for answer in shown:
        assert answer.status_code == 200
        text = answer.content.decode()
        for secret in ("knife", "search", "Search", "two adults", "confiscat"):
            assert secret not in text, secret


def test_it_waits_on_the_first_page_until_its_outcome_is_said(
    claim: Assignment, estate: Estate, teacher: User, clock: Any, at: dt.datetime
) -> None:
    search = ask(claim, teacher, at)
    confirm(search, estate.olga, at)
    lists = reverse("admin:occupancy_searchopening_changelist")
    client = signed_in(estate.olga)
    assert client.get(lists, {"to_see_to": "yes"}).context["cl"].result_count == 1
    record(search, estate.olga, at)
    assert client.get(lists, {"to_see_to": "yes"}).context["cl"].result_count == 0


def test_a_master_key_itself_still_takes_two_to_hand_out(
    estate: Estate, teacher: User, at: dt.datetime
) -> None:
    """Master key governance, from the issue of access: asked by one, confirmed by another."""
    from access.errors.keys import SamePerson
    from access.signatures import Signature

    masters = factories.MasterSetFactory(site=estate.site)
    master = Key.objects.create(site=estate.site, master_set=masters, copy=1)
    asked = master_keys.request_release(
        key=master, person=estate.amira, reason="a round of the hall", user_id=teacher.pk, at=at
    )
    signed = Signature("Amira", "typed")
    with pytest.raises(SamePerson):
        master_keys.confirm_release(
            release_id=asked.pk, signature=signed, user_id=teacher.pk, at=at
        )
    holding = master_keys.confirm_release(
        release_id=asked.pk, signature=signed, user_id=estate.olga.pk, at=at
    )
    assert (holding.person, holding.due_at is not None) == (estate.amira, True)
