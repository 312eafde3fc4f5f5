"""What staff do on the panel of a door about who has it: give, renew, hand on, share, override."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from guardian.shortcuts import assign_perm, remove_perm

from access.models import Grant, Role, User
from audit.actions import Action
from audit.models import Event
from kiosk import authentication, holds
from kiosk.choices import SignedInBy
from kiosk.services.me import sessions
from lockers.models import Area, Bank, Command, Compartment, Controller
from occupancy.choices import UseModel
from occupancy.errors.claims import NoCompartmentAvailable
from occupancy.models import Assignment, Policy, Recovery, Share
from occupancy.services.custody import giving
from tests import factories
from tests.factories.cast import SETUP, TERMINAL_TOKEN, Estate


@pytest.fixture(autouse=True)
def morning(at: dt.datetime) -> Iterator[None]:
    """Stop the clock at the instant at which the estate was built."""
    with time_machine.travel(at, tick=False):
        yield


@pytest.fixture
def mine(estate: Estate, at: dt.datetime) -> Assignment:
    """Amira's door 1 until midnight, renewable once."""
    Policy.objects.filter(pk=estate.policy.pk).update(renewals=1)
    return giving.give(
        policy_id=estate.policy.pk, person_id=estate.amira.pk,
        compartment_id=estate.doors[0].pk, actor=SETUP, at=at,
    )  # fmt: skip


def ask(user: User, verb: str, door: Compartment, key: str = "", **posted: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(
        reverse(f"map-door-{verb}", args=[door.pk]), posted,
        headers={"Idempotency-Key": key or uuid.uuid4().hex},
    )  # fmt: skip


def look(user: User, door: Compartment) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(reverse("map-door", args=[door.pk]))
    assert answer.status_code == 200
    return str(answer.content.decode())


def held(door: Compartment) -> Assignment:
    return Assignment.objects.get(compartment=door, closed_at__isnull=True)


@pytest.mark.parametrize("who", ["1001", "Amira Example", "example amira", "AMIRA@EXAMPLE.ORG"])
def test_a_door_is_given_by_number_address_or_name(estate: Estate, who: str) -> None:
    estate.amira.given_name, estate.amira.family_name = "Amira", "Example"
    estate.amira.email = "amira@example.org"
    estate.amira.save(update_fields=["given_name", "family_name", "email"])
    answer = ask(estate.olga, "give", estate.doors[1], policy=estate.policy.pk, who=who)
    assert answer.status_code == 200
    assert held(estate.doors[1]).holder == estate.amira
    assert "Given to Amira Example, until Wed 18 Nov, 00:00." in answer.content.decode()
    assert Event.objects.get(action=Action.GIVEN).actor_id == str(estate.olga.pk)
    # Nothing opened: nobody has to be there.
    assert not Command.objects.exists()


def test_the_same_press_twice_gives_once(estate: Estate) -> None:
    asked = {"policy": estate.policy.pk, "who": "1001", "key": uuid.uuid4().hex}
    first, second = (ask(estate.olga, "give", estate.doors[1], **asked) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert Assignment.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("9999", "Nobody here is called that"),
        ("Sam Double", "Several are called that"),
        ("", "Say whom"),
        ("1003", "suspended"),
    ],
)
def test_whom_it_cannot_be_given_to_is_said(estate: Estate, who: str, says: str) -> None:
    for _each in range(2):
        factories.PersonFactory(
            organisation=estate.organisation, given_name="Sam", family_name="Double"
        )
    answer = ask(estate.olga, "give", estate.doors[1], policy=estate.policy.pk, who=who)
    assert answer.status_code >= 400
    assert says in answer.content.decode()
    assert not Assignment.objects.exists()


