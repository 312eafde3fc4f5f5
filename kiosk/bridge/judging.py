"""What this box can tell of a pass by itself: enough to refuse one, never to open for it.

Nobody is known here. A pass is refused when its signature, its organisation, its time, its door,
the hour or its one use say so; what is left is for the server, which knows whether it was taken
back and what its person may open.
"""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from collections.abc import Container
from dataclasses import dataclass

from access import passes
from access.decisions import Facts, decide
from access.passes import Pass, PassError
from kiosk.bridge.protocol import BankConfig, Config, ReaderConfig

ALLOWED = "allowed"


@dataclass(frozen=True)
class Judged:
    """Allowed or why not, in one stable word, with the rules that were looked at."""

    code: str
    given: Pass | None = None
    why: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether nothing known here speaks against it."""
        return self.code == ALLOWED

    def but(self, code: str, fact: str) -> Judged:
        """Return the same refused for one more reason."""
        return Judged(code, self.given, (*self.why, f"{fact} -> {code}"))


class Judge:
    """Judges passes by one configuration."""

    def __init__(self, config: Config) -> None:
        self._organisation_id = config.organisation_id
        self._keys = {
            bytes.fromhex(key_id): bytes.fromhex(public)
            for key_id, public in config.pass_keys.items()
        }
        self._banks = {bank.bank_id: bank for bank in config.banks}
        self._bank_of = {door.compartment_id: door.bank_id for door in config.compartments}
        for bank in config.banks:
            self._bank_of |= dict.fromkeys(bank.undriven, bank.bank_id)

    def judge(
        self, text: str, reader: ReaderConfig, *, at: dt.datetime, used: Container[uuid.UUID]
    ) -> Judged:
        """Judge the text of a pass shown at a reader; ``used`` are passes used up here."""
        if self._organisation_id is None:
            return Judged(ALLOWED)
        try:
            given = passes.read(text, self._keys)
        except PassError as error:
            return Judged(ALLOWED).but(error.why.value, "signature: not proven")
        if given.organisation_id != self._organisation_id:
            return Judged(ALLOWED).but("pass_of_nobody", "organisation: another")
        bank = self._banks.get(reader.bank_id, BankConfig(bank_id=reader.bank_id))
        begins, ends = passes.window(given)
        decision = decide(
            Facts(
                person_status=None,
                credential_status="used" if given.is_single_use and given.id in used else "active",
                credential_from=begins,
                credential_until=ends,
                assurance="plain",
                pin_rule=bank.pin_rule,
                curfew=_curfew(bank),
                time_zone=bank.time_zone,
            ),
            at,
        )
        why = tuple(str(step) for step in decision.explanation)
        if not decision.allowed:
            return Judged(decision.code.value, given, why)
        if not self._is_for(given, reader):
            found = Judged(ALLOWED, given, why)
            return found.but("pass_for_one_door", f"door: for {given.compartment_id} alone")
        return Judged(ALLOWED, given, why)

    def _is_for(self, given: Pass, reader: ReaderConfig) -> bool:
        """Say whether a pass concerns this reader: its own door, or one of its bank."""
        if given.compartment_id is None:
            return True
        if reader.compartment_id is not None:
            return given.compartment_id == reader.compartment_id
        return self._bank_of.get(given.compartment_id) == reader.bank_id


def _curfew(bank: BankConfig) -> tuple[dt.time, dt.time] | None:
    """Return the bank's curfew; one in a time zone that this box lacks is the server's to judge."""
    try:
        zoneinfo.ZoneInfo(bank.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None
    return bank.curfew
