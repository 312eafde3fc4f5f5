"""What the administration says of a bridge's journal, and of boards that end no pulse."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from lockers.models import BridgePresence, Controller
from tests.admin_pages import filled_in, signed_in
from tests.factories.cast import Estate

WARNING = "the bridge ends each pulse"


def board_page(estate: Estate, pulse: str) -> str:
    profile = {"pulse": pulse}
    Controller.objects.filter(pk=estate.controller.pk).update(
        driver="modbus_relay", address="tcp://10.0.0.9:502", profile=profile
    )
    return reverse("admin:lockers_controller_change", args=[estate.controller.pk])


def test_a_board_that_does_not_end_its_pulses_is_warned_about(estate: Estate) -> None:
    page = board_page(estate, "software_pulse")
    assert WARNING in signed_in(estate.max).get(page).content.decode()


def test_a_board_that_ends_its_pulses_is_not(estate: Estate) -> None:
    page = board_page(estate, "waveshare_flash")
    assert WARNING not in signed_in(estate.max).get(page).content.decode()


def test_choosing_such_a_profile_says_so(estate: Estate) -> None:
    client = signed_in(estate.max)
    page = board_page(estate, "waveshare_flash")
    posted = filled_in(client, page, profile='{"pulse": "software_pulse"}')
    answer = client.post(page, posted)
    assert answer.status_code == 302
    assert WARNING in " ".join(str(one) for one in get_messages(answer.wsgi_request))


@pytest.mark.parametrize(
    ("driver", "profile", "pulse_ms"),
    [("lcb8a", "{}", 300), ("lcb8a", '{"fixed_pulse_ms": 800}', 800), ("modbus_relay", "{}", 500)],
)
def test_a_new_controller_gets_the_pulse_of_its_board(
    estate: Estate, driver: str, profile: str, pulse_ms: int
) -> None:
    client = signed_in(estate.max)
    page = reverse("admin:lockers_controller_add")
    chosen = {"bridge": estate.bridge.pk, "name": "8A", "driver": driver, "profile": profile}
    posted = filled_in(client, page, **chosen, unit=1, channels=8)
    assert "pulse_ms" not in posted
    answer = client.post(page, posted | {"address": "tcp://10.0.0.9:1", "pulse_ms": ""})
    assert answer.status_code == 302
    assert Controller.objects.get(name="8A").pulse_ms == pulse_ms


def test_a_pulse_that_is_taken_out_becomes_that_of_the_board(estate: Estate) -> None:
    Controller.objects.update(driver="lcb8a", address="tcp://10.0.0.9:1", pulse_ms=500, profile={})
    client = signed_in(estate.max)
    page = reverse("admin:lockers_controller_change", args=[estate.controller.pk])
    refused = client.post(page, filled_in(client, page))
    assert "This board makes pulses of 1 to 300 ms." in refused.content.decode()
    assert client.post(page, filled_in(client, page, pulse_ms="")).status_code == 302
    assert Controller.objects.get(pk=estate.controller.pk).pulse_ms == 300


@pytest.mark.parametrize("alarm", ["gap", "replaced"])
def test_an_alarm_about_a_journal_is_shown_until_it_is_settled(estate: Estate, alarm: str) -> None:
    client = signed_in(estate.max)
    address = reverse("admin:lockers_bridge_changelist")
    BridgePresence.objects.update(last_seen_at=timezone.now(), connection=uuid.uuid4())
    assert "Journal was looked into” in" not in client.get(address).content.decode()
    BridgePresence.objects.update(journal_alarm=alarm)
    assert "Journal was looked into” in" in client.get(address).content.decode()
    chosen = {"action": "settle_journal", "_selected_action": [estate.bridge.pk]}
    assert "noted in the trail" in client.post(address, chosen, follow=True).content.decode()
    assert BridgePresence.objects.get().journal_alarm == ""
    assert Event.objects.get(action="bridge.journal_settled").actor_id == str(estate.max.pk)
