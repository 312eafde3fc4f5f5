"""Where a bank works alone, a door opens for nobody before its bridge has it that it is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from access.models import Person
from audit.services import idempotency
from audit.services.events import Actor
from lockers.errors import NotKept
from lockers.models import Authority, Bank, Command
from lockers.services import authority, commands
from occupancy import confirming
from occupancy.models import Assignment, Kept
from occupancy.services import keeping
from occupancy.services.claims import assignments
from occupancy.services.claims.assignments import Wanted
from occupancy.services.claims.claiming import Claimed
from tests import servers
from tests.factories.cast import BEN_BADGE, Estate
from tests.kiosk.test_alone import Place
from tests.servers import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office(transactional_db: None) -> Estate:
    """An office whose bank works alone, and whose bridge just answered."""
    estate = Estate.build(at=timezone.now())
    Bank.objects.update(works_alone=True)
    authority.greeted(bridge_id=estate.bridge.pk, term=0, is_alone=False)
    authority.entrust(bridge_id=estate.bridge.pk, banks=[estate.bank.pk])
    authority.beat(bridge_id=estate.bridge.pk, term=0)
    return estate


def claim(estate: Estate) -> Claimed:
    return assignments.claim(
        person_id=estate.amira.pk, bank_id=estate.bank.pk, wanted=Wanted(),
        actor=Actor.person(estate.amira.pk), at=timezone.now(),
    )  # fmt: skip


def sent(estate: Estate) -> list[Command]:
    ready, _without = keeping.to_open(bridge_id=estate.bridge.pk)
    return commands.take_queued(bridge_id=estate.bridge.pk, at=timezone.now(), only=ready)


def test_an_open_waits_until_the_bridge_has_the_claim(
    office: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency.outside, "confirm", lambda claim_ids: None)
    claimed = idempotency.run(lambda: claim(office))
    assert sent(office) == []
    (hold,) = keeping.untold(bridge_id=office.bridge.pk).holds
    keeping.kept(bridge_id=office.bridge.pk, states={hold.claim_id: hold.state}, gone=[])
    assert [command.pk for command in sent(office)] == [claimed.command_id]


def test_what_is_withdrawn_opens_no_door(office: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirming, "WAITS_S", 0.05)
    with pytest.raises(NotKept):
        idempotency.run(lambda: claim(office))
    command = Command.objects.get()
    assert (command.status, command.detail) == ("cancelled", "withdrawn")
    assert sent(office) == []


@pytest.fixture
def place(transactional_db: None, tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    Bank.objects.update(works_alone=True)
    Person.objects.update(home_site=place.estate.site)
    try:
        yield place
    finally:
        place.stop()


def test_a_tap_at_a_wired_reader_gives_a_door_once_the_bridge_has_it(place: Place) -> None:
    with servers.serving(port=place.port):
        place.start_bridge()
        until(lambda: Authority.objects.filter(beat_at__isnull=False).exists())
        place.show(BEN_BADGE)
        until(lambda: place.written("command_opened") == 1)
    use = Assignment.objects.get(holder=place.estate.ben)
    assert use.closed_at is None
    assert Kept.objects.filter(claim_id=use.pk).exists()
