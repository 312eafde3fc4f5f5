"""What the configuration may say about relays behind a broker, checked before anything moves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lockers.drivers.errors import BadProfile
from lockers.drivers.mqtt import Will
from lockers.drivers.mqtt.address import check_topic

_TEXTS = {
    "payload_on": "ON",
    "payload_off": "OFF",
    "state_key": "",
    "state_on": "ON",
    "state_off": "OFF",
    "door_key": "",
    "door_open": "ON",
    "door_closed": "OFF",
    "battery_key": "",
    "availability_topic": "",
    "availability_key": "",
    "availability_online": "online",
    "availability_offline": "offline",
    "heartbeat_topic": "",
    "all_off_topic": "",
    "all_off_payload": "OFF",
}
_TOPICS = ("command_topic", "state_topic", "door_topic", "battery_topic")
# What a battery of a lock can have, in mV.
VOLTAGES = (100, 60_000)
_RANGES = {
    "first_number": (0, 1000),
    "heartbeat_interval_s": (1, 3600),
    "reply_timeout_ms": (100, 30_000),
}


@dataclass(frozen=True, slots=True)
class Told:
    """Where one of two things is told: the whole payload, or one key of a JSON object."""

    topic: str
    key: str
    yes: str
    no: str

    def read(self, payload: bytes) -> bool | None:
        """Return which of the two it is, None for anything else."""
        text = _text_of(payload, self.key)
        return {self.yes: True, self.no: False}.get(text) if text is not None else None


@dataclass(frozen=True, slots=True)
class Voltage:
    """Where the battery of a lock is told, in mV."""

    topic: str
    key: str

    def read(self, payload: bytes) -> int | None:
        """Return the voltage in mV, None for what is no voltage of a lock."""
        try:
            millivolts = float(_text_of(payload, self.key) or "")
        except ValueError:
            return None
        low, high = VOLTAGES
        return round(millivolts) if low <= millivolts <= high else None


def _text_of(payload: bytes, key: str) -> str | None:
    """Return the whole payload, or one value of the JSON object that it is."""
    try:
        text = payload.decode()
        if key:
            value = json.loads(text)
            for step in key.split("."):
                value = value[step]
            text = value if isinstance(value, str) else json.dumps(value)
    except (ValueError, RecursionError, LookupError, TypeError):
        return None
    return text


@dataclass(frozen=True, slots=True)
class Channel:
    """How one lock is switched and what tells how its relay and its door stand."""

    topic: str
    on: bytes
    off: bytes
    state: Told | None
    door: Told | None
    battery: Voltage | None


@dataclass(frozen=True, slots=True)
class Profile:
    """How the relays of one board are named and how they show that they live."""

    channels: tuple[Channel, ...]
    pulse: Literal["board", "software_pulse"]
    """``board``: it ends each pulse itself, as by Tasmota's PulseTime or a momentary switch."""
    availability: Told | None
    heartbeat_topic: str
    heartbeat_interval_s: int
    all_off_topic: str
    """Switches every relay off at once; the last will of a bridge that ends pulses by itself."""
    all_off_payload: bytes
    reply_timeout_ms: int

    @property
    def will(self) -> Will | None:
        """What the broker says for a bridge that dies while a relay is on."""
        if self.pulse == "board" or not self.all_off_topic:
            return None
        return Will(self.all_off_topic, self.all_off_payload)

    @property
    def has_doors(self) -> bool:
        return self.channels[0].door is not None

    @property
    def has_states(self) -> bool:
        return self.channels[0].state is not None


