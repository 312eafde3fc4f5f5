"""Where a broker is and how a bridge shows who it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote, urlsplit

from lockers.drivers.errors import BadProfile

MAX_CHANNELS = 250
_FILES = ("ca_file", "certificate_file", "key_file", "password_file")
_FOR_TLS = ("ca_file", "certificate_file", "key_file")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Broker:
    """One broker and the files, on the bridge, that a login to it needs."""

    host: str
    port: int
    is_tls: bool = False
    username: str = ""
    ca_file: str = ""
    """Without it, the authorities that the system trusts."""
    certificate_file: str = ""
    key_file: str = ""
    password_file: str = ""

    def __str__(self) -> str:
        return f"{'mqtts' if self.is_tls else 'mqtt'}://{self.host}:{self.port}"


def split_profile(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the options about the broker from those about the board."""
    login = {name: value for name, value in values.items() if name in _FILES}
    return login, {name: value for name, value in values.items() if name not in _FILES}


def parse_broker(address: str, login: Mapping[str, Any]) -> Broker:
    """Read ``mqtt://user@host:port`` or ``mqtts://host:port`` and the files of the login.

    Raises BadProfile; a password never stands in an address, where everybody reads it.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise BadProfile(f"address {address!r}: {error}", field="address") from error
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise BadProfile(
            f"address {address!r} is neither mqtt://host:port nor mqtts://host:port",
            field="address",
        )
    if parts.password is not None:
        raise BadProfile("a password belongs into the password_file", field="address")
    if parts.path or parts.query or parts.fragment or _UNWRITABLE.search(address):
        raise BadProfile(f"address {address!r} says more than user, host, port", field="address")
    if not port:
        raise BadProfile(f"address {address!r} has no port", field="address")
    for name, value in login.items():
        if not isinstance(value, str) or not PurePath(value).is_absolute():
            raise BadProfile(f"{name} is {value!r}; it must be a whole path", field=name)
    is_tls = parts.scheme == "mqtts"
    for name in _FOR_TLS:
        if name in login and not is_tls:
            raise BadProfile(f"{name} needs an address with mqtts://", field=name)
    if ("certificate_file" in login) != ("key_file" in login):
        missing = "key_file" if "certificate_file" in login else "certificate_file"
        raise BadProfile("a certificate and its key come together", field=missing)
    username = unquote(parts.username or "")
    if "password_file" in login and not username:
        raise BadProfile("password_file needs an address with a user", field="password_file")
    return Broker(parts.hostname, port, is_tls, username, **login)


def check_unit(unit: int, channels: int) -> None:
    """Refuse a number of channels that no gateway has; a unit only tells boards apart."""
    if unit < 1:
        raise BadProfile(f"unit is {unit!r}; it must be 1 or more", field="unit")
    if not 1 <= channels <= MAX_CHANNELS:
        raise BadProfile(
            f"channels is {channels!r}; it must be 1 to {MAX_CHANNELS}", field="channels"
        )


def check_topic(topic: object, name: str) -> str:
    """Return a topic that can be published to; raises BadProfile for a pattern or nonsense."""
    if not isinstance(topic, str) or not 1 <= len(topic) <= 500:
        raise BadProfile(f"{name} is {topic!r}; it must be a topic", field=name)
    if "+" in topic or "#" in topic or topic[0] == "$" or _UNWRITABLE.search(topic):
        raise BadProfile(f"{name} {topic!r} cannot be published to", field=name)
    return topic
