"""People from and into files."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from access import hashing
from access.choices import CredentialKind, CredentialStatus, PersonKind, PersonStatus
from access.errors import BadgeTaken
from access.models import Credential, Department, Group, Person, Role
from access.services import credentials
from audit.services.events import Actor
from lockers.importing.cells import Cell, Key, KeyName, Named, Word, YesNo, cell, text_of
from lockers.importing.files import ROW
from lockers.importing.rows import Rows
from lockers.models import Site
from lockers.scoping import MANAGE, sites_of

# As the form that issues one takes it.
MAX_BADGE = 64


class Groups(Cell):
    """Names with semicolons between them; a cell says all groups of a person."""

    def give(self, instance: Person) -> str:
        if not hasattr(instance, "_groups"):
            instance._groups = list(instance.groups.all()) if instance.pk else []  # type: ignore[attr-defined]
        groups: list[Group] = instance._groups  # type: ignore[attr-defined]
        return "; ".join(sorted(group.name for group in groups))

    def parse(self, text: str, resource: PersonRows, instance: Person) -> list[Group]:
        names = {name.strip() for name in text.split(";")} - {""}
        return [resource.find("groups", name, instance) for name in sorted(names)]

    def put(self, instance: Person, value: list[Group]) -> None:
        instance._groups = value  # type: ignore[attr-defined]  # saved after the person


class Badge(Cell):
    """A badge to issue. Only taken: the number of a badge is stored nowhere."""

    def __init__(self) -> None:
        super().__init__("badge", is_exported=False)

    def give(self, instance: Person) -> str:
        hint = getattr(instance, "_badge_hint", "")
        return f"…{hint}" if hint else ""

    def take(self, instance: Any, raw: Any, resource: Any, *, is_new: bool) -> None:
        # Read with all others before the first row; a cell that says nothing issues nothing.
        return


class PersonRows(Rows):
    """A person is found by the personal number or, where that is empty, by the e-mail."""

    organisation = KeyName("organisation")
    personal_number = Key("personal_number")
    given_name = Cell("given_name", needed=True)
    family_name = Cell("family_name")
    email = Cell("email")
    kind = Word("kind", PersonKind)
    status = Word("status", PersonStatus)
    home_site = Named("home_site")
    department = Named("department")
    role = Named("role")
    groups = Groups("groups")
    needs_low_door = YesNo("needs_low_door")
    needs_wide_door = YesNo("needs_wide_door")
    needs_charging = YesNo("needs_charging")
    needs_near_entrance = YesNo("needs_near_entrance")
    badge = Badge()

    key_columns: ClassVar[list[str]] = ["personal_number", "email"]
    personal = Rows.personal | {"badge"}

    class Meta(Rows.Meta):
        model = Person

    def missing(self, headers: set[str]) -> list[str]:
        return [] if headers & set(self.key_columns) else self.key_columns[:1]

    def prepare(self, rows: list[dict[str, Any]]) -> None:
        organisations = [organisation.pk for organisation in self.organisations.values()]
        self.by_email: defaultdict[tuple[int, str], list[Person]] = defaultdict(list)
        for person in (
            Person.objects.filter(organisation_id__in=organisations)
            .select_related("organisation", "home_site", "department", "role")
            .prefetch_related("groups")
        ):
            if person.personal_number:
                self.known[person.organisation_id, person.personal_number] = person
            if person.email:
                self.by_email[person.organisation_id, person.email.lower()].append(person)
                key = (person.organisation_id, "", person.email.lower())
                self.known.setdefault(key, person)
        self.names: dict[str, dict[tuple[int, str], Any]] = {
            "department": _by_name(Department, organisations),
            "role": _by_name(Role, organisations),
            "groups": _by_name(Group, organisations),
            "home_site": {
                (site.organisation_id, site.name): site for site in sites_of(self.user, MANAGE)
            },
        }
        self._prepare_badges(rows)

    def _prepare_badges(self, rows: list[dict[str, Any]]) -> None:
        """Find out who has each badge in the file, and which rows name it twice."""
        self.badge_rows: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        for row in rows:
            try:
                text, organisation = cell(row, "badge"), self.organisation_of(row)
            except ValidationError:
                continue  # said with the row
            if text:
                self.badge_rows[organisation.pk, _digest(text)].append(row[ROW])
        digests = {digest for _organisation, digest in self.badge_rows}
        self.holders = {
            (badge.organisation_id, badge.digest): badge
            for badge in Credential.objects.filter(kind=CredentialKind.BADGE, digest__in=digests)
        }

    def key_of(self, row: dict[str, Any]) -> tuple[Any, ...]:
        organisation = self.organisation_of(row)
        number, email = cell(row, "personal_number"), cell(row, "email").lower()
        if number:
            return organisation.pk, number
        if not email:
            raise ValidationError(
                {"personal_number": _("Give a personal number or an e-mail: one of them says who.")}
            )
        if len(found := self.by_email[organisation.pk, email]) > 1:
            raise ValidationError(
                {"email": _("Several people have this e-mail. Give the personal number.")}
            )
        # Somebody with a number is the same person by number and by e-mail.
        if found and found[0].personal_number:
            return organisation.pk, found[0].personal_number
        return organisation.pk, "", email

    def made(self, key: tuple[Any, ...], row: dict[str, Any]) -> Person:
        return Person(
            organisation=self.organisation_of(row), personal_number=cell(row, "personal_number")
        )

    def find(self, column: str, name: str, person: Person) -> Any:
        """Return a department, role, group or site of the person's organisation."""
        found = self.names[column].get((person.organisation_id, name))
        if found is None:
            words = {
                "department": _("There is no department “%s”. Add it first."),
                "role": _("There is no role “%s”. Add it first."),
                "groups": _("There is no group “%s”. Add it first."),
                "home_site": _("There is no site “%s”. Check its name."),
            }
            raise ValidationError(words[column] % name[:80])
        return found

    def find_department(self, name: str, person: Person) -> Department:
        found: Department = self.find("department", name, person)
        return found

    def find_role(self, name: str, person: Person) -> Role:
        found: Role = self.find("role", name, person)
        return found

    def find_home_site(self, name: str, person: Person) -> Site:
        found: Site = self.find("home_site", name, person)
        return found

    def extra_errors(self, instance: Person, row: dict[str, Any]) -> dict[str, str]:
        """Say what is wrong with a badge before anything is saved."""
        try:
            text = text_of(row.get("badge")).strip()
        except ValidationError as error:
            return {"badge": error.messages[0]}
        if not text:
            return {}
        if not isinstance(row["badge"], str):
            return {"badge": _("This is a number, so zeros in front are lost. Format it as text.")}
        if len(text) > MAX_BADGE or not text.isprintable():
            return {"badge": _("This is no badge number. Write it as the reader types it.")}
        digest = (instance.organisation_id, _digest(text))
        if len(places := self.badge_rows[digest]) > 1:
            return {
                "badge": _("The same badge stands in rows %s. It can be one person's only.")
                % ", ".join(map(str, places))
            }
        held = self.holders.get(digest)
        if held is None:
            return {}
        if held.person_id != instance.pk:
            return {"badge": _("This badge belongs to somebody already. Use another.")}
        if held.status != CredentialStatus.ACTIVE:
            return {"badge": _("This badge of theirs was suspended or revoked. Use another.")}
        return {}

    def has_more(self, instance: Person, row: dict[str, Any]) -> bool:
        return bool(self._new_badge(instance, row))

    def _new_badge(self, person: Person, row: dict[str, Any]) -> str:
        text = cell(row, "badge")
        return "" if (person.organisation_id, _digest(text)) in self.holders else text

    def after_save_instance(self, instance: Person, row: Any, **kwargs: Any) -> None:
        if self.changed(instance).get("groups") is not None:
            instance.groups.set(instance._groups)  # type: ignore[attr-defined]
        if badge := self._new_badge(instance, row):
            try:
                credentials.issue_badge(
                    person=instance, text=badge, actor=Actor.staff(self.user.pk), at=self.now
                )
            except BadgeTaken as error:
                raise ValidationError({"badge": str(error)}) from error
            instance._badge_hint = hashing.hint(badge)  # type: ignore[attr-defined]
        super().after_save_instance(instance, row, **kwargs)

    def scope_of(self, instance: Person) -> dict[str, Any]:
        return {
            "organisation_id": instance.organisation_id,
            "site_id": instance.home_site_id,
            "person_id": instance.pk,
        }

    def filter_export(self, queryset: QuerySet[Person], **kwargs: Any) -> Any:
        return queryset.select_related(
            "organisation", "home_site", "department", "role"
        ).prefetch_related("groups")


def _digest(text: str) -> str:
    return hashing.badge_digest(settings.BADGE_KEY, hashing.canonical_text(text))


def _by_name(model: type[Model], organisations: list[int]) -> dict[tuple[int, str], Any]:
    rows: Any = model._default_manager.filter(organisation_id__in=organisations)
    return {(row.organisation_id, row.name): row for row in rows}
