"""Finding a reader profile with a known card, and giving badges by it, in the administration."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from guardian.shortcuts import assign_perm

from access.badges.profiles import Profile
from access.models import Credential
from access.services import profiles
from audit.models import Event
from lockers.models import Reader, ReaderProfile
from tests import factories
from tests.access.test_admin import tables_that_hold
from tests.admin_pages import filled_in, signed_in
from tests.factories.cast import BEN_BADGE, SETUP, Estate

FIND = "/admin/lockers/readerprofile/find/"
CARD = {"text": "02F623AE", "facility": "123", "number": "4567"}


@pytest.fixture
def client(estate: Estate) -> Client:
    return signed_in(estate.max)


def find(client: Client, estate: Estate, **typed: Any) -> Any:
    return client.post(FIND, {"organisation": estate.organisation.pk, **typed})


def choices(answer: Any) -> list[str]:
    page = answer.content.decode()
    return [html.unescape(one) for one in re.findall(r'name="choice" value="([^"]+)"', page)]


def ways(answer: Any) -> list[str]:
    return [one.words for one in answer.context["found"]]


def test_one_known_card_leaves_one_way(client: Client, estate: Estate) -> None:
    answer = find(client, estate, **CARD)
    assert ways(answer) == ["H10301, 26 bits, all bits as one number, hexadecimal, 8 characters"]
    assert "The card is then 123,04567." in answer.content.decode()


def test_a_button_makes_the_profile_and_later_uses_it(client: Client, estate: Estate) -> None:
    (choice,) = choices(find(client, estate, **CARD))
    answer = client.post(FIND, {"choice": choice, "name": "Front doors"})
    made = ReaderProfile.objects.get()
    assert answer["Location"] == reverse("admin:lockers_readerprofile_change", args=[made.pk])
    assert (made.organisation, made.name, made.key) == (
        estate.organisation, "Front doors", "front-doors"
    )  # fmt: skip
    assert profiles.settings_of(made) == Profile(
        key="front-doors", kind="wiegand", wiegand_format="H10301", content="frame", base="hex",
        digits=8, assurance="plain",
    )  # fmt: skip
    event = Event.objects.get(action="record.added")
    assert (event.actor_id, event.organisation_id) == (str(estate.max.pk), estate.organisation.pk)
    answer = find(client, estate, **CARD)
    assert "There is a profile for it: Front doors." in answer.content.decode()
    client.post(FIND, {"choice": choices(answer)[0]})
    assert ReaderProfile.objects.count() == 1


def test_nothing_of_the_card_is_kept(client: Client, estate: Estate) -> None:
    number = "1904649758"
    answer = find(client, estate, text=number, uid="1E:A6:86:71")
    (choice,) = choices(answer)
    client.post(FIND, {"choice": choice, "name": "Serials"})
    for secret in (number, "1EA68671", "7186A61E"):
        assert tables_that_hold(secret) == []
    assert "no-store" in answer["Cache-Control"]


def test_a_reader_gets_the_profile_and_its_framing_is_taken_off(
    client: Client, estate: Estate
) -> None:
    reader = factories.ReaderFactory(bank=estate.bank, name="Lift", prefix="$", length=8)
    answer = find(client, estate, reader=reader.pk, **{**CARD, "text": "$02F623AE\r"})
    (choice,) = choices(answer)
    client.post(FIND, {"choice": choice, "name": "Lift cards"})
    assert Reader.objects.get(pk=reader.pk).profile == ReaderProfile.objects.get()
    answer = find(client, estate, reader=estate.reader.pk, **CARD)
    assert "This reader is set to 10 characters and this has 8." in answer.content.decode()


def test_a_badge_that_is_registered_shows_the_way_too(client: Client, estate: Estate) -> None:
    answer = find(client, estate, text=BEN_BADGE)
    assert ways(answer) == ["a text, taken as it comes, 10 characters"]
    assert f"It is the badge of {estate.ben}." in answer.content.decode()


def test_a_pair_may_be_typed_as_it_is_printed(client: Client, estate: Estate) -> None:
    assert len(ways(find(client, estate, text="0008065495", number="123,04567"))) > 0
    found = find(client, estate, text="0008065495", number="123,04567").context["found"]
    assert "H10301" in found[0].words


def test_a_card_that_fits_nothing_gets_advice(client: Client, estate: Estate) -> None:
    answer = find(client, estate, **{**CARD, "number": "4568"})
    assert choices(answer) == []
    assert "hold it to the reader again" in answer.content.decode()


def test_nobody_chooses_what_the_page_did_not_offer_them(client: Client, estate: Estate) -> None:
    (choice,) = choices(find(client, estate, **CARD))
    assign_perm("manage_site", estate.nina, estate.other_site)
    for wrong, who in ((choice[:-1], estate.max), (choice, estate.nina), (choice, estate.rosa)):
        answer = signed_in(who).post(FIND, {"choice": wrong, "name": "Stolen"})
        assert (answer.status_code, answer["Location"]) == (302, FIND)
    assert not ReaderProfile.objects.exists()


@pytest.mark.parametrize("who", ["olga", "nina"])
def test_only_who_manages_a_site_finds_profiles(estate: Estate, who: str) -> None:
    browser = signed_in(getattr(estate, who))
    assert browser.get(FIND).status_code == 404
    assert find(browser, estate, **CARD).status_code == 404


def test_the_organisation_and_readers_of_others_are_no_choice(
    client: Client, estate: Estate
) -> None:
    theirs = factories.ReaderFactory(bank=factories.BankFactory(site=estate.other_site))
    answer = client.post(FIND, {"organisation": estate.other_site.organisation.pk,
                                "reader": theirs.pk, **CARD})  # fmt: skip
    assert set(answer.context["form"].errors) == {"organisation", "reader"}


def test_what_a_profile_means_does_not_change(
    client: Client, estate: Estate, at: dt.datetime
) -> None:
    made = profiles.ensure(
        organisation=estate.organisation, name="Doors", actor=SETUP, at=at,
        settings=Profile(kind="uid", uid_bytes=4, digits=10),
    )  # fmt: skip
    address = reverse("admin:lockers_readerprofile_change", args=[made.pk])
    posted = filled_in(client, address, name="Side doors") | {"byte_order": "lsb", "kind": "text"}
    assert client.post(address, posted).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.kind, made.byte_order, made.key) == (
        "Side doors", "uid", "msb", "doors"
    )  # fmt: skip
    answer = client.post(address, filled_in(client, address, assurance="secure"))
    assert "A serial number can be copied" in answer.content.decode()


def test_a_profile_written_by_hand_says_how_to_read(client: Client, estate: Estate) -> None:
    address = reverse("admin:lockers_readerprofile_add")
    typed = {"organisation": estate.organisation.pk, "name": "By hand", "kind": "wiegand",
             "base": "decimal", "byte_order": "msb", "uid_bytes": 0, "digits": 0,
             "facility_digits": 0, "assurance": "plain"}  # fmt: skip
    answer = client.post(address, typed)
    assert "needs its format" in answer.content.decode()
    typed |= {"wiegand_format": "H10304", "content": "left", "base": "hex"}
    assert client.post(address, typed).status_code == 302
    assert ReaderProfile.objects.get().key == "by-hand"


def issue(client: Client, person: Any, **typed: Any) -> Any:
    return client.post(reverse("admin:access_person_issue_badge", args=[person.pk]), typed)


def test_a_badge_is_issued_under_a_profile_as_a_list_prints_it(
    client: Client, estate: Estate
) -> None:
    made = factories.ReaderProfileFactory(
        organisation=estate.organisation, kind="wiegand", wiegand_format="H10301",
        content="frame", base="hex", assurance="secure",
    )  # fmt: skip
    answer = issue(
        client, estate.ben, kind="phone", profile=made.pk, printed="pair", number="123,04567",
        valid_until_0="2199-01-01", valid_until_1="12:00",
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["form"].errors
    badge = Credential.objects.get(person=estate.ben, kind="phone")
    assert (badge.scheme, badge.assurance, badge.hint) == ("wiegand:H10301", "secure", "4567")
    assert badge.valid_until is not None and badge.valid_until.year == 2199
    answer = issue(client, estate.amira, profile=made.pk, number="02F623AF")
    assert "A check bit of this number is wrong." in answer.content.decode()


def test_a_badge_on_two_people_is_refused_with_both_named(client: Client, estate: Estate) -> None:
    page = issue(client, estate.amira, number=BEN_BADGE).content.decode()
    assert "This badge belongs to somebody already" in page
    assert f"It is on {estate.ben} (1002); you were giving it to {estate.amira} (1001)." in page
    assert estate.ben.given_name not in str([e.data for e in Event.objects.all()])
    assert f"{estate.ben} (1002) has it already." in html.unescape(
        issue(client, estate.ben, number=BEN_BADGE).content.decode()
    )


def test_a_profile_of_another_organisation_is_no_choice(client: Client, estate: Estate) -> None:
    theirs = factories.ReaderProfileFactory(organisation=estate.other_site.organisation)
    answer = issue(client, estate.ben, profile=theirs.pk, number="7719930462")
    assert set(answer.context["form"].errors) == {"profile"}


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        ({"valid_until_0": "2020-01-01", "valid_until_1": "12:00"}, "That is over already."),
        ({"valid_from_0": "2199-01-02", "valid_from_1": "12:00",
          "valid_until_0": "2199-01-01", "valid_until_1": "12:00"}, "It ends before it starts."),
    ],
)  # fmt: skip
def test_a_badge_that_could_never_be_used_is_refused(
    client: Client, estate: Estate, times: dict[str, str], sentence: str
) -> None:
    answer = issue(client, estate.ben, number="7719930462", **times)
    assert sentence in answer.content.decode()
    assert Credential.objects.filter(person=estate.ben).count() == 1