def test_a_name_finds_only_whom_the_reader_may_see(estate: Estate) -> None:
    far = factories.PersonFactory(
        organisation=estate.organisation, given_name="Una", family_name="Seen",
        home_site=factories.SiteFactory(organisation=estate.organisation),
    )  # fmt: skip
    assert ask(estate.olga, "give", estate.doors[1], policy=estate.policy.pk,
               who=str(far)).status_code == 404  # fmt: skip
    client = Client()
    client.force_login(estate.olga)
    listed = client.get(reverse("map-door-people", args=[estate.doors[1].pk]), {"who": "Un"})
    assert listed.status_code == 200
    assert "Una" not in listed.content.decode()
    ours = client.get(reverse("map-door-people", args=[estate.doors[1].pk]), {"who": "ami"})
    assert '<option value="1001">' in ours.content.decode()


def test_a_role_gets_a_door_by_its_name(estate: Estate) -> None:
    duty = Role.objects.create(organisation=estate.organisation, name="Duty manager")
    kept = factories.PolicyFactory(
        organisation=estate.organisation, site=estate.site, name="Duty", model=UseModel.ROLE
    )
    page = look(estate.olga, estate.doors[1])
    assert "Duty (a role)" in page
    answer = ask(estate.olga, "give", estate.doors[1], policy=kept.pk, who="duty manager")
    assert held(estate.doors[1]).role == duty
    assert "Given to Duty manager, until it is changed." in answer.content.decode()
    assert "<b>Duty manager</b>" in look(estate.olga, estate.doors[1])


def test_only_policies_that_cover_the_door_are_offered(estate: Estate) -> None:
    elsewhere = factories.BankFactory(site=estate.site, bridge=estate.bridge, name="Z")
    for name, more in {
        "Of another bank": {"bank": elsewhere},
        "Of large doors": {"site": estate.site},
        "Not in use": {"site": estate.site, "is_active": False},
        "Of this bank": {"bank": estate.bank},
    }.items():
        made = factories.PolicyFactory(organisation=estate.organisation, name=name, **more)
        if name == "Of large doors":
            made.sizes.add(estate.large)
    page = look(estate.olga, estate.doors[0])
    offered = page[page.index("give-policy") :]
    assert "Of this bank" in offered and "Day use" in offered
    for name in ("Of another bank", "Of large doors", "Not in use"):
        assert name not in offered
    # The closest comes first.
    assert offered.index("Of this bank") < offered.index("Day use")


def test_what_is_held_is_renewed_shared_transferred_and_moved(
    estate: Estate, mine: Assignment
) -> None:
    door, olga = estate.doors[0], estate.olga
    renewed = ask(olga, "renew", door, claim=mine.pk)
    assert "Renewed until Thu 19 Nov, 00:00." in renewed.content.decode()
    shared = ask(olga, "share", door, claim=mine.pk, who="1002", until="2026-11-17T12:00")
    assert "may open it until Tue 17 Nov, 12:00." in shared.content.decode()
    made = Share.objects.get()
    assert "End sharing with Ben" in shared.content.decode()
    ended = ask(olga, "end-share", door, share=made.pk)
    assert "may no longer open it" in ended.content.decode()
    once = ask(olga, "share", door, claim=mine.pk, who="1002", until="2026-11-17T12:00",
               is_one_opening="on")  # fmt: skip
    assert "may open it once" in once.content.decode()
    moved = ask(olga, "move", door, claim=mine.pk, bank=estate.bank.pk, number="2", how="move",
                reason="Hinge squeaks")  # fmt: skip
    assert "has door 2 now" in moved.content.decode()
    new = held(estate.doors[1])
    given = ask(olga, "transfer", estate.doors[1], claim=new.pk, who="1002", reason="New desk")
    assert given.status_code == 200
    assert held(estate.doors[1]).holder == estate.ben


def test_two_doors_are_swapped_in_one_step(
    estate: Estate, mine: Assignment, at: dt.datetime
) -> None:
    giving.give(policy_id=estate.policy.pk, person_id=estate.ben.pk,
                compartment_id=estate.doors[2].pk, actor=SETUP, at=at)  # fmt: skip
    asked = {"claim": mine.pk, "bank": estate.bank.pk, "reason": "Both asked", "how": "swap"}
    answer = ask(estate.olga, "move", estate.doors[0], number="3", **asked)
    assert answer.status_code == 200
    assert held(estate.doors[0]).holder == estate.ben
    assert held(estate.doors[2]).holder == estate.amira
    asked["claim"] = held(estate.doors[0]).pk
    alone = ask(estate.olga, "move", estate.doors[0], number="2", **asked)
    assert "Nobody has that door. Move to it instead." in alone.content.decode()


