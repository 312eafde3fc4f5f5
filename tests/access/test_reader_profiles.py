"""Badges by canonical key: issued under a profile, known at every reader that reads them right."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from access.badges.profiles import Printed, Profile
from access.choices import Assurance, CredentialKind
from access.errors.badges import BadgeTaken, BadRead, UnknownBadge, UnknownFormat
from access.errors.badges import UnreadableBadge as Unreadable
from access.errors.decisions import NotAllowed
from access.models import Credential, Person
from access.services import credentials, identification, profiles
from access.services.shown import Where
from audit.errors import Refusal
from audit.models import Event
from audit.services import idempotency
from audit.services.events import Actor
from kiosk import authentication
from kiosk.services import readers, scans
from lockers.models import Reader, ReaderProfile
from tests import factories
from tests.factories.cast import AMIRA_BADGE, AMIRA_PIN, TERMINAL_TOKEN, Estate

FRAME = Profile(kind="wiegand", wiegand_format="H10301", content="frame", base="hex", digits=8)
LIST = Profile(kind="wiegand", wiegand_format="H10301", content="data", base="decimal", digits=10)
# Facility 123, number 4567, at readers of both profiles; and a check bit read wrong.
AS_FRAME, AS_NUMBER, MISREAD = "02F623AE", "0008065495", "02F623AF"
STAFF = Actor.staff(1)


@pytest.fixture
def where(estate: Estate) -> Where:
    return Where(
        Actor.terminal(estate.terminal.pk),
        estate.organisation.pk,
        estate.site.pk,
        estate.bank.pk,
        pin_rule="plain",
    )


def refused(call: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call()
    idempotency.settle(caught.value)
    return caught.value


def profile(estate: Estate, settings: Profile, **values: Any) -> ReaderProfile:
    return profiles.ensure(
        organisation=estate.organisation, name="Doors", settings=settings, actor=STAFF,
        at=dt.datetime.now(dt.UTC), **values,
    )  # fmt: skip


def issue(person: Person, text: str, at: dt.datetime, **values: Any) -> Credential:
    return credentials.issue_badge(person=person, text=text, actor=STAFF, at=at, **values)


def test_a_card_is_one_badge_at_readers_that_write_it_in_two_ways(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    badge = issue(estate.amira, AS_FRAME, at, profile=FRAME)
    assert (badge.scheme, badge.hint, badge.assurance) == ("wiegand:H10301", "4567", "plain")
    quiet = Where(where.actor, where.organisation_id, where.site_id, where.bank_id)
    for settings, text in ((FRAME, AS_FRAME), (LIST, AS_NUMBER)):
        found = identification.by_badge(text=text, profile=settings, where=quiet, at=at)
        assert found.credential_id == badge.pk
    # As a plain text it is another badge: nothing is guessed.
    refusal = refused(lambda: identification.by_badge(text=AS_FRAME, where=quiet, at=at))
    assert isinstance(refusal, UnknownBadge)


def test_a_wrong_check_bit_is_a_bad_read_and_never_another_badge(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    refusal = refused(
        lambda: identification.by_badge(text=MISREAD, profile=FRAME, where=where, at=at)
    )
    assert isinstance(refusal, BadRead)
    event = Event.objects.get(action="request.refused")
    assert event.data == {"code": "bad_read", "fault": "parity", "profile": "main"}


def test_a_card_format_that_the_profile_does_not_know_is_refused_with_an_event(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    long = Profile(kind="wiegand", wiegand_format="H10301", content="frame", base="hex", key="d")
    refusal = refused(
        lambda: identification.by_badge(text="15BFB8386A", profile=long, where=where, at=at)
    )
    assert isinstance(refusal, UnknownFormat)
    assert (refusal.code, refusal.http_status) == ("unknown_card_format", 400)
    event = Event.objects.get(action="request.refused")
    assert event.data == {"code": "unknown_card_format", "fault": "range", "profile": "d"}
    assert event.site_id == estate.site.pk


def test_part_of_a_serial_number_identifies_nobody(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    short = Profile(kind="uid", uid_bytes=4, byte_order="lsb")
    refusal = refused(
        lambda: identification.by_badge(text="1002701960", profile=short, where=where, at=at)
    )
    assert isinstance(refusal, UnknownFormat)
    assert Event.objects.get(action="request.refused").data["fault"] == "truncated"
    with pytest.raises(Unreadable) as typed:
        issue(estate.ben, "1002701960", at, profile=short)
    assert "only part of a longer serial number" in str(typed.value)


@pytest.mark.parametrize(
    ("issued", "reader", "asks"),
    [
        ("secure", "secure", False),
        ("osdp", "secure", False),
        ("secure", "plain", True),
        ("plain", "osdp", True),
        ("secure", "", False),  # a reader without a profile leaves it to the badge
    ],
)
def test_a_badge_is_as_hard_to_copy_as_the_way_it_is_read(
    estate: Estate, where: Where, at: dt.datetime, issued: str, reader: str, asks: bool
) -> None:
    def at_reader(assurance: str) -> Profile:
        return Profile(**{**FRAME.__dict__, "assurance": assurance})

    issue(estate.amira, AS_FRAME, at, profile=at_reader(issued))

    def tap() -> object:
        return identification.by_badge(text=AS_FRAME, profile=at_reader(reader), where=where, at=at)

    if asks:
        refusal = refused(tap)
        assert isinstance(refusal, NotAllowed)
        assert refusal.code == "pin_required"
    else:
        tap()


def test_a_secure_badge_that_waits_for_a_pin_gets_in_by_it_alone(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    """A weak reader made it wait: coming again without a PIN must not count it as secure."""
    secure = Profile(**{**FRAME.__dict__, "assurance": "secure"})
    badge = issue(estate.amira, AS_FRAME, at, profile=secure)
    refusal = refused(
        lambda: identification.by_credential(credential_id=badge.pk, pin=None, where=where, at=at)
    )
    assert refusal.code == "pin_required"
    found = identification.by_credential(credential_id=badge.pk, pin=AMIRA_PIN, where=where, at=at)
    assert found.person_id == estate.amira.pk


def test_the_kiosk_reads_by_the_profile_of_the_reader_that_typed(
    estate: Estate, at: dt.datetime
) -> None:
    issue(estate.ben, AS_NUMBER, at, profile=LIST)
    frames = profile(estate, FRAME)
    factories.ReaderFactory(bank=estate.bank, prefix="$", length=8, profile=frames)
    here = authentication.resolve(TERMINAL_TOKEN)
    assert here is not None
    assert {(r.length, r.profile.kind) for r in here.readers} == {(10, "text"), (8, "wiegand")}
    found = scans.identify(here=here, raw=f"${AS_FRAME}\r", at=at)
    assert found.person_id == estate.ben.pk
    assert scans.identify(here=here, raw=f"~{AMIRA_BADGE}\r", at=at).person_id == estate.amira.pk
    assert isinstance(
        refused(lambda: scans.identify(here=here, raw=f"${MISREAD}\r", at=at)), BadRead
    )


def test_two_readers_that_frame_alike_and_read_otherwise_are_not_guessed_between(
    estate: Estate, at: dt.datetime
) -> None:
    factories.ReaderFactory(bank=estate.bank, profile=profile(estate, LIST))
    here = authentication.resolve(TERMINAL_TOKEN)
    assert here is not None
    refusal = refused(lambda: scans.identify(here=here, raw=f"~{AMIRA_BADGE}\r", at=at))
    assert isinstance(refusal, BadRead)


def test_a_reader_wired_to_the_bridge_reads_by_its_profile(estate: Estate, at: dt.datetime) -> None:
    issue(estate.ben, AS_FRAME, at, profile=FRAME)
    reader = factories.ReaderFactory(
        bank=estate.bank, compartment=estate.doors[1], transport="wired", length=10,
        address="tcp://127.0.0.1:1", profile=profile(estate, LIST),
    )  # fmt: skip
    assert estate.bridge is not None

    def tap(text: str) -> bool:
        return readers.scan_at_reader(
            reader_id=reader.pk, text=text, scan_id=uuid.uuid4(), bridge_id=estate.bridge.pk, at=at
        )[0]

    assert tap(AS_NUMBER)
    assert not tap("0016777216")  # more than 24 bits
    assert Event.objects.get(action="request.refused").data["code"] == "unknown_card_format"


def test_a_number_may_be_given_as_a_list_prints_it(estate: Estate, at: dt.datetime) -> None:
    badge = issue(estate.amira, "123,04567", at, profile=FRAME, printed=Printed.PAIR)
    with pytest.raises(BadgeTaken) as taken:
        issue(estate.ben, AS_NUMBER, at, profile=FRAME, printed=Printed.DECIMAL)
    assert taken.value.holder_id == estate.amira.pk
    assert taken.value.body()["facts"] == {"hint": badge.hint}, "whose it is stays with the server"


@pytest.mark.parametrize("kind", [CredentialKind.WRISTBAND, CredentialKind.PHONE])
def test_wristbands_and_phones_are_known_by_their_number_too(
    estate: Estate, where: Where, at: dt.datetime, kind: CredentialKind
) -> None:
    given = issue(estate.amira, AS_FRAME, at, profile=FRAME, kind=kind)
    quiet = Where(where.actor, where.organisation_id, where.site_id, where.bank_id)
    found = identification.by_badge(text=AS_FRAME, profile=FRAME, where=quiet, at=at)
    assert (found.credential_id, found.kind) == (given.pk, kind)
    with pytest.raises(BadgeTaken):
        issue(estate.ben, AS_FRAME, at, profile=FRAME)


def test_a_timed_badge_works_from_then_until_then(
    estate: Estate, where: Where, at: dt.datetime
) -> None:
    hour = dt.timedelta(hours=1)
    quiet = Where(where.actor, where.organisation_id, where.site_id, where.bank_id)
    issue(estate.amira, AS_FRAME, at, profile=FRAME, valid_from=at + hour,
          valid_until=at + 2 * hour)  # fmt: skip

    def tap(moment: dt.datetime) -> object:
        return identification.by_badge(text=AS_FRAME, profile=FRAME, where=quiet, at=moment)

    assert refused(lambda: tap(at)).code == "credential_not_yet_valid"
    tap(at + hour)
    assert refused(lambda: tap(at + 2 * hour)).code == "credential_over"


def test_the_same_way_to_read_is_the_same_profile(estate: Estate) -> None:
    first = profile(estate, FRAME)
    assert profile(estate, FRAME) == first
    second = profile(estate, LIST)
    assert (first.key, second.key, second.name) == ("doors", "doors-2", "Doors 2")
    assert first.assurance == Assurance.PLAIN
    added = Event.objects.filter(action="record.added", subject__startswith="lockers.readerprofile")
    assert [event.data["reads"] for event in added] == ["wiegand:H10301"] * 2


def test_readers_of_a_terminal_that_frame_alike_get_the_profile_together(estate: Estate) -> None:
    twin = factories.ReaderFactory(bank=estate.bank)
    other = factories.ReaderFactory(bank=estate.bank, prefix="$")
    given = profile(estate, LIST, reader=estate.reader)
    found = Reader.objects.in_bulk([estate.reader.pk, twin.pk, other.pk])
    assert [reader.profile_id for reader in found.values()] == [given.pk, given.pk, None]
    event = Event.objects.get(action="record.changed")
    assert event.data == {"changed": {"profile": ["", "Doors"]}}


def test_a_reader_takes_no_profile_that_does_not_fit(estate: Estate) -> None:
    with pytest.raises(ValidationError, match="8 characters"):
        profile(estate, FRAME, reader=estate.reader)
    assert not ReaderProfile.objects.exists(), "half of it was kept"
    theirs = factories.ReaderProfileFactory(organisation=estate.other_site.organisation)
    reader = estate.reader
    reader.profile = theirs
    with pytest.raises(ValidationError, match="another organisation"):
        reader.clean()
