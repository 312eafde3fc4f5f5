"""Some time after the year nothing says any more what pupils wished for, or whom they are near."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import time_machine
from django.test import Client

from audit.models import Event
from occupancy.allotment.__main__ import differences
from occupancy.errors.allotments import WishesForgotten
from occupancy.jobs import forget_wishes
from occupancy.models import Allotted, Claim, Entry, Preference
from occupancy.services.allotting import applying, drawing, links, sending, shown, wishing
from tests.factories.cast import SETUP
from tests.occupancy.allotting.conftest import CLOSES, August
from tests.occupancy.allotting.test_wish_pages import DURING, Pupil

pytestmark = pytest.mark.django_db


@pytest.fixture
def wished(august: August) -> Pupil:
    """Open it; the first pupil wishes for a bank, and asks to be near the second."""
    august.opened()
    pupil = Pupil(august)
    with time_machine.travel(DURING, tick=False):
        pupil.come_in()
    august.wish(august.school.pupils[0], august.south)
    pupil.entry.friends.add(august.entry(august.school.pupils[1]))
    return pupil


def long_after(august: August, days: int = 91) -> dt.datetime:
    return dt.datetime.combine(
        august.school.session.ends_on + dt.timedelta(days=days), dt.time(3), dt.UTC
    )


def forget(august: August, days: int = 91) -> int:
    with time_machine.travel(long_after(august, days), tick=False):
        done = forget_wishes()
    august.allotment.refresh_from_db()
    return done


def test_wishes_are_kept_for_ninety_days_after_the_year_and_then_deleted(
    august: August, wished: Pupil
) -> None:
    august.frozen()
    applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
    with time_machine.travel(CLOSES, tick=False):
        file = json.loads(wished.browser.get(f"{wished.address}draw.json").content)
    got = list(Allotted.objects.order_by("pk").values_list("entry", "compartment", "claim"))
    assert forget(august, days=90) == 0
    assert Preference.objects.exists() and wished.entry.friends.exists()

    assert forget(august) == 1
    allotment = august.allotment
    assert not Preference.objects.exists() and not wished.entry.friends.exists()
    assert allotment.frozen_input is None
    assert not Entry.objects.exclude(link_digest="", code_digest="", link_for="").exists()
    # Who got which door is history, as any other use; the draw can be checked by who kept it.
    assert list(Allotted.objects.order_by("pk").values_list("entry", "compartment", "claim")) == got
    assert Claim.objects.filter(pk__in=[claim for *_rest, claim in got]).count() == len(got)
    assert (allotment.digest, allotment.seed) == (file["digest"], file["seed"])
    assert differences(file) == []


def test_it_is_recorded_once_and_done_once(august: August, wished: Pupil) -> None:
    august.frozen()
    assert [forget(august), forget(august)] == [1, 0]
    event = Event.objects.get(action="allotment.wishes_forgotten")
    assert event.data == {"allotment": august.allotment.pk, "name": "Hall lockers", "wishes": 1}


def test_the_public_page_says_so_and_the_link_is_gone(august: August, wished: Pupil) -> None:
    august.frozen()
    forget(august)
    page = Client().get("/wishes/draw/hall/").content.decode()
    assert "everything that was wished for was deleted" in page
    assert august.allotment.digest in page and august.allotment.seed in page
    assert wished.browser.get(wished.address).status_code == 404


def test_what_was_forgotten_is_not_drawn_and_not_given(august: August, wished: Pupil) -> None:
    forget(august)
    with pytest.raises(WishesForgotten):
        drawing.freeze(allotment=august.allotment, actor=SETUP, at=long_after(august))
    assert shown.state(august.allotment, long_after(august)) == "over, wishes deleted"


def test_a_draw_that_was_never_given_is_not_given_afterwards(august: August, wished: Pupil) -> None:
    august.frozen()
    forget(august)
    with pytest.raises(WishesForgotten):
        applying.apply(allotment=august.allotment, actor=SETUP, at=long_after(august))
    assert not Claim.objects.filter(policy=august.allotment.policy).exists()


def test_nobody_gets_a_link_to_what_was_forgotten(august: August, wished: Pupil) -> None:
    august.frozen()
    forget(august)
    with pytest.raises(WishesForgotten):
        links.hand_out(allotment=august.allotment, at=long_after(august))
    with pytest.raises(WishesForgotten):
        sending.send_links(
            allotment=august.allotment, to="pupil", actor=SETUP, at=long_after(august)
        )


def test_no_wish_is_taken_any_more_even_by_a_window_that_is_open(
    august: August, wished: Pupil
) -> None:
    forget(august)
    allotment, during = august.allotment, long_after(august)
    allotment.closes_at = during + dt.timedelta(days=1)
    assert not wishing.is_open(allotment, during)


def test_nothing_is_deleted_of_an_allotment_that_was_never_opened(august: August) -> None:
    assert forget(august) == 0
