"""Whom to tell of a pupil: one guardian, as a name, a phone number and an e-mail, nothing more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from access.models.people import PHONE
from lockers.importing.oneroster import Record

# Whoever is named first of the first kind; a relative where there is neither of the others.
KINDS = ("guardian", "parent", "relative")


class Guardians:
    """Who looks after whom, in either direction that ``agentSourcedIds`` points."""

    def __init__(self, users: Iterable[Record], roles_of: Callable[[Record], set[str]]) -> None:
        self._by_id: dict[str, tuple[int, Record]] = {}
        self._by_pupil: dict[str, list[Record]] = {}
        # How many telephone numbers and addresses could not be read.
        self.unread = 0
        for user in users:
            kinds = [place for place, kind in enumerate(KINDS) if kind in roles_of(user)]
            if user.is_gone or not kinds:
                continue
            self._by_id[user.id] = (min(max(kinds[0] - 1, 0), 1), user)
            for pupil in user.list("agentSourcedIds"):
                self._by_pupil.setdefault(pupil, []).append(user)

    @property
    def any(self) -> bool:
        """Say whether the files name any guardian."""
        return bool(self._by_id)

    @property
    def pupils(self) -> Mapping[str, list[Record]]:
        """Return the guardians who name a pupil themselves, by the pupil."""
        return self._by_pupil

    def cells(self, pupil_id: str, agents: Iterable[str]) -> dict[str, str] | None:
        """Return the contact of a pupil, or None where the files say nothing of one."""
        named = [self._by_id[id_] for id_ in agents if id_ in self._by_id]
        named += [self._by_id[user.id] for user in self._by_pupil.get(pupil_id, [])]
        if not named:
            return None
        chosen = min(named, key=lambda pair: pair[0])[1]
        name = f"{chosen['givenName']} {chosen['familyName']}".strip()
        return {
            "guardian_name": name,
            "guardian_phone": self._checked(chosen["phone"] or chosen["sms"], PHONE),
            "guardian_email": self._checked(chosen["email"], validate_email),
        }

    def _checked(self, text: str, validate: Callable[[str], object]) -> str:
        """Return a contact that can be used, or none: a pupil is not refused for it."""
        try:
            if text:
                validate(text)
        except ValidationError:
            self.unread += 1
            return ""
        return text
