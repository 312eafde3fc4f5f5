"""Opening what the list lets somebody open: what is for one use is used up first."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from access.access_list.deciding import Answer
from access.access_list.entries import Pin
from kiosk.bridge.access_list import KeptList, ListFailing
from kiosk.bridge.holdings import Holdings
from kiosk.bridge.journal import Journal, JournalFull
from kiosk.bridge.protocol import OpenedAlone

# Opens a door by a command of our own and writes down why; False when nothing drives it.
OpenDoor = Callable[[uuid.UUID, int, OpenedAlone], bool]


class Opener:
    """Writes down for whom and why, and opens."""

    def __init__(
        self, kept: KeptList, holdings: Holdings, journal: Journal, open_door: OpenDoor
    ) -> None:
        self._kept, self._holdings, self._journal = kept, holdings, journal
        self._open_door = open_door

    async def open(
        self, command_id: uuid.UUID, answer: Answer, pin: Pin | None, reader_id: int | None
    ) -> Answer:
        """Open the door of an answer by this command, or say why not."""
        assert answer.person_id is not None and answer.compartment_id is not None
        grant = answer.grant if answer.user_id is None else None
        told = OpenedAlone(
            reader_id=reader_id,
            person_id=answer.person_id,
            kind=answer.kind,
            credential_id=answer.credential_id,
            pass_id=answer.given.id if answer.given is not None else None,
            grant_id=_number(grant.id) if grant is not None else None,
            claim_id=_number(grant.claim.id) if grant is not None and grant.claim else None,
            ref=self._holdings.ref_of(grant),
            user_id=answer.user_id,
            pin_id=pin.id if pin is not None else None,
            why=[step[:300] for step in answer.why],
        )
        try:
            if grant is not None and grant.is_one_opening:
                await self._kept.use(grant.key)
            if answer.given is not None and answer.given.is_single_use:
                ends_at_ms = int(answer.given.ends_at.timestamp() * 1000)
                await self._journal.use_pass(answer.given.id, ends_at_ms)
        except (ListFailing, JournalFull) as error:
            return answer.but("not_recorded", f"disk: {error}")
        if not self._open_door(command_id, answer.compartment_id, told):
            return answer.but("unknown_door", "door: driven by no board here")
        return answer


def _number(number: int) -> int | None:
    """Return a number of the server's; what was given here has one below zero."""
    return number if number >= 0 else None
