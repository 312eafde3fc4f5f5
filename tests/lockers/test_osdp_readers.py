"""OSDP readers in the administration: what they need, and the key that nobody sees."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from audit.models import Event
from lockers import sealing
from lockers.models import Reader
from lockers.services import reader_keys
from tests import factories
from tests.admin_pages import filled_in, signed_in
from tests.factories.cast import SETUP, Estate


@pytest.fixture
def reader(estate: Estate) -> Reader:
    return factories.OsdpReaderFactory(bank=estate.bank, name="Hall")


def page_of(reader: Reader) -> str:
    return reverse("admin:lockers_reader_change", args=[reader.pk])


def renew(client: Client, *readers: Reader) -> str:
    posted = {"action": "renew_key", "_selected_action": [one.pk for one in readers]}
    address = reverse("admin:lockers_reader_changelist")
    return client.post(address, posted, follow=True).content.decode()


# ---- what it needs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"address": ""}, "address"), ({"profile": None}, "profile"), ({"unit": 127}, "unit"),
     ({"baudrate": 300}, "baudrate")],
)  # fmt: skip
def test_it_needs_address_profile_number_and_speed(
    reader: Reader, wrong: dict[str, Any], field: str
) -> None:
    for name, value in wrong.items():
        setattr(reader, name, value)
    with pytest.raises(ValidationError) as refused:
        reader.full_clean()
    assert field in refused.value.message_dict


@pytest.mark.parametrize(
    "reads",
    [
        {"kind": "text"},
        {"kind": "uid", "uid_bytes": 4, "base": "decimal"},
        {"kind": "uid", "uid_bytes": 4, "base": "hex", "byte_order": "lsb"},
        {"kind": "wiegand", "wiegand_format": "H10301", "content": "frame", "base": "hex"},
    ],
)
def test_a_profile_that_reads_otherwise_is_refused(reader: Reader, reads: dict[str, Any]) -> None:
    organisation = reader.bank.site.organisation
    reader.profile = factories.ReaderProfileFactory(organisation=organisation, **reads)
    with pytest.raises(ValidationError, match="OSDP readers send all bits"):
        reader.full_clean()


def test_a_uid_in_hexadecimal_is_what_it_may_send(reader: Reader) -> None:
    reader.profile = factories.ReaderProfileFactory(
        organisation=reader.bank.site.organisation, kind="uid", uid_bytes=7, base="hex"
    )
    reader.full_clean()


def test_length_prefix_and_suffix_mean_nothing_for_it(reader: Reader) -> None:
    assert reader.profile is not None
    reader.profile.digits = 8
    reader.length, reader.prefix = 3, ""
    reader.full_clean()


def test_readers_of_two_banks_on_one_wire_differ_in_number_and_agree_in_speed(
    estate: Estate, reader: Reader
) -> None:
    beside = factories.BankFactory(site=estate.site, bridge=estate.bridge, name="B")
    other = factories.OsdpReaderFactory(bank=beside, unit=1)
    other.full_clean()
    other.unit = reader.unit
    with pytest.raises(ValidationError, match="has this number"):
        other.full_clean()
    other.unit, other.baudrate = 1, 115200
    with pytest.raises(ValidationError, match="another speed"):
        other.full_clean()
    other.address = "/dev/ttyUSB1"
    other.full_clean()


# ---- its key ------------------------------------------------------------------------------------


def test_its_key_is_16_random_bytes_stored_sealed_for_this_reader_alone(
    estate: Estate, reader: Reader
) -> None:
    other = factories.OsdpReaderFactory(bank=estate.bank, unit=1)
    keys = {reader_keys.key_of(reader), reader_keys.key_of(other)}
    assert len(keys) == 2 and {len(bytes.fromhex(key)) for key in keys} == {16}
    assert not any(key in reader.sealed_key + other.sealed_key for key in keys)
    reader.sealed_key = other.sealed_key
    assert reader_keys.key_of(reader) == ""


def test_a_key_that_was_taken_is_given_to_nobody_else(reader: Reader, at: dt.datetime) -> None:
    Reader.objects.filter(pk=reader.pk).update(installs_key=True)
    assert reader_keys.installed(reader=reader, actor=SETUP, at=at)
    assert not reader_keys.installed(reader=reader, actor=SETUP, at=at)
    assert not Reader.objects.get(pk=reader.pk).installs_key
    event = Event.objects.get(action="reader.key_installed")
    assert (event.subject, event.bank_id) == (f"lockers.reader:{reader.pk}", reader.bank_id)


def test_that_an_older_key_was_taken_is_no_news_of_the_new_one(
    reader: Reader, at: dt.datetime
) -> None:
    newer = Reader.objects.get(pk=reader.pk)
    reader_keys.renew(reader=newer, actor=SETUP, at=at)
    Reader.objects.filter(pk=reader.pk).update(installs_key=True)
    assert not reader_keys.installed(reader=reader, actor=SETUP, at=at)
    assert Reader.objects.get(pk=reader.pk).installs_key


def test_keys_are_sealed_again_with_the_others(reader: Reader, settings: Any) -> None:
    before, key = settings.COMBINATION_KEYS, reader_keys.key_of(reader)
    settings.COMBINATION_KEYS = [Fernet.generate_key().decode(), *before]
    call_command("rotate_combination_key")
    settings.COMBINATION_KEYS = settings.COMBINATION_KEYS[:1]
    assert reader_keys.key_of(Reader.objects.get(pk=reader.pk)) == key


# ---- its page -----------------------------------------------------------------------------------


def test_a_reader_that_becomes_an_osdp_reader_is_given_a_key_that_no_page_shows(
    estate: Estate, reader: Reader
) -> None:
    client, page = signed_in(estate.max), page_of(estate.reader)
    chosen = {"transport": "osdp", "address": "/dev/ttyUSB9", "unit": 5, "installs_key": "on",
              "profile": reader.profile_id}  # fmt: skip
    assert client.post(page, filled_in(client, page) | chosen).status_code == 302
    made = Reader.objects.get(pk=estate.reader.pk)
    assert (made.transport, made.unit, made.installs_key) == ("osdp", 5, True)
    key = reader_keys.key_of(made)
    assert len(key) == 32
    assert Event.objects.filter(
        action="reader.key_made", subject=f"lockers.reader:{made.pk}",
        actor_id=str(estate.max.pk),
    ).exists()  # fmt: skip
    shown = client.get(page).content.decode()
    assert key not in shown and made.sealed_key not in shown
    assert not any(key in str(event.data) for event in Event.objects.all())


def test_a_new_osdp_reader_is_added_with_its_key(estate: Estate, reader: Reader) -> None:
    client = signed_in(estate.max)
    posted = {"bank": estate.bank.pk, "name": "Stairs", "purpose": "entry", "transport": "osdp",
              "address": "/dev/ttyUSB0", "unit": 9, "baudrate": 9600, "length": 10,
              "profile": reader.profile_id}  # fmt: skip
    answer = client.post(reverse("admin:lockers_reader_add"), posted)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert len(reader_keys.key_of(Reader.objects.get(name="Stairs"))) == 32


def test_without_a_key_to_seal_with_it_is_refused(
    estate: Estate, reader: Reader, settings: Any
) -> None:
    settings.COMBINATION_KEYS = []
    client, page = signed_in(estate.max), page_of(reader)
    answer = client.post(page, filled_in(client, page, unit=7))
    assert "LOCKWRIGHT_COMBINATION_KEYS is not set" in answer.content.decode()
    assert "LOCKWRIGHT_COMBINATION_KEYS is not set" in renew(client, reader)
    with pytest.raises(sealing.CannotOpen):
        reader_keys.make(reader=reader, actor=SETUP, at=dt.datetime.now(dt.UTC))


def test_a_reader_of_another_kind_is_never_set_up(estate: Estate) -> None:
    client, page = signed_in(estate.max), page_of(estate.reader)
    assert client.post(page, filled_in(client, page, installs_key="on")).status_code == 302
    assert not Reader.objects.get(pk=estate.reader.pk).installs_key


def test_a_suffix_is_shown_as_it_is_written_and_kept_as_it_is_sent(estate: Estate) -> None:
    client, page = signed_in(estate.max), page_of(estate.reader)
    assert 'value="\\r"' in client.get(page).content.decode()
    assert client.post(page, filled_in(client, page, suffix="\\r\\n")).status_code == 302
    assert Reader.objects.get(pk=estate.reader.pk).suffix == "\r\n"
    assert client.post(page, filled_in(client, page, suffix="")).status_code == 200


def test_a_new_key_is_made_by_hand_and_has_to_be_given_by_hand(
    estate: Estate, reader: Reader
) -> None:
    Reader.objects.filter(pk=reader.pk).update(installs_key=True)
    before = reader_keys.key_of(reader)
    said = renew(signed_in(estate.max), reader, estate.reader)
    assert "Hall has a new key" in said and "Badge reader A has" not in said
    renewed = Reader.objects.get(pk=reader.pk)
    assert reader_keys.key_of(renewed) not in ("", before)
    assert not renewed.installs_key
    assert Event.objects.filter(action="reader.key_made", actor_id=str(estate.max.pk)).count() == 1


def test_staff_who_may_only_look_make_no_key(estate: Estate, reader: Reader) -> None:
    renew(signed_in(estate.olga), reader)
    assert Reader.objects.get(pk=reader.pk).sealed_key == reader.sealed_key
