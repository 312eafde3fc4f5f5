"""Which person a row of a file is, and what is wrong with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from access.choices import PersonKind, PersonStatus
from access.imports.badges import Badges
from access.imports.cells import Badge, Day, Groups
from access.imports.saving import Waiting, save
from access.models import (
    Department,
    Group,
    House,
    Person,
    RegistrationGroup,
    Role,
    YearGroup,
)
from access.services import leaving
from audit.services.events import Actor
from lockers.importing.cells import Cell, KeyName, Named, Word, YesNo, cell
from lockers.importing.files import ROW, Unreadable
from lockers.importing.rows import Rows
from lockers.models import Site
from lockers.scoping import MANAGE, people, sites_of

# What only one person of an organisation has.
_UNIQUE = ("external_id", "personal_number", "upn")
_RELATED = ("organisation", "home_site", "department", "role", "year_group",
            "registration_group", "house")  # fmt: skip


@dataclass(frozen=True)
class Scope:
    """Whom a file is the whole list of: everybody of an organisation, a site, a kind."""

    organisation_id: int
    site_id: int | None = None
    kind: str = ""

    def people(self) -> QuerySet[Person]:
        """Return who is here and belongs to it."""
        people = Person.objects.filter(organisation_id=self.organisation_id).exclude(
            status=PersonStatus.LEFT
        )
        if self.site_id is not None:
            people = people.filter(home_site_id=self.site_id)
        return people.filter(kind=self.kind) if self.kind else people


class TooManyGone(Unreadable):
    """More than half of the people would leave, and nobody said twice that this is meant."""

    def __init__(self, gone: int, of: int) -> None:
        super().__init__(
            _("%(gone)d of %(of)d people would leave: more than half. Tick that you are sure.")
            % {"gone": gone, "of": of}
        )


class UnknownColumns(Unreadable):
    """A file whose columns have other names: somebody may say what they are."""


class PersonRows(Rows):
    """A person is found by the external id, the personal number or the e-mail, in this order.

    ``columns`` says which column of the file is which field; ``gone`` whom the file is the whole
    list of, so that those it does not name have left. More than half of them are believed only
    with ``is_sure``.
    """

    organisation = KeyName("organisation")
    external_id = Cell("external_id", keeps=True)
    personal_number = Cell("personal_number", keeps=True)
    given_name = Cell("given_name", needed=True)
    family_name = Cell("family_name")
    email = Cell("email")
    kind = Word("kind", PersonKind)
    status = Word("status", PersonStatus)
    home_site = Named("home_site")
    department = Named("department")
    role = Named("role")
    groups = Groups("groups")
    cost_centre = Cell("cost_centre")
    guardian_name = Cell("guardian_name")
    guardian_phone = Cell("guardian_phone")
    guardian_email = Cell("guardian_email")
    leaves_on = Day("leaves_on")
    needs_low_door = YesNo("needs_low_door")
    needs_wide_door = YesNo("needs_wide_door")
    needs_charging = YesNo("needs_charging")
    needs_near_entrance = YesNo("needs_near_entrance")
    badge = Badge("badge")
    badge_profile = Badge("badge_profile")
    badge_written = Badge("badge_written")

    key_columns: ClassVar[list[str]] = ["personal_number", "external_id", "email"]
    personal = Rows.personal | {"badge"}

    class Meta(Rows.Meta):
        model = Person

    def __init__(
        self,
        *args: Any,
        columns: dict[str, str] | None = None,
        gone: Scope | None = None,
        is_sure: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.columns, self.gone, self.is_sure = columns or {}, gone, is_sure
        self.waiting: list[Waiting] = []
        self.named: set[int] = set()

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        for name in [name for name in dataset.headers if self.columns.get(name, name) == ""]:
            del dataset[name]
        dataset.headers = [self.columns.get(name, name) for name in dataset.headers]
        known = {field.column_name for field in self.fields.values()} | {ROW}
        headers = set(dataset.headers)
        if headers - known or self.missing(headers):
            try:
                super().before_import(dataset, **kwargs)
            except Unreadable as error:
                raise UnknownColumns(str(error)) from error
        super().before_import(dataset, **kwargs)

    def missing(self, headers: set[str]) -> list[str]:
        return [] if headers & set(self.key_columns) else self.key_columns[:1]

    def prepare(self, rows: list[dict[str, Any]]) -> None:
        organisations = [organisation.pk for organisation in self.organisations.values()]
        self.by_email: defaultdict[tuple[int, str], list[Person]] = defaultdict(list)
        # Who has a number or external id: people of the register, then rows of the file.
        self.owners: dict[tuple[str, int, str], Person | int] = {}
        self.names: dict[str, dict[tuple[int, str], Any]] = {
            "department": _by_name(Department, organisations),
            "role": _by_name(Role, organisations),
            "groups": _by_name(Group, organisations),
            "home_site": {
                (site.organisation_id, site.name): site for site in sites_of(self.user, MANAGE)
            },
        }
        for person in self._people(organisations):
            self.known["pk", person.pk] = person
            for name in _UNIQUE:
                if value := getattr(person, name):
                    self.owners[name, person.organisation_id, value] = person
            if person.email:
                self.by_email[person.organisation_id, person.email.lower()].append(person)
        # Whom this user may change: the others are known only so that nothing is theirs twice.
        self.changeable = set(
            Person.objects.filter(people(self.user, MANAGE)).values_list("pk", flat=True)
        )
        seen = Person.objects.filter(people(self.user)).values_list("pk", flat=True)
        self.badges = Badges(organisations, set(seen))
        for row in rows:
            try:
                self.badges.add(row, self.organisation_of(row).pk)
            except ValidationError:
                continue  # said with the row
        self.badges.look_up()

    def _people(self, organisations: list[int]) -> Iterator[Person]:
        """Yield everybody, with what they belong to: each department is one object, not thousands.

        Joins and a prefetch took four times as long for ten thousand people.
        """
        models: list[tuple[str, Any]] = [
            ("department", Department), ("role", Role), ("groups", Group), ("home_site", Site),
            ("year_group", YearGroup), ("house", House),
        ]  # fmt: skip
        by_pk: dict[str, dict[int, Any]] = {
            name: {row.pk: row for row in model.objects.filter(organisation_id__in=organisations)}
            for name, model in models
        }
        by_pk["organisation"] = {one.pk: one for one in self.organisations.values()}
        by_pk["registration_group"] = {}
        for form in RegistrationGroup.objects.filter(site__organisation_id__in=organisations):
            form.site = by_pk["home_site"][form.site_id]
            form.year_group = by_pk["year_group"][form.year_group_id]
            by_pk["registration_group"][form.pk] = form
        groups: defaultdict[int, list[Group]] = defaultdict(list)
        for person_id, group_id in Person.groups.through.objects.filter(
            person__organisation_id__in=organisations
        ).values_list("person_id", "group_id"):
            groups[person_id].append(by_pk["groups"][group_id])
        for person in Person.objects.filter(organisation_id__in=organisations):
            for name in _RELATED:
                if (pk := getattr(person, f"{name}_id")) is not None:
                    setattr(person, name, by_pk[name][pk])
            person._groups = groups[person.pk]  # type: ignore[attr-defined]  # as Groups gives them
            yield person

    def key_of(self, row: dict[str, Any]) -> tuple[Any, ...]:
        organisation = self.organisation_of(row)
        external_id, number = cell(row, "external_id"), cell(row, "personal_number")
        email = cell(row, "email").lower()
        if external_id:
            owner = self.owners.get(("external_id", organisation.pk, external_id))
            if isinstance(owner, Person):
                return self._own("external_id", owner)
        if number:
            owner = self.owners.get(("personal_number", organisation.pk, number))
            if isinstance(owner, Person):
                if external_id and owner.external_id not in ("", external_id):
                    raise ValidationError(
                        {
                            "personal_number": _(
                                "This number belongs to somebody with another external id."
                            )
                        }
                    )
                return self._own("personal_number", owner)
        if external_id or number:
            return "new", organisation.pk, external_id, "" if external_id else number
        if not email:
            raise ValidationError(
                {
                    "personal_number": _(
                        "Give a personal number, an external id or an e-mail: one of them says who."
                    )
                }
            )
        if len(found := self.by_email[organisation.pk, email]) > 1:
            raise ValidationError(
                {"email": _("Several people have this e-mail. Give the personal number.")}
            )
        return self._own("email", found[0]) if found else ("new", organisation.pk, "", "", email)

    def _own(self, column: str, person: Person) -> tuple[str, int]:
        """Return the key of a person; refuse one at home at a site that is not the user's."""
        if person.pk not in self.changeable:
            raise ValidationError(
                {column: _("This is somebody of another site. Take the row out of the file.")}
            )
        return "pk", person.pk

    def made(self, key: tuple[Any, ...], row: dict[str, Any]) -> Person:
        return Person(organisation=self.organisation_of(row))

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
        """Say what is wrong between rows, and with a badge, before anything is saved."""
        if instance.pk is not None:
            self.named.add(instance.pk)
        return self._taken(instance) | self.badges.errors(instance, row)

    def _taken(self, instance: Person) -> dict[str, str]:
        """Say which number or external id is somebody else's, in the register or in the file."""
        found = {}
        for name in _UNIQUE:
            if not (value := getattr(instance, name)):
                continue
            owner = self.owners.setdefault((name, instance.organisation_id, value), self.number)
            if isinstance(owner, Person):
                if owner.pk != instance.pk:
                    found[name] = _("This belongs to somebody else already. Use another.")
            elif owner != self.number:
                found[name] = _("This stands in rows %(rows)s. Keep one of them.") % {
                    "rows": f"{owner}, {self.number}"
                }
        return found

    def has_more(self, instance: Person, row: dict[str, Any]) -> bool:
        return bool(self.badges.new(instance, row))

    def save_instance(self, instance: Person, is_create: bool, row: Any, **kwargs: Any) -> None:
        """Keep a row that is right until all are looked at: they are written together."""
        if kwargs["dry_run"]:
            return
        changed = self.changed(instance)
        own = {field.name for field in Person._meta.fields} - {"status"}
        attributes = {
            name for f in self.fields.values() if f.column_name in changed for name in f.attributes
        }
        status = None
        if is_create and instance.status == PersonStatus.LEFT:
            instance.left_at = self.now
        if not is_create and "status" in changed:
            # The verb changes it, and tells it, afterwards.
            status, instance.status = instance.status, changed["status"][0]
        told = {name: value for name, value in self.told(instance).items() if name != "status"}
        self.waiting.append(
            Waiting(
                instance=instance,
                row=row,
                is_new=is_create,
                fields=sorted(attributes & own),
                told=told,
                has_new_groups="groups" in changed,
                badge=self.badges.new(instance, row),
                status=status,
            )
        )

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        dry_run = kwargs.get("dry_run", True)
        everybody = [person for scope in self.scopes() for person in scope.people()]
        here = [person for person in everybody if person.pk in self.changeable]
        result.gone = [person for person in here if person.pk not in self.named]
        result.archives = self.gone is not None
        result.asks_twice = result.archives and len(result.gone) * 2 > len(here)
        if not dry_run and result.is_good:
            if result.asks_twice and not self.is_sure:
                raise TooManyGone(len(result.gone), len(here))
            save(self, self.waiting, result)
            if result.archives and result.is_good:
                leaving.leave_all(
                    people=result.gone,
                    actor=Actor.staff(self.user.pk),
                    at=self.now,
                    reason=_("not in the imported list"),
                )
        super().after_import(dataset, result, **kwargs)

    def scopes(self) -> list[Scope]:
        """Return whom the file is compared with, to say who is not in it."""
        if self.gone is not None:
            return [self.gone]
        return [Scope(organisation.pk) for organisation in self.organisations.values()]

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


def _by_name(model: type[Model], organisations: list[int]) -> dict[tuple[int, str], Any]:
    rows: Any = model._default_manager.filter(organisation_id__in=organisations)
    return {(row.organisation_id, row.name): row for row in rows}
