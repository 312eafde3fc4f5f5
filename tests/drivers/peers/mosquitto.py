"""A real mosquitto on a free loopback port, for whoever tests something behind a broker."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.drivers.peers.certificates import Authority

PROGRAM = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
HOST = "127.0.0.1"
# What a bank may do on a broker that names its clients by their certificates.
BANK_RULES = """
user bridge
topic readwrite #

pattern read locker/%u/command
pattern write locker/%u/response
pattern write locker/%u/event
pattern write locker/%u/state/#
"""


# The same where they have passwords; whoever is not enrolled yet may only register.
PASSWORD_RULES = (
    BANK_RULES
    + """
pattern read locker/provisioning/reply/%c

user newcomer
topic write locker/register/+
"""
)


def needs_mosquitto() -> None:
    """Skip where there is no broker, but never on a machine that is meant to test everything."""
    if not os.path.exists(PROGRAM):
        if os.environ.get("CI"):
            pytest.fail("mosquitto is not installed")
        pytest.skip("mosquitto is not installed")


class Mosquitto:
    """One broker; it keeps its port, and what it was told to keep, over a restart."""

    def __init__(
        self,
        folder: Path,
        *,
        authority: Authority | None = None,
        passwords: dict[str, str] | None = None,
        more: str = "",
    ) -> None:
        needs_mosquitto()
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._authority = authority
        self._passwords = passwords
        self._more = more
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = free.getsockname()[1]
        scheme = "mqtts" if authority else "mqtt"
        self.address = f"{scheme}://{HOST}:{self.port}"

    def start(self) -> None:
        if self._process is not None:
            return
        config = self._folder / "mosquitto.conf"
        config.write_text(self._settings())
        self._process = subprocess.Popen(
            [PROGRAM, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 10
        while True:
            try:
                socket.create_connection((HOST, self.port), 1).close()
                return
            except OSError:
                assert self._process.poll() is None, "mosquitto did not start"
                assert time.monotonic() < until
                time.sleep(0.01)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: int) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait(10)
            self._process = None

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _settings(self) -> str:
        lines = [
            f"listener {self.port} {HOST}",
            "set_tcp_nodelay true",
            "persistence true",
            f"persistence_location {self._folder}/",
            "autosave_on_changes true",
            "autosave_interval 1",
        ]
        if os.geteuid() == 0:
            lines.append("user root")
        if self._passwords is not None:
            known = self._folder / "passwords"
            known.touch(0o600)
            for name, password in self._passwords.items():
                subprocess.run(
                    ["mosquitto_passwd", "-b", str(known), name, password],
                    check=True,
                    stderr=subprocess.DEVNULL,
                )
            lines += [
                "allow_anonymous false",
                f"password_file {known}",
                f"acl_file {self._rules(PASSWORD_RULES)}",
            ]
        elif self._authority is None:
            lines.append("allow_anonymous true")
        else:
            certificate, key = self._authority.issue("broker", address=HOST)
            lines += [
                f"cafile {self._authority.ca_file}",
                f"certfile {certificate}",
                f"keyfile {key}",
                "require_certificate true",
                "use_identity_as_username true",
                f"acl_file {self._rules(BANK_RULES)}",
            ]
        return "\n".join([*lines, self._more, ""])

    def _rules(self, text: str) -> Path:
        rules = self._folder / "rules"
        rules.write_text(text)
        rules.chmod(0o600)
        return rules


def connect(
    broker: Mosquitto,
    name: str,
    *,
    authority: Authority | None = None,
    is_kept: bool = False,
    will: tuple[str, str] | None = None,
    is_will_retained: bool = False,
    username: str = "",
    password: str = "",
) -> paho.Client:
    """Return a client of the plain old protocol, 3.1.1, as gateways speak it, not yet connected."""
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=name,
        clean_session=not is_kept,
        protocol=paho.MQTTv311,
    )
    if authority is not None:
        login = authority.login(name)
        client.tls_set(login["ca_file"], login["certificate_file"], login["key_file"])
    if username:
        client.username_pw_set(username, password)
    if will is not None:
        client.will_set(*will, qos=1, retain=is_will_retained)
    client.reconnect_delay_set(1, 1)
    client.on_socket_open = lambda client, userdata, sock: sock.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
    )
    return client


def sever(client: paho.Client) -> None:
    """End a connection without a word, as a power cut does."""
    client.on_disconnect = None
    sock = client.socket()
    client._reconnect_on_failure = False
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
    client.loop_stop()
