"""A board of relays as Tasmota and ESPHome behave: a topic to switch, topics that tell."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho


class Relays:
    """Relays with pulses of their own (``pulse_s``) or none, doors that spring open when ON."""

    def __init__(
        self,
        name: str,
        *,
        count: int = 8,
        pulse_s: float = 0.05,
        heartbeat_s: float = 0.2,
        is_mute: bool = False,
    ) -> None:
        self.name = name
        self.is_on = [False] * count
        self.open = [False] * count
        self.pulses: list[int] = []
        self.orders: list[tuple[int, str]] = []
        self.retained: list[str] = []
        self.is_late = False
        self.loses_off = 0
        """How many of the next orders to switch off get lost."""
        self.heartbeats_at: list[float] = []
        self.will = (f"{name}/status", "offline")
        self._count, self._pulse_s, self._heartbeat_s = count, pulse_s, heartbeat_s
        self._is_mute = is_mute
        self._unsent: list[tuple[str, str]] = []
        self._client: paho.Client | None = None
        self._stop = threading.Event()
        self._ticking: threading.Thread | None = None
        self._lock = threading.RLock()

    def run(self, client: paho.Client, host: str, port: int) -> None:
        """Connect, tell everything, and serve."""
        ready = threading.Event()
        self._client, self._stop = client, threading.Event()
        topics = [(f"{self.name}/set/{n}", 1) for n in range(1, self._count + 1)]
        topics.append((f"{self.name}/set/all", 1))
        client.on_connect = lambda *a: client.subscribe(topics)
        client.on_subscribe = lambda *a: ready.set()
        client.on_message = lambda c, u, m: self._order(m)
        client.connect(host, port, keepalive=30)
        client.loop_start()
        assert ready.wait(5)
        if not self._is_mute:
            for place in range(self._count):
                self._tell_door(place)
        self._say("status", "online", retain=True)
        self._ticking = threading.Thread(target=self._tick, args=(self._stop,), daemon=True)
        self._ticking.start()

    def end(self, cut: Callable[[paho.Client], Any] | None = None) -> None:
        self._stop.set()
        if self._client is not None:
            if cut is not None:
                cut(self._client)
            else:
                self._say("status", "offline", retain=True)
                self._client.disconnect()
                self._client.loop_stop()
        if self._ticking is not None:
            self._ticking.join(5)
        self._client = self._ticking = None

    def push(self, place: int, *, is_open: bool) -> None:
        self.open[place] = is_open
        self._tell_door(place)

    def beat(self) -> None:
        self.heartbeats_at.append(time.monotonic())
        self._say("uptime", str(len(self.heartbeats_at)), wait=False)

    def catch_up(self) -> None:
        with self._lock:
            self.is_late = False
            unsent, self._unsent = self._unsent, []
        for topic, text in unsent:
            self._say(topic, text, retain=True)
        self.beat()

    def _tick(self, stop: threading.Event) -> None:
        while True:
            if not self.is_late:
                self.beat()
            if stop.wait(self._heartbeat_s):
                return

    def _order(self, incoming: paho.MQTTMessage) -> None:
        if incoming.retain:
            self.retained.append(incoming.topic)
        which, word = incoming.topic.rpartition("/")[2], incoming.payload.decode()
        places = range(self._count) if which == "all" else [int(which) - 1]
        for place in places:
            self.orders.append((place, word))
            if self._is_mute:
                continue
            if word == "OFF" and self.loses_off:
                self.loses_off -= 1
                continue
            self._switch(place, word == "ON")

    def _switch(self, place: int, is_on: bool) -> None:
        with self._lock:
            if is_on:
                self.pulses.append(place)
                self.open[place] = True
            self.is_on[place] = is_on
        if is_on:
            self._tell_door(place)
            if self._pulse_s:
                threading.Timer(self._pulse_s, self._switch, (place, False)).start()
        self._tell(f"relay/{place + 1}", "ON" if is_on else "OFF")

    def _tell_door(self, place: int) -> None:
        self._tell(f"door/{place + 1}", "ON" if self.open[place] else "OFF")

    def _tell(self, topic: str, text: str) -> None:
        with self._lock:
            if self.is_late:
                self._unsent.append((topic, text))
                return
        self._say(topic, text, retain=True)

    def _say(self, topic: str, text: str, *, retain: bool = False, wait: bool = True) -> None:
        client = self._client
        if client is None:
            return
        info = client.publish(f"{self.name}/{topic}", text, 1, retain)
        if wait and threading.current_thread() is not client._thread:
            info.wait_for_publish(5)
