"""More people than doors, at the same instant, through real HTTP; with its negative control."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from collections import Counter
from typing import Any

import aiohttp
import pytest
from django.db import connection, connections
from django.utils import timezone

from access.services import credentials
from audit.models import Event
from audit.services.events import Actor
from lockers.models import Compartment, Door
from occupancy.models import Assignment
from tests import factories, servers
from tests.factories.cast import TERMINAL_TOKEN, Estate

pytestmark = pytest.mark.django_db(transaction=True)
DOORS, PEOPLE = 63, 64


@pytest.fixture
def crowd(transactional_db: None) -> Estate:
    """The cast's bank grown to 63 doors, with 64 people who have badges."""
    at = timezone.now()
    estate = Estate.build(at=at)
    estate.bridge.presence.last_seen_at = at.replace(year=at.year + 1)
    estate.bridge.presence.save(update_fields=["last_seen_at"])
    board = factories.ControllerFactory(
        bridge=estate.bridge, name="The crowd's board", unit=2, channels=64
    )
    added = Compartment.objects.bulk_create(
        Compartment(
            bank=estate.bank, number=str(n), size=estate.small, column=n, row=1, x_mm=300 * n,
            y_mm=0, width_mm=300, height_mm=450, floor_mm=900, controller=board, channel=n,
        )
        for n in range(4, DOORS + 1)
    )  # fmt: skip
    Door.objects.bulk_create(Door(compartment=d, state="closed", changed_at=at) for d in added)
    for n in range(PEOPLE):
        person = factories.PersonFactory(organisation=estate.organisation)
        credentials.issue_badge(person=person, text=f"77{n:08d}", actor=Actor.job("tests"), at=at)
    return estate


async def _all_at_once(url: str, bodies: list[dict[str, Any]], keys: list[str]) -> list[Any]:
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Authorization": f"Terminal {TERMINAL_TOKEN}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def ask(body: dict[str, Any], key: str) -> Any:
            async with session.post(
                f"{url}/kiosk/claim", json=body, headers={"Idempotency-Key": key}
            ) as answer:
                return answer.status, await answer.json()

        return await asyncio.gather(
            *(ask(body, key) for body, key in zip(bodies, keys, strict=True))
        )


def _claim_together(url: str, bodies: list[dict[str, Any]], keys: list[str] | None = None) -> Any:
    keys = keys or [uuid.uuid4().hex for _ in bodies]
    return asyncio.run(_all_at_once(url, bodies, keys))


@pytest.mark.parametrize("command", [servers.ASGI, servers.WSGI], ids=["asgi", "wsgi"])
def test_64_claims_for_63_doors_give_63_assignments_and_one_polite_refusal(
    crowd: Estate, command: list[str]
) -> None:
    bodies = [{"badge": f"~77{n:08d}\r", "choice": {"any": True}} for n in range(PEOPLE)]
    with servers.serving(command) as url:
        answers = _claim_together(url, bodies)
    assert Counter(status for status, _ in answers) == {200: DOORS, 409: 1}
    refused = next(body for status, body in answers if status == 409)
    assert refused["code"] == "no_compartment_available"
    assert len({body["compartment"] for status, body in answers if status == 200}) == DOORS
    open_claims = Assignment.objects.filter(closed_at=None)
    assert open_claims.count() == open_claims.values("holder").distinct().count() == DOORS
    assert Event.objects.filter(action="assignment.claimed").count() == DOORS
    assert Event.objects.filter(action="request.refused").count() == 1


def test_one_person_at_many_screens_gets_one_door(crowd: Estate) -> None:
    with servers.serving() as url:
        answers = _claim_together(url, [{"badge": "~7700000000\r", "choice": {"any": True}}] * 16)
    assert Counter(status for status, _ in answers) == {200: 1, 409: 15}
    assert {body["code"] for status, body in answers if status == 409} == {"limit_reached"}
    assert Assignment.objects.count() == 1


def test_everybody_wants_that_very_door(crowd: Estate) -> None:
    choice = {"compartment": crowd.doors[0].pk}
    bodies = [{"badge": f"~77{n:08d}\r", "choice": choice} for n in range(16)]
    with servers.serving() as url:
        answers = _claim_together(url, bodies)
    assert Counter(status for status, _ in answers) == {200: 1, 409: 15}
    assert {body["code"] for status, body in answers if status == 409} == {"compartment_taken"}


def test_a_request_that_is_repeated_at_once_is_done_once(crowd: Estate) -> None:
    body = {"badge": "~7700000001\r", "choice": {"any": True}}
    with servers.serving() as url:
        answers = _claim_together(url, [body] * 8, ["the-very-same-key"] * 8)
    assert {status for status, _ in answers} == {200}
    assert len({json.dumps(body, sort_keys=True) for _, body in answers}) == 1
    assert Assignment.objects.count() == 1


def test_the_negative_control_double_books_without_the_constraints(crowd: Estate) -> None:
    """Check-then-insert with the constraints dropped: proves that these tests could fail."""
    with connection.cursor() as cursor:
        for constraint in (
            "ALTER TABLE occupancy_claim DROP CONSTRAINT"
            " occupancy_one_claim_per_compartment_and_time",
            "DROP INDEX occupancy_one_started_claim_per_compartment",
        ):
            cursor.execute(constraint)
    try:
        door, both = crowd.doors[0], threading.Barrier(2)

        def check_then_insert(holder_id: int) -> None:
            at = timezone.now()
            taken = Assignment.objects.filter(compartment=door, closed_at=None).exists()
            both.wait(5)
            if not taken:
                Assignment.objects.create(
                    compartment=door, kind="assignment", holder_id=holder_id,
                    policy=crowd.policy, starts_at=at, started_at=at,
                )  # fmt: skip
            connections.close_all()

        threads = [
            threading.Thread(target=check_then_insert, args=(person.pk,))
            for person in (crowd.amira, crowd.ben)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Assignment.objects.filter(compartment=door, closed_at=None).count() == 2
    finally:
        Assignment.objects.all().delete()
        _put_constraints_back()


def _put_constraints_back() -> None:
    wanted = {
        "occupancy_one_claim_per_compartment_and_time",
        "occupancy_one_started_claim_per_compartment",
    }
    from occupancy.models import Claim

    with connection.schema_editor() as editor:
        for constraint in Claim._meta.constraints:
            if constraint.name in wanted:
                editor.add_constraint(Claim, constraint)
