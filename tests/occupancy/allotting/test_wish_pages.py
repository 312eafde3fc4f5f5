"""The page behind a pupil's link, as a browser without a script sees it."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import time_machine
from django.test import Client

from occupancy.allotment.__main__ import differences
from occupancy.models import Allotted, Entry, Preference
from occupancy.services.allotting import applying, links
from tests.factories.cast import SETUP
from tests.occupancy.allotting.conftest import AUGUST, CLOSES, August

pytestmark = pytest.mark.django_db
DURING = AUGUST + dt.timedelta(days=2)


class Pupil:
    """Somebody with a letter, at a browser."""

    def __init__(self, august: August, number: int = 0) -> None:
        self.entry = august.entry(august.school.pupils[number])
        (slip,) = links.hand_out(
            allotment=august.allotment, people=[self.entry.person_id], at=AUGUST
        )
        self.address, self.code = f"/wishes/{slip.link}/", slip.code
        self.browser = Client()

    def page(self) -> str:
        return self.browser.get(self.address).content.decode()

    def come_in(self) -> None:
        assert self.browser.post(self.address, {"code": self.code}).status_code == 302


@pytest.fixture
def pupil(august: August) -> Pupil:
    august.opened()
    return Pupil(august)


@time_machine.travel(DURING, tick=False)
def test_the_code_is_asked_for_once(pupil: Pupil) -> None:
    assert "Type the code" in pupil.page()
    refused = pupil.browser.post(pupil.address, {"code": "AAAAAAAA"})
    assert refused.status_code == 403 and "not right" in refused.content.decode()
    assert Entry.objects.get(pk=pupil.entry.pk).code_tries == 1
    pupil.come_in()
    assert "Your wishes" in pupil.page()
    # Somebody else with the link and the used code stays outside.
    other = Client()
    assert other.post(pupil.address, {"code": pupil.code}).status_code == 403


@time_machine.travel(DURING, tick=False)
def test_a_link_that_was_never_made_is_not_there(august: August) -> None:
    assert Client().get("/wishes/nothing-here/").status_code == 404


@time_machine.travel(DURING, tick=False)
def test_wishes_are_handed_in_and_changed(pupil: Pupil, august: August) -> None:
    pupil.come_in()
    friend = august.entry(august.school.pupils[1])
    answer = pupil.browser.post(pupil.address, {
        "place_0": f"b{august.north.pk}", "door_0": "N3", "place_1": f"b{august.south.pk}",
        "friend_0": friend.friend_code,
    })  # fmt: skip
    assert answer.status_code == 302
    kept = Preference.objects.filter(entry=pupil.entry).order_by("rank")
    assert [str(one) for one in kept] == ["1: N3", "2: South"]
    page = pupil.page()
    assert "Handed in on" in page and 'value="N3"' in page and friend.friend_code in page


@time_machine.travel(DURING, tick=False)
def test_a_door_that_is_not_there_is_said_and_nothing_is_lost(pupil: Pupil, august: August) -> None:
    pupil.come_in()
    answer = pupil.browser.post(
        pupil.address, {"place_0": f"b{august.north.pk}", "door_0": "N99"}
    ).content.decode()
    assert "There is no door N99 for you there" in answer and 'value="N99"' in answer
    assert not Preference.objects.exists()


@time_machine.travel(DURING, tick=False)
def test_a_new_letter_shuts_out_who_came_by_the_old_one(pupil: Pupil, august: August) -> None:
    pupil.come_in()
    again = Pupil(august)
    assert pupil.browser.get(pupil.address).status_code == 404
    assert "Type the code" in pupil.browser.get(again.address).content.decode()


def test_afterwards_it_says_which_door_and_why(pupil: Pupil, august: August) -> None:
    with time_machine.travel(DURING, tick=False):
        pupil.come_in()
        pupil.browser.post(pupil.address, {"place_0": f"b{august.south.pk}"})
    with time_machine.travel(CLOSES, tick=False):
        assert "The time for wishes is over" in pupil.page()
        assert pupil.browser.get(f"{pupil.address}draw.json").status_code == 404
        august.frozen()
        applying.apply(allotment=august.allotment, actor=SETUP, at=CLOSES)
        page = pupil.page()
    got = Allotted.objects.get(entry=pupil.entry)
    assert got.compartment is not None and f">{got.compartment.number}<" in page
    assert f"You were number {got.place} of 12 in the draw, and got your first wish." in page
    with time_machine.travel(CLOSES, tick=False):
        file = pupil.browser.get(f"{pupil.address}draw.json")
        assert Client().get(f"{pupil.address}draw.json").status_code == 404
    told = json.loads(file.content)
    assert differences(told) == [] and told["given"][pupil.entry.ticket] == got.compartment_id
    for one in august.school.pupils:
        assert one.family_name not in file.content.decode()


def test_the_draw_is_public_and_its_seed_only_afterwards(august: August) -> None:
    anybody = Client()
    assert anybody.get("/wishes/draw/hall/").status_code == 404
    august.opened()
    before = anybody.get("/wishes/draw/hall/").content.decode()
    august.allotment.refresh_from_db()
    assert august.allotment.commitment in before
    august.frozen()
    august.allotment.refresh_from_db()
    after = anybody.get("/wishes/draw/hall/").content.decode()
    assert august.allotment.seed not in before
    assert august.allotment.seed in after and august.allotment.digest in after
