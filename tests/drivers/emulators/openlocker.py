"""A locker gateway of the Open-Locker contract, written from its AsyncAPI description.

It behaves as the project's own client does: MQTT 3.1.1, a kept session, QoS 1, one fixed last
will, a retained snapshot only when a door changes, heartbeats that are not retained.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import paho.mqtt.client as paho


def stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def message(**values: Any) -> str:
    return json.dumps({"message_id": str(uuid.uuid4()), "timestamp": stamp(), **values})


class Gateway:
    def __init__(
        self,
        locker: str,
        *,
        doors: int = 8,
        heartbeat_s: float = 0.2,
        is_mute: bool = False,
        minds_expiry: bool = False,
    ) -> None:
        self.locker = locker
        self.doors = ["closed"] * doors
        self.pulses: list[int] = []
        self.commands: list[dict[str, Any]] = []
        self.raw: list[paho.MQTTMessage] = []
        self.will = (
            f"locker/{locker}/state/connection",
            message(status="offline", reason="mqtt_last_will"),
        )
        self.error = ""
        self.copies = 1
        self.is_late = False
        self.mapping: list[dict[str, int]] | None = None
        self.heartbeats_at: list[float] = []
        self._heartbeat_s = heartbeat_s
        self._is_mute = is_mute
        self._minds_expiry = minds_expiry
        self._done: set[str] = set()
        self._unsent: list[str] = []
        self._client: paho.Client | None = None
        self._ticking: threading.Thread | None = None
        self._stop = threading.Event()
        self._lock = threading.RLock()
        self._began = time.monotonic()

    def run(self, client: paho.Client, host: str, port: int) -> None:
        """Connect and serve; returns when the commands are subscribed to."""
        ready = threading.Event()
        self._client = client
        self._stop = threading.Event()
        client.on_connect = lambda *a: client.subscribe(f"locker/{self.locker}/command", 1)
        client.on_subscribe = lambda *a: ready.set()
        client.on_message = lambda c, u, m: self._command(m)
        client.connect(host, port, keepalive=60)
        client.loop_start()
        assert ready.wait(5)
        if not self._is_mute:
            self.publish_doors()
        self._ticking = threading.Thread(target=self._tick, args=(self._stop,), daemon=True)
        self._ticking.start()

    def end(self, cut: Callable[[paho.Client], Any] | None = None) -> None:
        """Leave; ``cut`` is how the connection ends when not in peace."""
        self._stop.set()
        if self._client is not None:
            if cut is not None:
                cut(self._client)
            else:
                self._client.disconnect()
                self._client.loop_stop()
        if self._ticking is not None:
            self._ticking.join(5)
        self._client = self._ticking = None

    def push(self, number: int, state: str) -> None:
        with self._lock:
            self.doors[number - 1] = state
        self.publish_doors()

    def publish_doors(self) -> None:
        listed = [
            {"compartment_number": number, "door_state": state}
            for number, state in enumerate(self.doors, start=1)
        ]
        self._say("state/compartments", message(compartments=listed), retain=True)

    def beat(self) -> None:
        self.heartbeats_at.append(time.monotonic())
        uptime = int(time.monotonic() - self._began)
        self._say("state/heartbeat", message(uptime_seconds=uptime), wait=False)

    def catch_up(self) -> None:
        """Stop being late: send what was kept back."""
        with self._lock:
            self.is_late = False
            unsent, self._unsent = self._unsent, []
        for one in unsent:
            self._say("response", one)
        self.publish_doors()
        self.beat()

    def _tick(self, stop: threading.Event) -> None:
        while True:
            if not self.is_late:
                self.beat()
            if stop.wait(self._heartbeat_s):
                return

    def _say(self, topic: str, text: str, *, retain: bool = False, wait: bool = True) -> None:
        if self._client is None:
            return
        info = self._client.publish(f"locker/{self.locker}/{topic}", text, 1, retain)
        if wait and threading.current_thread() is not self._client._thread:
            info.wait_for_publish(5)

    def _command(self, incoming: paho.MQTTMessage) -> None:
        command = json.loads(incoming.payload)
        self.raw.append(incoming)
        self.commands.append(command)
        transaction = command["transaction_id"]
        if self._is_mute or transaction in self._done:
            return
        self._done.add(transaction)
        if self._minds_expiry and stamp() > command["expires_at"]:
            return
        if command["action"] == "apply_config":
            self._answer(command, **self._configure(command["data"]))
        elif self.error:
            self._answer(command, result="error", error_code=self.error, message="It did not work.")
        else:
            number = command["data"]["compartment_number"]
            self.pulses.append(number)
            with self._lock:
                self.doors[number - 1] = "open"
            if not self.is_late:
                self.publish_doors()
            self._answer(command, result="success", message="Opened.")

    def _configure(self, data: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(data["compartments"]).replace(" ", "")
        if sha256(text.encode()).hexdigest() != data["config_hash"]:
            return {"result": "error", "error_code": "INVALID_CONFIG", "message": "Another hash."}
        self.mapping = data["compartments"]
        self._heartbeat_s = min(self._heartbeat_s, data["heartbeat_interval_seconds"])
        return {"result": "success", "applied_config_hash": data["config_hash"]}

    def _answer(self, command: dict[str, Any], **values: Any) -> None:
        text = message(
            transaction_id=command["transaction_id"],
            action=command["action"],
            type="command_response",
            **values,
        )
        with self._lock:
            if self.is_late:
                self._unsent.append(text)
                return
        for _ in range(self.copies):
            self._say("response", text)
