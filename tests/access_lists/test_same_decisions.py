"""Server and bridge decide alike: on the database, and on the list that was made of it earlier.

What differs by nature: who left and has nothing there is nobody to the bridge; a locker that could
be claimed is ``nothing_held`` there; and a pass ends when it says, although the register may have
moved its end since.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access import hashing
from access.access_list import deciding
from access.access_list.deciding import Place
from access.access_list.index import AccessList
from access.errors.decisions import NotAllowed
from access.models import Credential, Department, Hold, Person, Role
from access.services import digests, grants, identification, profiles
from access.services.shown import Where
from audit.errors import Refusal
from audit.services.events import Actor
from kiosk.services import taps
from lockers.choices import ReaderTransport
from lockers.models import Bank, BridgePresence, Command, Compartment, Reader
from occupancy.choices import AtEnd, ClaimKind
from occupancy.models import Assignment, Policy, Share
from tests import factories
from tests.access_lists.making import as_read
from tests.factories.cast import AMIRA_BADGE, AMIRA_PIN, Estate

HOURS = st.sampled_from([-30, -3, -1, 0, 1, 3, 30])
MAYBE_HOURS = st.none() | HOURS
TAP_LATER_H = st.sampled_from([0, 1, 2, 26])
WHOSE = st.sampled_from(["own", "share", "one opening", "role", "department", "another's"])
USES = st.lists(
    st.tuples(WHOSE, st.sampled_from([None, 1, 2, 30]), st.sampled_from(list(AtEnd))), max_size=3
)


def hours(at: dt.datetime, after: int | None) -> dt.datetime | None:
    return at + dt.timedelta(hours=after) if after is not None else None


def use(
    estate: Estate, door: Compartment, whose: str, ends: int | None, at_end: str, at: dt.datetime
) -> None:
    """Give a door away in one of the ways in which doors are given."""
    for_many = {
        "role": {"role": estate.amira.role},
        "department": {"department": estate.amira.department},
    }
    holder = {"holder": estate.amira if whose == "own" else estate.ben}
    claim = Assignment.objects.create(
        kind=ClaimKind.ASSIGNMENT,
        compartment=door, starts_at=at - dt.timedelta(hours=door.column),
        started_at=at - dt.timedelta(hours=door.column), ends_at=hours(at, ends), at_end=at_end,
        policy=estate.policy, **for_many.get(whose, holder),
    )  # fmt: skip
    grant = {"compartment_id": door.pk, "claim_id": claim.pk, "ends_at": claim.ends_at}
    named = {
        "own": {"person_id": estate.amira.pk},
        "role": {"role_id": estate.amira.role_id},
        "department": {"department_id": estate.amira.department_id},
    }
    grants.issue(
        starts_at=claim.starts_at, **grant, **named.get(whose, {"person_id": estate.ben.pk})
    )
    if whose in {"share", "one opening"}:
        until = min(claim.ends_at or at + dt.timedelta(hours=3), at + dt.timedelta(hours=3))
        Share.objects.create(
            claim=claim, person=estate.amira, starts_at=at, until=until,
            is_one_opening=whose == "one opening",
        )  # fmt: skip
        grants.issue(**{**grant, "ends_at": until}, starts_at=at, person_id=estate.amira.pk)


def on_the_server(
    estate: Estate, reader: Reader, pin: str | None, at: dt.datetime
) -> tuple[str, int | None]:
    """Return what the server says to a badge, and which door it opens."""
    bank = Bank.objects.get(pk=estate.bank.pk)
    where = Where(
        Actor.bridge(estate.bridge.pk), estate.organisation.pk, estate.site.pk, bank.pk,
        bank.pin_rule,
    )  # fmt: skip
    BridgePresence.objects.update(last_seen_at=at)
    profile = Reader.objects.select_related("profile").get(pk=reader.pk).profile
    try:
        found = identification.by_badge(
            text=AMIRA_BADGE, where=where, at=at, pin=pin, profile=profiles.settings_of(profile)
        )
        taps.act(reader=reader, person_id=found.person_id, at=at)
    except NotAllowed as refusal:
        return refusal.decision.code.value, None
    except Refusal as refusal:
        # Nothing of theirs, and nothing that could be claimed.
        known = refusal.code in {"unknown_badge", "bad_read", "unknown_format"}
        return refusal.code if known else "nothing_held", None
    return "allowed", Command.objects.get().compartment_id


def on_the_bridge(
    known: AccessList, reader: Reader, pin: str | None, at: dt.datetime
) -> tuple[str, int | None]:
    """Return what the bridge says to a badge, and which door it opens."""
    place = Place(reader.bank_id, reader.pk, reader.compartment_id)
    answer = deciding.by_badge(known, place, AMIRA_BADGE, at, has_shown_pin=pin is not None)
    if answer.allowed:
        answer = deciding.door(known, answer, place, at)
    return answer.code, answer.compartment_id if answer.allowed else None


@pytest.fixture
def drawn(estate: Estate) -> Estate:
    """The cast without anything to claim, and two readers."""
    Policy.objects.update(is_active=False)
    for number, door in ((1, None), (2, estate.doors[1])):
        estate.extra[f"reader {number}"] = factories.ReaderFactory(
            bank=estate.bank, compartment=door, transport=ReaderTransport.WIRED,
            address=f"tcp://127.0.0.1:{number}",
        )  # fmt: skip
    role = Role.objects.create(organisation=estate.organisation, name="Nurse")
    department = Department.objects.create(organisation=estate.organisation, name="Ward")
    Person.objects.filter(pk=estate.amira.pk).update(role=role, department=department)
    estate.amira.refresh_from_db()
    return estate


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    status=st.sampled_from(["active", "active", "active", "suspended", "left"]),
    hold=st.none() | st.none() | st.tuples(HOURS, MAYBE_HOURS),
    badge=st.sampled_from(["active", "active", "active", "suspended", "revoked"]),
    window=st.tuples(st.none() | HOURS, st.none() | HOURS),
    assurance=st.sampled_from(["plain", "secure", "osdp"]),
    reads=st.sampled_from([None, "plain", "secure"]),
    pin_rule=st.sampled_from(["never", "never", "plain", "always"]),
    pin=st.sampled_from([None, AMIRA_PIN]),
    curfew=st.none() | st.none() | st.tuples(st.integers(0, 23), st.integers(0, 23)),
    service=st.sampled_from(["in_service", "fault", "out_of_service"]),
    uses=USES,
    at_door=st.booleans(),
    later=TAP_LATER_H,
)  # fmt: skip
def test_a_bridge_says_what_the_server_would(
    drawn: Estate, at: dt.datetime, uses: Any, at_door: bool, later: int, pin: str | None,
    **facts: Any,
) -> None:  # fmt: skip
    with transaction.atomic():
        bridge, server = both(drawn, at, uses, at_door, later, pin, **facts)
        transaction.set_rollback(True)
    if bridge[0] == "unknown_badge":
        assert server == ("person_left", None)
    elif bridge[0] == "nothing_held":
        # There the server tries to give one, and says why it does not.
        assert server[1] is None
    else:
        assert bridge == server


OWN = [("own", None, AtEnd.RELEASE)]
EVERY_RULE: dict[str, dict[str, Any]] = {
    "allowed": {},
    "person_suspended": {"status": "suspended"},
    "person_left": {"status": "left"},
    "person_held": {"hold": (-1, None)},
    "credential_suspended": {"badge": "suspended"},
    "credential_revoked": {"badge": "revoked"},
    "credential_not_yet_valid": {"window": (1, None)},
    "credential_over": {"window": (None, 0)},
    "pin_required": {"pin_rule": "always"},
    "no_grant": {"uses": [*OWN, ("another's", None, AtEnd.RELEASE)], "at_door": True},
    "grant_over": {"uses": [("own", 1, AtEnd.HOLD)], "later": 2},
    "curfew": {"curfew": (8, 18)},
    "nothing_held": {"uses": []},
}


@pytest.mark.parametrize("code", EVERY_RULE)
def test_every_rule_of_the_decision_is_one_of_the_bridge(
    drawn: Estate, at: dt.datetime, code: str
) -> None:
    usual = {"uses": OWN, "at_door": False, "later": 0, "pin": None}
    bridge, server = both(drawn, at, **(usual | EVERY_RULE[code]))
    assert bridge == server
    assert bridge[0] == code


def test_of_two_grants_of_a_door_the_one_that_holds_counts(drawn: Estate, at: dt.datetime) -> None:
    use(drawn, drawn.doors[0], "own", None, AtEnd.RELEASE, at)
    claim = Assignment.objects.get()
    # A later one, which is over when the badge is shown.
    grants.issue(
        compartment_id=drawn.doors[0].pk, claim_id=claim.pk, starts_at=at, ends_at=hours(at, 1),
        person_id=drawn.amira.pk,
    )  # fmt: skip
    bridge, server = both(drawn, at, [], at_door=False, later=2, pin=None)
    assert bridge == server == ("allowed", drawn.doors[0].pk)


def both(
    drawn: Estate, at: dt.datetime, uses: Any, at_door: bool, later: int, pin: str | None,
    **facts: Any,
) -> tuple[tuple[str, int | None], tuple[str, int | None]]:  # fmt: skip
    """Return what bridge and server say, later, to what was so when the list was made."""
    _arrange(drawn, at, **facts)
    for door, (whose, ends, at_end) in zip(drawn.doors, uses, strict=False):
        use(drawn, door, whose, ends, at_end, at)
    reader: Any = drawn.extra["reader 2" if at_door else "reader 1"]
    known = as_read(drawn.bridge, at)
    tapped = at + dt.timedelta(hours=later)
    return on_the_bridge(known, reader, pin, tapped), on_the_server(drawn, reader, pin, tapped)


def _arrange(
    drawn: Estate, at: dt.datetime, status: str = "active", hold: Any = None,
    badge: str = "active", window: Any = (None, None), assurance: str = "plain",
    reads: str | None = None, pin_rule: str = "never", curfew: Any = None,
    service: str = "in_service",
) -> None:  # fmt: skip
    """Write down what is so of Amira, her badge and the bank."""
    Person.objects.filter(pk=drawn.amira.pk).update(status=status)
    if hold is not None:
        begins, ends = hours(at, hold[0]), hours(at, hold[1])
        if ends is None or (begins is not None and ends > begins):
            Hold.objects.create(person=drawn.amira, reason="x", starts_at=begins, ends_at=ends)
    begins, ends = hours(at, window[0]), hours(at, window[1])
    if begins is not None and ends is not None and ends <= begins:
        ends = None
    Credential.objects.filter(person=drawn.amira, kind="badge").update(
        status=badge, valid_from=begins, valid_until=ends, assurance=assurance
    )
    hour = (lambda n: dt.time(n)) if curfew and curfew[0] != curfew[1] else (lambda n: None)
    Bank.objects.filter(pk=drawn.bank.pk).update(
        pin_rule=pin_rule,
        curfew_from=hour(curfew[0]) if curfew else None,
        curfew_until=hour(curfew[1]) if curfew else None,
    )
    Compartment.objects.update(service_status=service)
    if reads is not None:
        profile = factories.ReaderProfileFactory(
            organisation=drawn.organisation, key="main2", assurance=reads
        )
        Reader.objects.update(profile=profile)
        # The text of that profile is another key: the badge is issued for it.
        canonical = hashing.canonical_text(AMIRA_BADGE, profiles.settings_of(profile))
        Credential.objects.filter(person=drawn.amira, kind="badge").update(
            digest=digests.of(drawn.organisation.pk, canonical)
        )
