"""libosdp's control panel of one wire, started and stopped as a bridge needs it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import osdp

from lockers.drivers.osdp.channel import Channel
from lockers.drivers.osdp.profile import Profile

logger = logging.getLogger(__name__)

# How long the thread may need to take a reader out.
_TAKES_S = 1.0
_NOW, _BEEP = 2, 2
# A tenth of a second is one.
_GOOD = {"on": 15, "off": 0, "color": osdp.CommandLEDColor.Green, "lasts": 15, "beeps": 1}
_BAD = {"on": 2, "off": 2, "color": osdp.CommandLEDColor.Red, "lasts": 12, "beeps": 3}


class Panel(osdp.ControlPanel):
    """The readers of one wire, asked in turn by a thread of its own.

    ``tell`` is called in that thread: when something happened, and when the thread ends. Every
    method may wait for that thread, so none is for an asyncio loop.
    """

    def __init__(
        self,
        channel: Channel,
        profiles: Iterable[Profile],
        *,
        installing: Iterable[int],
        tell: Callable[[], None],
    ) -> None:
        self.installing = frozenset(installing)
        self._tell = tell
        super().__init__(
            [self._describe(channel, one) for one in profiles],
            log_level=osdp.LogLevel.Critical,
            event_handler=self._happened,
        )

    def start(self) -> None:
        """Begin to ask, in a thread that does not keep the process and that tells its end."""
        self.event, self.lock = threading.Event(), threading.Lock()
        self.thread = threading.Thread(name="osdp", target=self._ask, daemon=True)
        self.thread.start()

    @property
    def is_alive(self) -> bool:
        """Tell whether the thread runs; without it all that libosdp says is of yesterday."""
        return self.thread is not None and self.thread.is_alive()

    def secured(self) -> frozenset[int]:
        """Return the readers that are there and speak in secret."""
        # In this order: a reader that is being given its key is secret first, and then there.
        secret, there = self.sc_status(), self.status()
        return frozenset(
            unit for place, unit in enumerate(self.pd_addr) if secret & there & 1 << place
        )

    def events(self) -> list[tuple[int, dict[str, Any]]]:
        """Take what happened since the last time; does not wait."""
        taken = []
        for unit in self.pd_addr:
            while (event := self.get_event(unit, timeout=-1)) is not None:
                taken.append((unit, event))
        return taken

    def kick(self, unit: int) -> None:
        """Look for a reader again now; libosdp by itself waits for 300 s."""
        self.disable_pd(unit)
        until = time.monotonic() + _TAKES_S
        while self.is_pd_enabled(unit) and self.is_alive and time.monotonic() < until:
            time.sleep(0.01)
        self.enable_pd(unit)

    def show(self, unit: int, *, accepted: bool) -> None:
        """Light and beep, whatever of it the reader has; it may be gone meanwhile."""
        how = _GOOD if accepted else _BAD
        try:
            # What a reader does not know it refuses, and libosdp takes that for the end of it.
            if any(self.check_capability(unit, osdp.Capability.LEDControl)):
                self.submit_command(unit, _led(how))
            if any(self.check_capability(unit, osdp.Capability.AudibleControl)):
                self.submit_command(unit, _buzzer(how))
        # libosdp says no with errors of several kinds, SystemError among them.
        except Exception as error:  # noqa: BLE001
            logger.info("reader %s shows nothing: %s", unit, error)

    def _describe(self, channel: Channel, profile: Profile) -> osdp.PDInfo:
        # Without EnforceSecure libosdp would go on in plain when no key fits.
        is_installing = profile.unit in self.installing
        secure = osdp.LibFlag.InstallMode if is_installing else osdp.LibFlag.EnforceSecure
        return osdp.PDInfo(
            profile.unit,
            channel,
            scbk=profile.key,
            flags=[secure, osdp.LibFlag.EnableNotification],
        )

    def _happened(self, _place: int, _event: dict[str, Any]) -> int:
        self._tell()
        return 0

    def _ask(self) -> None:
        try:
            self.refresh(self.event, self.lock, self.ctx)
        except Exception:
            logger.exception("libosdp stopped")
        finally:
            self._tell()


def _led(how: dict[str, int]) -> dict[str, Any]:
    return {
        "command": osdp.Command.LED,
        "reader": 0,
        "led_number": 0,
        "temporary": True,
        "control_code": _NOW,
        "on_count": how["on"],
        "off_count": how["off"],
        "on_color": how["color"],
        "off_color": osdp.CommandLEDColor.Black,
        "timer_count": how["lasts"],
    }


def _buzzer(how: dict[str, int]) -> dict[str, Any]:
    return {
        "command": osdp.Command.Buzzer,
        "reader": 0,
        "control_code": _BEEP,
        "on_count": 1,
        "off_count": 1,
        "rep_count": how["beeps"],
    }
