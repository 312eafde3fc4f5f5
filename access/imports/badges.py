"""The badges that a file of people brings: whose each is, and which it names twice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from access.badges.profiles import MAIN, BadReading, Printed, Profile, read_printed
from access.choices import CARRIED, CredentialStatus, PersonStatus
from access.errors.badges import UNREADABLE
from access.models import Credential, Person
from access.services import digests, profiles
from lockers.importing.cells import cell, text_of
from lockers.importing.files import ROW
from lockers.models import ReaderProfile

# As the form that issues one takes it.
MAX_BADGE = 64


@dataclass(frozen=True)
class Given:
    """A badge as a row writes it."""

    text: str
    profile: Profile = MAIN
    printed: str = Printed.READER

    @property
    def canonical(self) -> str:
        """Return its canonical key; raises BadReading."""
        return read_printed(self.profile, self.printed, self.text)


class Badges:
    """Looked up once per import; every row is then answered without the database.

    The columns ``badge_profile`` (a reader profile by its name) and ``badge_written`` (how the
    file prints numbers) say how a badge is read; without them it is the text of the reader.
    """

    def __init__(self, organisations: list[int], seen: set[int]) -> None:
        # Whom the importing user may see: only they are named.
        self.seen = seen
        self.rows: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        self.holders: dict[tuple[int, str], Credential] = {}
        self.profiles = {
            (one.organisation_id, one.name): profiles.settings_of(one)
            for one in ReaderProfile.objects.filter(organisation_id__in=organisations)
        }

    def add(self, row: dict[str, Any], organisation_id: int) -> None:
        """Remember which row names which badge; raises ValidationError for no text."""
        if digest := digest_of(organisation_id, self.given(row, organisation_id)):
            self.rows[organisation_id, digest].append(row[ROW])

    def look_up(self) -> None:
        """Find out who has each badge in the file, of whatever kind it is."""
        wanted = {digest for _organisation, digest in self.rows}
        self.holders = {
            (badge.organisation_id, badge.digest): badge
            for badge in Credential.objects.filter(
                kind__in=CARRIED, digest__in=wanted
            ).select_related("person")
        }

    def given(self, row: dict[str, Any], organisation_id: int) -> Given:
        """Return the badge of a row and how it is written; raises ValidationError."""
        text, name = cell(row, "badge"), cell(row, "badge_profile")
        profile = self.profiles.get((organisation_id, name)) if name else MAIN
        if profile is None:
            raise ValidationError(
                {"badge_profile": _("There is no reader profile “%s”. Find it first.") % name[:60]}
            )
        printed = cell(row, "badge_written").lower() or Printed.READER
        if printed not in list(Printed):
            raise ValidationError(
                {
                    "badge_written": _("“%(text)s” is none of: %(words)s.")
                    % {"text": printed[:40], "words": ", ".join(Printed)}
                }
            )
        return Given(text, profile, printed)

    def errors(self, person: Person, row: dict[str, Any]) -> dict[str, str]:
        """Say what is wrong with a badge before anything is saved."""
        try:
            if not text_of(row.get("badge")).strip():
                return {}
            given = self.given(row, person.organisation_id)
        except ValidationError as error:
            if not hasattr(error, "error_dict"):
                return {"badge": error.messages[0]}
            return {column: found[0] for column, found in error.message_dict.items()}
        if person.status == PersonStatus.LEFT:
            return {"badge": _("This person has left. Take the badge out of the file.")}
        if not isinstance(row["badge"], str):
            return {"badge": _("This is a number, so zeros in front are lost. Format it as text.")}
        if wrong := _unreadable(given):
            return {"badge": wrong}
        digest = digest_of(person.organisation_id, given)
        if len(places := self.rows[person.organisation_id, digest]) > 1:
            return {
                "badge": _("The same badge stands in rows %s. It can be one person's only.")
                % ", ".join(map(str, places))
            }
        held = self.holders.get((person.organisation_id, digest))
        if held is None:
            return {}
        if held.person_id != person.pk:
            if held.person_id not in self.seen:
                return {"badge": _("This badge belongs to somebody of another site. Use another.")}
            return {
                "badge": _(
                    "This badge belongs to somebody already: it is on %(holder)s, and the file"
                    " gives it to %(person)s. Use another."
                )
                % {"holder": held.person, "person": person}
            }
        if held.status != CredentialStatus.ACTIVE:
            return {"badge": _("This badge of theirs was suspended or revoked. Use another.")}
        return {}

    def new(self, person: Person, row: dict[str, Any]) -> Given | None:
        """Return the badge of a row when nobody has it yet."""
        given = self.given(row, person.organisation_id)
        digest = digest_of(person.organisation_id, given)
        if not digest or (person.organisation_id, digest) in self.holders:
            return None
        return given


def digest_of(organisation_id: int, given: Given) -> str:
    """Return what is stored of a badge number; "" where there is none to read."""
    try:
        return digests.of(organisation_id, given.canonical) if given.text else ""
    except BadReading:
        return ""


def _unreadable(given: Given) -> str:
    """Say why a badge cannot be read, or nothing."""
    try:
        is_good = bool(given.canonical) and len(given.text) <= MAX_BADGE
    except BadReading as error:
        if given.profile != MAIN:
            return str(UNREADABLE[error.fault])
        is_good = False
    return "" if is_good else _("This is no badge number. Write it as the reader types it.")