def parse_profile(values: Mapping[str, Any], *, channels: int) -> Profile:
    """Check every option; raises BadProfile with the name of the first bad one.

    A topic is a list with one for each channel, or one text in which ``{n}`` stands for the
    number of the channel; payloads and keys may say ``{n}`` too.
    """
    for name, value in values.items():
        if name in _TEXTS:
            _require(isinstance(value, str) and len(value) <= 500, name, value, "a text")
        elif name in _RANGES:
            low, high = _RANGES[name]
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            _require(is_whole and low <= value <= high, name, value, f"{low} to {high}")
        elif name == "pulse":
            is_one = value in ("board", "software_pulse")
            _require(is_one, name, value, "board or software_pulse")
        elif name not in _TOPICS:
            raise BadProfile(f"profile option {name!r} is not known", field=name)
    text = {**_TEXTS, **values}
    for name in ("availability_topic", "heartbeat_topic", "all_off_topic"):
        if text[name]:
            check_topic(text[name], name)
    if not text["availability_topic"] and not text["heartbeat_topic"]:
        raise BadProfile(
            "without availability_topic or heartbeat_topic nobody knows whether the board lives",
            field="availability_topic",
        )
    availability = None
    if text["availability_topic"]:
        availability = _told(text["availability_topic"], text, "availability", "online", "offline")
    return Profile(
        channels=_channels(text, channels),
        pulse=values.get("pulse", "software_pulse"),
        availability=availability,
        heartbeat_topic=text["heartbeat_topic"],
        heartbeat_interval_s=values.get("heartbeat_interval_s", 300),
        all_off_topic=text["all_off_topic"],
        all_off_payload=text["all_off_payload"].encode(errors="replace"),
        reply_timeout_ms=values.get("reply_timeout_ms", 2000),
    )


def _channels(values: Mapping[str, Any], count: int) -> tuple[Channel, ...]:
    if "command_topic" not in values:
        raise BadProfile("command_topic is missing", field="command_topic")
    first = values.get("first_number", 1)
    topics = {name: _topics(values, name, first, count) for name in _TOPICS if values.get(name)}
    found = []
    for channel in range(count):
        text = {
            name: value.replace("{n}", str(first + channel))
            for name, value in values.items()
            if name in _TEXTS
        }
        on, off = (
            text["payload_on"].encode(errors="replace"),
            text["payload_off"].encode(errors="replace"),
        )
        _require(bool(on) and on != off, "payload_on", text["payload_on"], "other than payload_off")
        state = door = battery = None
        if "state_topic" in topics:
            state = _told(topics["state_topic"][channel], text, "state", "on", "off")
        if "door_topic" in topics:
            door = _told(topics["door_topic"][channel], text, "door", "open", "closed")
        if "battery_topic" in topics:
            battery = Voltage(topics["battery_topic"][channel], text["battery_key"])
        found.append(Channel(topics["command_topic"][channel], on, off, state, door, battery))
    for name, what in (
        ("command_topic", {(one.topic, one.on) for one in found}),
        ("state_topic", {one.state for one in found} if "state_topic" in topics else None),
        ("door_topic", {one.door for one in found} if "door_topic" in topics else None),
    ):
        if what is not None and len(what) < count:
            raise BadProfile(f"{name} is the same for two channels", field=name)
    return tuple(found)


def _topics(values: Mapping[str, Any], name: str, first: int, count: int) -> list[str]:
    value = values[name]
    if isinstance(value, str):
        value = [value.replace("{n}", str(first + channel)) for channel in range(count)]
    is_list = isinstance(value, (list, tuple)) and len(value) == count
    _require(is_list, name, value, f"a text with {{n}} or a list of {count}")
    return [check_topic(one, name) for one in value]


def _told(topic: str, text: Mapping[str, str], name: str, yes: str, no: str) -> Told:
    told = Told(topic, text[f"{name}_key"], text[f"{name}_{yes}"], text[f"{name}_{no}"])
    _require(told.yes != told.no, f"{name}_{yes}", told.yes, f"other than {name}_{no}")
    return told


def _require(is_good: bool, name: str, value: object, wanted: str) -> None:
    if not is_good:
        raise BadProfile(f"{name} is {value!r}; it must be {wanted}", field=name)
