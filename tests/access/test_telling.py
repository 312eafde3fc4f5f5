"""Another channel than e-mail: sealed where it is kept, and tried again until it takes a letter."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

import apprise
import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from access.choices import Channel, NoticeKind
from access.models import Notice, NoticeRules
from access.services import notices, telling
from access.services.notices import Word
from audit.actions import Action
from audit.models import Event
from lockers import sealing
from tests.factories.cast import SETUP, Estate

ADDRESS = "json://secret-token@chat.example/lockers"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def key(settings: Any) -> str:
    made = Fernet.generate_key().decode()
    settings.COMBINATION_KEYS = [made]
    return made


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Catch what apprise would send; nothing goes out."""
    caught: list[tuple[str, str]] = []

    def notify(self: Any, body: str, title: str = "", **more: Any) -> bool:
        caught.append((self.urls()[0], title))
        return True

    monkeypatch.setattr(apprise.Apprise, "notify", notify)
    return caught


def rules(estate: Estate, at: dt.datetime, address: str = ADDRESS, **values: Any) -> NoticeRules:
    made = NoticeRules.objects.create(organisation=estate.organisation, **values)
    telling.set_channel(rules=made, address=address, actor=SETUP, at=at)
    return made


def tell(estate: Estate, at: dt.datetime, **values: Any) -> None:
    word = Word(
        kind=NoticeKind.CLAIM_ENDED, site_id=estate.site.pk, subject="claim:1",
        facts={"door": "7", "bank": "A", "ended_at": at}, channel=Channel.OTHER, **values,
    )  # fmt: skip
    notices.tell(word, at=at)


def test_the_address_is_never_stored_in_clear(estate: Estate, at: dt.datetime, key: str) -> None:
    made = NoticeRules.objects.get(pk=rules(estate, at).pk)
    assert "secret" not in made.sealed_channel
    assert sealing.unseal([key], made.seal_place, made.sealed_channel) == ADDRESS


def test_without_a_key_nothing_is_kept(estate: Estate, at: dt.datetime, settings: Any) -> None:
    settings.COMBINATION_KEYS = []
    with pytest.raises(sealing.CannotOpen):
        rules(estate, at)


def test_what_apprise_does_not_understand_is_refused(
    estate: Estate, at: dt.datetime, key: str
) -> None:
    with pytest.raises(telling.BadChannel):
        rules(estate, at, "carrier-pigeon")


def test_the_sites_own_channel_goes_before_its_organisations(
    estate: Estate, at: dt.datetime, key: str, sent: list[tuple[str, str]]
) -> None:
    rules(estate, at)
    rules(estate, at, "json://harbour.example", site=estate.site)
    tell(estate, at)
    assert notices.send_due(at=at) == 1
    assert sent[0][0].startswith("json://harbour.example")
    assert sent[0][1] == "Locker 7, bank A, is released"


def test_a_channel_that_fails_is_tried_again(
    estate: Estate, at: dt.datetime, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules(estate, at)
    tell(estate, at)
    monkeypatch.setattr(apprise.Apprise, "notify", lambda *args, **values: False)
    assert notices.send_due(at=at) == 0
    assert Notice.objects.get().try_at == at + MINUTE
    monkeypatch.setattr(apprise.Apprise, "notify", lambda *args, **values: True)
    assert notices.send_due(at=at + MINUTE) == 1


def test_a_letter_whose_channel_is_gone_went_nowhere_and_is_not_said_sent(
    estate: Estate, at: dt.datetime, key: str
) -> None:
    made = rules(estate, at)
    tell(estate, at)
    telling.set_channel(rules=made, address="", actor=SETUP, at=at)
    assert notices.send_due(at=at) == 0
    assert Notice.objects.get().sent_at is None
    assert not Event.objects.filter(action=Action.NOTICE_SENT).exists()
    assert not Notice.objects.filter(notices.stuck(at)).exists(), "it is of no use any more"


def test_a_letter_waits_for_its_time_and_is_dropped_after_its_use(
    estate: Estate, at: dt.datetime, key: str, sent: list[tuple[str, str]]
) -> None:
    rules(estate, at)
    tell(estate, at, not_before=at + MINUTE, useful_until=at + 3 * MINUTE)
    assert notices.send_due(at=at) == 0
    assert notices.send_due(at=at + 3 * MINUTE) == 0
    assert notices.send_due(at=at + 2 * MINUTE) == 1


def test_channels_are_sealed_anew_with_the_combinations(
    estate: Estate, at: dt.datetime, key: str, settings: Any
) -> None:
    made = rules(estate, at)
    newer = Fernet.generate_key().decode()
    settings.COMBINATION_KEYS = [newer, key]
    call_command("rotate_combination_key")
    made.refresh_from_db()
    assert sealing.unseal([newer], made.seal_place, made.sealed_channel) == ADDRESS


def test_quiet_hours_over_midnight_and_within_a_day() -> None:
    zone = zoneinfo.ZoneInfo("Europe/London")
    night = dt.time(22), dt.time(7)
    at_two = dt.datetime(2026, 11, 18, 2, tzinfo=dt.UTC)
    assert telling.loud_at(at_two, zone, night) == at_two.replace(hour=7)
    assert telling.loud_at(at_two.replace(hour=7), zone, night) == at_two.replace(hour=7)
    assert telling.loud_at(at_two, zone, (dt.time(1), dt.time(3))) == at_two.replace(hour=3)
    assert telling.loud_at(at_two, zone, None) == at_two
