"""OSDP readers as the server knows them: what a bridge is told, and PINs typed on their keys."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from access.badges.profiles import Profile
from access.services import credentials
from audit.models import Answer, Event
from kiosk import configuration
from kiosk.models import Terminal
from kiosk.services import reader_setups, readers
from kiosk.services.readers import Told
from lockers.choices import PinRule
from lockers.models import Bank, Command, Reader
from lockers.services import reader_keys
from tests import factories
from tests.factories.cast import AMIRA_PIN, SETUP, Estate

CARD = "BD88EB80"
H10301 = Profile(kind="wiegand", wiegand_format="H10301", content="left", base="hex")


@pytest.fixture
def reader(estate: Estate, at: dt.datetime) -> Reader:
    """A reader at a bank without a screen; Amira has a card that it reads."""
    Terminal.objects.all().delete()
    credentials.issue_badge(person=estate.amira, text=CARD, profile=H10301, actor=SETUP, at=at)
    return factories.OsdpReaderFactory(bank=estate.bank, unit=7, baudrate=115200)


def show(reader: Reader, at: dt.datetime, text: str = CARD, pin: str = "") -> Told:
    return readers.scan_at_reader(
        reader_id=reader.pk, text=text, pin=pin, scan_id=uuid.uuid4(),
        bridge_id=reader.bank.bridge_id or 0, at=at,
    )  # fmt: skip


# ---- what a bridge is told ----------------------------------------------------------------------


def test_a_bridge_is_told_number_key_and_how_many_bits_a_card_has(
    estate: Estate, reader: Reader
) -> None:
    (told,) = configuration.of(estate.bridge).readers
    assert (told.driver, told.unit, told.key) == ("osdp", 7, reader_keys.key_of(reader))
    assert told.options == {"baudrate": 115200, "secure": "enforce", "bits": 26}
    assert (told.length, told.prefix, told.suffix) == (8, "", "")


@pytest.mark.parametrize(
    ("reads", "bits", "length"),
    [
        ({"kind": "wiegand", "wiegand_format": "H10302", "content": "left", "base": "hex"}, 37, 10),
        ({"kind": "uid", "uid_bytes": 4, "base": "hex"}, 32, 8),
        ({"kind": "uid", "uid_bytes": 7, "base": "hex"}, 56, 14),
    ],
)
def test_the_bits_are_those_of_the_profile(
    estate: Estate, reader: Reader, reads: dict[str, object], bits: int, length: int
) -> None:
    reader.profile = factories.ReaderProfileFactory(organisation=estate.organisation, **reads)
    reader.save(update_fields=["profile"])
    (told,) = configuration.of(estate.bridge).readers
    assert (told.options["bits"], told.length) == (bits, length)


def test_the_key_is_in_no_representation(estate: Estate, reader: Reader) -> None:
    config = configuration.of(estate.bridge)
    assert config.readers[0].key not in repr(config)
    assert f"reader_id={reader.pk}" in repr(config)


def test_a_key_that_cannot_be_opened_stops_one_reader_and_no_configuration(
    estate: Estate, reader: Reader
) -> None:
    other = factories.OsdpReaderFactory(bank=estate.bank, unit=8)
    Reader.objects.filter(pk=reader.pk).update(sealed_key=other.sealed_key)
    keys = [told.key for told in configuration.of(estate.bridge).readers]
    assert keys == ["", reader_keys.key_of(other)]


# ---- the end of setting a reader up -------------------------------------------------------------


def test_setting_up_ends_when_the_bridge_says_so_by_this_configuration(
    estate: Estate, reader: Reader, at: dt.datetime
) -> None:
    Reader.objects.filter(pk=reader.pk).update(installs_key=True)
    config = configuration.of(estate.bridge)
    assert config.readers[0].options["secure"] == "install"

    def ended(config_hash: str) -> bool:
        return reader_setups.ended(
            bridge=estate.bridge, reader_id=reader.pk, config_hash=config_hash, at=at
        )

    assert not ended("an older one")
    assert Reader.objects.get(pk=reader.pk).installs_key
    assert ended(config.config_hash)
    assert not Reader.objects.get(pk=reader.pk).installs_key
    assert Event.objects.get(action="reader.key_installed").actor_kind == "bridge"


def test_another_bridge_ends_nothing(estate: Estate, reader: Reader, at: dt.datetime) -> None:
    Reader.objects.filter(pk=reader.pk).update(installs_key=True)
    stranger = factories.BridgeFactory(site=estate.site)
    config_hash = configuration.of(stranger).config_hash
    assert not reader_setups.ended(
        bridge=stranger, reader_id=reader.pk, config_hash=config_hash, at=at
    )


# ---- PINs ---------------------------------------------------------------------------------------


def test_a_card_opens_where_no_pin_is_asked_for(reader: Reader, at: dt.datetime) -> None:
    assert show(reader, at)[::2] == (True, False)
    assert Command.objects.count() == 1


def test_a_card_of_another_length_opens_nothing(reader: Reader, at: dt.datetime) -> None:
    assert show(reader, at, CARD + "00")[::2] == (False, False)
    assert Event.objects.get(action="request.refused").data["code"] == "bad_read"


@pytest.fixture
def strict(reader: Reader) -> Reader:
    Bank.objects.update(pin_rule=PinRule.ALWAYS)
    return Reader.objects.get(pk=reader.pk)


def test_a_good_card_is_asked_for_its_pin_and_opens_with_it(
    strict: Reader, at: dt.datetime
) -> None:
    assert show(strict, at) == Told(False, "Type your PIN.", True)
    assert not Command.objects.exists()
    assert not Event.objects.filter(action="request.refused").exists()
    assert show(strict, at, pin=AMIRA_PIN)[::2] == (True, False)
    assert Command.objects.count() == 1


def test_a_wrong_pin_opens_nothing_and_is_counted(strict: Reader, at: dt.datetime) -> None:
    assert show(strict, at, pin="111222")[::2] == (False, False)
    assert not Command.objects.exists()
    assert Event.objects.filter(action="person.pin_wrong").count() == 1


def test_an_unknown_card_is_asked_for_no_pin(strict: Reader, at: dt.datetime) -> None:
    assert show(strict, at, "00000080")[::2] == (False, False)


def test_neither_pin_nor_card_is_stored(strict: Reader, at: dt.datetime) -> None:
    show(strict, at, pin=AMIRA_PIN)
    stored = [str(one.__dict__) for rows in (Answer, Event) for one in rows.objects.all()]
    assert stored and not any(AMIRA_PIN in one or CARD in one for one in stored)


def test_at_a_bank_with_a_screen_the_pin_is_typed_there(
    estate: Estate, strict: Reader, at: dt.datetime
) -> None:
    factories.TerminalFactory(bank=estate.bank, token_digest="beside")
    assert show(strict, at) == Told(True, "Look at the screen.", False)