@pytest.mark.parametrize(
    ("verb", "posted", "says"),
    [
        ("transfer", {"who": "1001"}, "has this locker already"),
        ("move", {"number": "99", "how": "move"}, "no door of that number"),
        ("move", {"number": "1", "how": "move"}, "nothing to change"),
        ("share", {"who": "1002"}, "Say until when"),
        ("share", {"who": "1002", "until": "2026-11-17T08:00"}, "over already"),
    ],
)
def test_a_refusal_is_a_sentence_on_the_panel_and_nothing_changes(
    estate: Estate, mine: Assignment, verb: str, posted: dict[str, str], says: str
) -> None:
    more = {"claim": mine.pk, "reason": "because", "bank": estate.bank.pk}
    answer = ask(estate.olga, verb, estate.doors[0], **more, **posted)
    assert answer.status_code >= 400
    assert says in answer.content.decode()
    assert held(estate.doors[0]) == mine
    assert not Share.objects.exists()


def test_only_what_would_work_is_offered(estate: Estate, mine: Assignment, at: dt.datetime) -> None:
    page = look(estate.olga, estate.doors[0])
    for verb in ("act-renew", "act-share", "act-transfer", "act-move", "act-release"):
        assert verb in page
    assert "act-give" not in page
    Policy.objects.update(renewals=0, may_share=False)
    page = look(estate.olga, estate.doors[0])
    assert "act-renew" not in page and "act-share" not in page
    begun = at - dt.timedelta(hours=2)
    Assignment.objects.update(
        starts_at=begun, started_at=begun, ends_at=at, due_at=at, at_end="hold"
    )
    late = look(estate.olga, estate.doors[0])
    assert "act-move" not in late and "act-transfer" not in late
    assert "act-release" in late and "act-recover" in late


def test_three_overrides_each_with_its_own_right(estate: Estate, mine: Assignment) -> None:
    door = estate.doors[0]
    asked = {"claim": mine.pk, "reason": "Smell of food"}
    rights = {"open": "override_site", "recover": "recover_site", "release": "operate_site"}
    for verb, right in rights.items():
        remove_perm(right, estate.olga, estate.site)
        assert f"act-{verb}" not in look(estate.olga, door)
        assert ask(estate.olga, verb, door, **asked).status_code == 404
        assign_perm(right, estate.olga, estate.site)
        assert f"act-{verb}" in look(estate.olga, door)
        assert ask(estate.olga, verb, door, claim=mine.pk).status_code == 400
    assert ask(estate.olga, "open", door, **asked).status_code == 200
    assert held(door) == mine  # inspected: the holder keeps it
    assert Event.objects.get(action=Action.INSPECTED).reason == "Smell of food"
    assert ask(estate.olga, "recover", door, **asked).status_code == 200
    assert Recovery.objects.get().claim_id == mine.pk
    refused = ask(estate.olga, "release", door, **asked)
    assert "being emptied by staff" in refused.content.decode()


def test_staff_of_an_area_do_it_there_and_nowhere_else(estate: Estate) -> None:
    here = Area.objects.create(site=estate.site, name="Ground floor")
    there = Area.objects.create(site=estate.site, name="First floor")
    Bank.objects.filter(pk=estate.bank.pk).update(area=here)
    ada = factories.UserFactory(username="ada")
    for right in ("view_area", "operate_area"):
        assign_perm(right, ada, here)
    given = ask(ada, "give", estate.doors[0], policy=estate.policy.pk, who="1001")
    assert given.status_code == 200
    Bank.objects.filter(pk=estate.bank.pk).update(area=there)
    assert ask(ada, "release", estate.doors[0], claim=1, reason="because").status_code == 404
    # And a move leads only to what is theirs.
    Bank.objects.filter(pk=estate.bank.pk).update(area=here)
    other = factories.BankFactory(site=estate.site, bridge=estate.bridge, name="B", area=there)
    moved = ask(ada, "move", estate.doors[0], claim=held(estate.doors[0]).pk, bank=other.pk,
                number="1", how="move", reason="because")  # fmt: skip
    assert moved.status_code == 404


