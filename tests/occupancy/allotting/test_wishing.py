"""Pupils wish by a link and a code, without a log-in."""

from __future__ import annotations

import datetime as dt

import pytest

from audit.models import Event
from audit.services import idempotency
from lockers.models import Area
from occupancy.errors.allotments import (
    NoSuchFriend,
    NoSuchLink,
    TooManyWishes,
    WindowClosed,
    WishNotThere,
    WishTwice,
    WrongCode,
)
from occupancy.models import AllotmentRule, Entry, Preference
from occupancy.services.allotting import links, wishing
from tests.factories.cast import SETUP
from tests.occupancy.allotting.conftest import AUGUST, CLOSES, August

pytestmark = pytest.mark.django_db
DURING = AUGUST + dt.timedelta(days=2)


@pytest.fixture
def entry(august: August) -> Entry:
    august.opened()
    return august.entry(august.school.pupils[0])


def hand_in(entry: Entry, *wishes: object, at: dt.datetime = DURING, **more: object) -> None:
    wishing.hand_in(entry=entry, wishes=wishes, actor=SETUP, at=at, **more)  # type: ignore[arg-type]


class TestLinks:
    def test_a_link_and_its_code_let_in_once(self, august: August, entry: Entry) -> None:
        (slip,) = links.hand_out(allotment=august.allotment, people=[entry.person_id], at=DURING)
        found = links.entry_of(slip.link)
        assert found == entry
        links.enter(entry=found, code=slip.code.lower(), at=DURING)
        with pytest.raises(WrongCode):
            links.enter(entry=found, code=slip.code, at=DURING)

    def test_neither_is_stored(self, august: August, entry: Entry) -> None:
        (slip,) = links.hand_out(allotment=august.allotment, people=[entry.person_id], at=DURING)
        stored = str(Entry.objects.filter(pk=entry.pk).values().get())
        assert slip.link not in stored and slip.code not in stored

    def test_a_new_link_ends_the_old_one(self, august: August, entry: Entry) -> None:
        old, new = (
            links.hand_out(allotment=august.allotment, people=[entry.person_id], at=DURING)[0]
            for _time in range(2)
        )
        assert links.entry_of(new.link) == entry
        with pytest.raises(NoSuchLink):
            links.entry_of(old.link)

    def test_after_five_wrong_codes_the_right_one_is_no_good(
        self, august: August, entry: Entry
    ) -> None:
        (slip,) = links.hand_out(allotment=august.allotment, people=[entry.person_id], at=DURING)
        for _time in range(5):
            with pytest.raises(WrongCode) as refused:
                links.enter(entry=entry, code="AAAAAAAA", at=DURING)
            idempotency.settle(refused.value)
        with pytest.raises(WrongCode):
            links.enter(entry=entry, code=slip.code, at=DURING)
        links.enter(entry=entry, code=links.new_code(entry=entry), at=DURING)

    def test_a_code_is_over_with_the_window(self, august: August, entry: Entry) -> None:
        (slip,) = links.hand_out(allotment=august.allotment, people=[entry.person_id], at=DURING)
        with pytest.raises(WrongCode):
            links.enter(entry=entry, code=slip.code, at=CLOSES)

    def test_everybody_gets_one_of_their_own(self, august: August, entry: Entry) -> None:
        slips = links.hand_out(allotment=august.allotment, at=DURING)
        assert len({slip.link for slip in slips}) == len({slip.code for slip in slips}) == 12


class TestWishes:
    def test_wishes_are_kept_in_their_order(self, august: August, entry: Entry) -> None:
        door = august.north.compartments.get(number="N2")
        hand_in(entry, door, august.south)
        hand_in(entry, august.south, door)
        kept = [one.bank or one.compartment for one in Preference.objects.order_by("rank")]
        assert kept == [august.south, door]
        assert Event.objects.filter(action="allotment.wishes").count() == 2

    def test_an_area_is_offered_with_the_banks_in_it(self, august: August, entry: Entry) -> None:
        building = Area.objects.create(site=august.school.site, name="Old house", kind="building")
        floor = Area.objects.create(
            site=august.school.site, name="First floor", kind="floor", parent=building
        )
        august.north.area = floor
        august.north.save(update_fields=["area"])
        can = wishing.options(entry=entry)
        assert [(area.name, count) for area, count in can.areas] == [
            ("First floor", 8), ("Old house", 8),
        ]  # fmt: skip
        assert {bank.name: count for bank, count in can.banks} == {"North": 8, "South": 6}

    def test_only_within_the_window(self, august: August, entry: Entry) -> None:
        for at in (AUGUST - dt.timedelta(seconds=1), CLOSES):
            with pytest.raises(WindowClosed):
                hand_in(entry, august.south, at=at)

    def test_what_the_rules_do_not_allow_is_no_wish(self, august: August, entry: Entry) -> None:
        rule = AllotmentRule.objects.create(allotment=august.allotment)
        rule.year_groups.set([august.school.years[0]])
        rule.banks.set([august.north])
        with pytest.raises(WishNotThere) as refused:
            hand_in(entry, august.south)
        assert "South" in str(refused.value)

    def test_no_more_than_asked_for_and_none_twice(self, august: August, entry: Entry) -> None:
        with pytest.raises(TooManyWishes):
            hand_in(entry, *[august.south] * 6)
        with pytest.raises(WishTwice):
            hand_in(entry, august.south, august.south)
        assert not Preference.objects.exists()

    def test_a_friend_is_named_by_the_code_they_told(self, august: August, entry: Entry) -> None:
        friend = august.entry(august.school.pupils[1])
        hand_in(entry, friends=[friend.friend_code.lower()])
        assert list(entry.friends.all()) == [friend] and not friend.friends.exists()
        for code in ("NOBODY22", entry.friend_code):
            with pytest.raises(NoSuchFriend):
                hand_in(entry, friends=[code])
