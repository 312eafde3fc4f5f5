"""The shipped server and a bridge process: cut off, the bridge gives doors, and it comes home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from access.models import Person
from lockers.models import Authority, Bank, LockEvent
from occupancy.models import AloneUse, Assignment, Kept
from tests import servers
from tests.factories.cast import AMIRA_BADGE, BEN_BADGE
from tests.kiosk.test_alone import Place
from tests.servers import until

pytestmark = pytest.mark.django_db(transaction=True)
# Short enough to be waited for; the marks of the server count for three seconds of it.
LEASE_S = 6


@pytest.fixture
def place(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    monkeypatch.setenv("LOCKWRIGHT_BRIDGE_LEASE", str(LEASE_S))
    place = Place(tmp_path)
    Bank.objects.update(works_alone=True)
    Person.objects.update(home_site=place.estate.site)
    try:
        yield place
    finally:
        place.stop()


def cut_off(place: Place) -> None:
    """Let the bridge learn all of it, and then be alone until it decides by itself."""
    with servers.serving(port=place.port):
        if place.process is None:
            place.start_bridge()
        until(lambda: "place:offer:" in "".join(place.kept()))
        until(lambda: Kept.objects.filter(claim_id=place.claim_id).exists())
    until(lambda: place.written("alone_began") == 1, within_s=30)


def test_whoever_has_no_door_is_given_one_and_it_is_theirs_when_the_server_is_back(
    place: Place,
) -> None:
    cut_off(place)
    place.show(BEN_BADGE)
    until(lambda: place.written("given_alone") == 1)
    until(lambda: place.written("command_opened") == 1)
    # A second tap opens the same door again.
    with servers.serving(port=place.port):
        until(lambda: LockEvent.objects.filter(kind="command_opened").exists())
        until(lambda: Authority.objects.get().term == 2)
        until(lambda: Kept.objects.count() == 2)
    use = AloneUse.objects.get()
    assert (use.person, use.breach) == (place.estate.ben, "")
    held = {
        claim.holder: claim.compartment.number
        for claim in Assignment.objects.filter(closed_at=None)
    }
    assert held == {place.estate.amira: "1", place.estate.ben: "2"}
    assert use.claim is not None and use.claim.started_at == use.given_at


def test_who_has_a_door_opens_that_one(place: Place) -> None:
    cut_off(place)
    place.show(AMIRA_BADGE)
    until(lambda: place.written("command_opened") == 1)
    assert place.written("given_alone") == 0


def test_until_the_lease_is_over_the_bridge_gives_nothing(place: Place) -> None:
    with servers.serving(port=place.port):
        place.start_bridge()
        until(lambda: "place:offer:" in "".join(place.kept()))
        until(lambda: Kept.objects.exists())
    place.show(BEN_BADGE)
    until(lambda: place.written("scan_refused") == 1)
    assert place.written("given_alone") == 0