def test_a_door_with_a_key_is_given_and_opened_by_its_key(estate: Estate, at: dt.datetime) -> None:
    keyed = factories.CompartmentFactory(
        bank=estate.bank, size=estate.small, number="K1", lock_kind="keyed", column=9
    )
    key = factories.KeyFactory(lock=factories.LockFactory(compartment=keyed))
    estate.olga.is_staff = True
    estate.olga.save(update_fields=["is_staff"])
    assert "No key is out." in look(estate.olga, keyed)
    answer = ask(estate.olga, "give", keyed, policy=estate.policy.pk, who="1001")
    assert "Hand out its key, too." in answer.content.decode()
    assert Grant.objects.get(compartment=keyed).person == estate.amira
    # There is no lock to command, so nothing offers to open it.
    assert "act-open" not in answer.content.decode()
    assert 'id="story-keys"' in answer.content.decode()
    key.holdings.create(person=estate.amira, issued_at=at, signature="A", signed_how="typed")
    assert f"{estate.amira} has copy {key.copy}" in look(estate.olga, keyed)


def test_who_has_a_door_with_a_key_is_offered_no_opening_on_phone_or_screen(
    estate: Estate, at: dt.datetime
) -> None:
    keyed = factories.CompartmentFactory(
        bank=estate.bank, size=estate.small, number="K1", lock_kind="keyed", column=9
    )
    Policy.objects.filter(pk=estate.policy.pk).update(opens_by_phone=True)
    given = giving.give(policy_id=estate.policy.pk, person_id=estate.amira.pk,
                        compartment_id=keyed.pk, actor=SETUP, at=at)  # fmt: skip
    browser = Client()
    browser.cookies["phone"] = sessions.open_for(person=estate.amira, by=SignedInBy.LINK, at=at)
    answer = browser.get(reverse("me-door", args=[given.pk]))
    assert answer.status_code == 200
    page = answer.content.decode()
    assert ">K1<" in page
    assert reverse("me-open", args=[given.pk]) not in page
    here = authentication.resolve(TERMINAL_TOKEN)
    assert here is not None
    (hold,) = holds.of(here, estate.amira.pk, at)
    assert not hold.opens


def test_a_door_that_cannot_be_reached_is_given_but_not_picked(estate: Estate) -> None:
    Controller.objects.update(state="offline")
    named = ask(estate.olga, "give", estate.doors[0], policy=estate.policy.pk, who="1001")
    assert named.status_code == 200
    with pytest.raises(NoCompartmentAvailable):
        giving.give(policy_id=estate.policy.pk, person_id=estate.ben.pk, bank_id=estate.bank.pk,
                    actor=SETUP, at=estate.doors[0].door.changed_at)  # fmt: skip


def test_an_electronic_door_on_no_board_is_not_given(estate: Estate) -> None:
    bare = factories.CompartmentFactory(bank=estate.bank, size=estate.small, number="9", column=9)
    Compartment.objects.filter(pk=bare.pk).update(controller=None, channel=None)
    answer = ask(estate.olga, "give", bare, policy=estate.policy.pk, who="1001")
    assert "is not wired yet" in answer.content.decode()


def test_the_panel_asks_as_much_however_much_there_is(estate: Estate, mine: Assignment) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            look(estate.olga, estate.doors[0])
        return len(asked)

    look(estate.olga, estate.doors[0])
    few = queries()
    for n in range(10):
        factories.BankFactory(site=estate.site, bridge=estate.bridge, name=f"B{n}")
        factories.PolicyFactory(organisation=estate.organisation, site=estate.site, name=f"P{n}")
        other = factories.PersonFactory(organisation=estate.organisation)
        Share.objects.create(claim=mine, person=other, starts_at=mine.starts_at,
                             until=mine.starts_at + dt.timedelta(hours=1))  # fmt: skip
    assert queries() == few
