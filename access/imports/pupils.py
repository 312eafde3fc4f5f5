"""Pupils of one site: their list as a plain file, or in a OneRoster zip."""

from __future__ import annotations

import datetime as dt
from copy import copy
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from access.choices import PersonKind, PersonStatus
from access.imports import wrong_school
from access.imports.cells import Day, Needs
from access.imports.oneroster import roster
from access.imports.oneroster.roster import KEEP
from access.imports.people import PersonRows, Scope
from access.imports.places import Class, Places
from access.imports.pupil_columns import COLUMNS, INNER, OUTER, Home, PupilOutcome, Upn
from access.models import House, Person, RegistrationGroup, YearGroup
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.importing.cells import Cell, Named, cell
from lockers.importing.files import MAX_ROWS, ROW, Unreadable
from lockers.importing.results import Outcome, row_event
from lockers.models import Site

# What a row may be given that is made with it.
_PLACED = ("year_group", "registration_group", "house")


class PupilRows(PersonRows):
    """A pupil is found by the external id, the admission number, the UPN or the e-mail.

    Everybody in the file is a student at home at ``site``. Year groups, forms and houses that are
    not there are refused, or made with ``makes``. ``is_school`` says that somebody looked twice
    whether it is the right school.
    """

    year_group = Named("year_group")
    registration_group = Named("registration_group")
    house = Named("house")
    home_site = Home("home_site")
    upn = Upn("upn", keeps=True)
    starts_on = Day("starts_on")
    access_needs = Needs("access_needs", attribute="needs_low_door")

    key_columns: ClassVar[list[str]] = ["personal_number", "external_id", "upn", "email"]
    personal = PersonRows.personal | {"upn", "access_needs"}

    class Meta(PersonRows.Meta):
        pass

    def __init__(
        self,
        *args: Any,
        site: Site | None = None,
        makes: bool = False,
        leaves: bool = False,
        is_school: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields: dict[str, Cell] = {name: self.fields[name] for name in COLUMNS}
        self.site, self.makes, self.is_school = site, makes, is_school
        if leaves and site is not None:
            self.gone = Scope(site.organisation_id, site.pk, PersonKind.STUDENT)
        self.roster: roster.Roster | None = None
        self.doubt = ""

    @classmethod
    def get_display_name(cls) -> str:
        return _("pupils")

    @classmethod
    def get_result_class(cls) -> type[Outcome]:
        return PupilOutcome

    @property
    def here(self) -> Site:
        assert self.site is not None  # the form of the upload asks for it
        return self.site

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(self.here.zone).date()

    # The words of the file.

    def get_user_visible_fields(self) -> list[Cell]:
        found = []
        for field in super().get_user_visible_fields():
            shown = copy(field)
            shown.column_name = OUTER.get(field.column_name, field.column_name)
            found.append(shown)
        return found

    def get_diff_headers(self) -> list[str]:
        return [OUTER.get(name, name) for name in COLUMNS]

    def get_export_headers(self, **kwargs: Any) -> list[str]:
        return [self.column(str(field.column_name)) for field in self.get_export_fields()]

    def column(self, name: str) -> str:
        return OUTER.get(name, name)

    # The way in.

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        bundle = getattr(dataset, "bundle", None)
        try:
            if bundle is not None:
                self._take_roster(dataset, bundle)
            else:
                self._rename(dataset)
            super().before_import(dataset, **kwargs)
        except Unreadable:
            dataset.wipe()  # nothing of it is to be looked at
            raise

    def _take_roster(self, dataset: Any, bundle: Any) -> None:
        """Put the pupils of this school into the dataset, in place of all the files."""
        known = roster.Known.of(self.here)
        found = roster.read(bundle, known, self.today)
        if not found.is_whole and self.gone is not None:
            raise Unreadable(
                _("This is a delta: it names only what changed. Choose “Stays as they are” for who"
                  " is not in the file.")
            )  # fmt: skip
        if len(found.rows) > MAX_ROWS:
            raise Unreadable(
                _("This file has more than %(limit)d rows. Split it and import the parts.")
                % {"limit": MAX_ROWS}
            )
        self.roster, dataset.note = found, found.note
        dataset.wipe()
        dataset.headers = [*roster.COLUMNS, ROW]
        for row in found.rows:
            dataset.append([row.cells.get(name, KEEP) for name in roster.COLUMNS] + [row.name])

    def _rename(self, dataset: Any) -> None:
        """Call the columns as the fields of a person are called; what somebody said comes first."""
        said = self.columns
        for name in [name for name in dataset.headers if said.get(name, name) == ""]:
            del dataset[name]
        names = [said.get(name, name) for name in dataset.headers]
        inner = [INNER.get(name, name) for name in names]
        for name in sorted(inner):
            if inner.count(name) > 1:
                both = [one for one, what in zip(dataset.headers, inner, strict=True)
                        if what == name]  # fmt: skip
                raise Unreadable(
                    _("Two columns say the same, %(column)s: %(names)s. Take one out.")
                    % {"column": self.column(name), "names": ", ".join(both)}
                )
        dataset.headers = inner
        self.columns = {}

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        """Leave out what a row says nothing about."""
        for name in [name for name, value in row.items() if value is KEEP]:
            del row[name]

    def prepare(self, rows: list[dict[str, Any]]) -> None:
        self.organisations = {self.here.organisation.name: self.here.organisation}
        super().prepare(rows)
        self.school = Places(self.here, makes=self.makes)
        if self.roster is not None:
            self.school.link(self.roster.classes.values())
            self.note += "".join(
                " " + _("The form %(old)s is called %(new)s now.") % {"old": old, "new": form.name}
                for form, old in self.school.renamed
            )
        self.form_of = {
            row[ROW]: str(row.get("registration_group") or "").strip() for row in rows
        }  # fmt: skip
        self.doubt = wrong_school.look(self, rows)

    def organisation_of(self, row: dict[str, Any]) -> Any:
        return self.here.organisation

    def person_of(self, row: dict[str, Any]) -> Person | None:
        """Return whom of the register a row names, whoever may change them."""
        for name in ("external_id", "personal_number", "upn"):
            try:
                text = cell(row, name).upper() if name == "upn" else cell(row, name)
                owner = self.owners.get((name, self.here.organisation_id, text))
            except ValidationError:
                continue  # said with the row
            if isinstance(owner, Person):
                return owner
        return None

    def key_of(self, row: dict[str, Any]) -> tuple[Any, ...]:
        if not cell(row, "external_id") and not cell(row, "personal_number"):
            upn = cell(row, "upn").upper()
            owner = self.owners.get(("upn", self.here.organisation_id, upn)) if upn else None
            if isinstance(owner, Person):
                return self._own("upn", owner)
            if upn:
                return "new", self.here.organisation_id, "", "", "", upn
            if not cell(row, "email"):
                raise ValidationError(
                    {"personal_number": _("Give the admission number: it says who this is.")}
                )
        return super().key_of(row)

    def made(self, key: tuple[Any, ...], row: dict[str, Any]) -> Person:
        return Person(
            organisation=self.here.organisation, home_site=self.here, kind=PersonKind.STUDENT
        )

    def find_year_group(self, name: str, person: Person) -> YearGroup:
        return self.school.year(name)

    def find_house(self, name: str, person: Person) -> House:
        return self.school.house(name)

    def find_registration_group(self, name: str, person: Person) -> RegistrationGroup:
        return self.school.form(name, person.year_group, self._class())

    def _class(self) -> Class | None:
        """Return the homeroom class that the row at hand names, where it is of a roster."""
        return self.roster.classes.get(str(self.number)) if self.roster is not None else None

    def import_instance(self, instance: Person, row: dict[str, Any], **kwargs: Any) -> None:
        if (person_kind := instance.kind) != PersonKind.STUDENT:
            raise ValidationError(
                {"personal_number": _("This belongs to somebody who is no pupil (%s).")
                 % PersonKind(person_kind).label}
            )  # fmt: skip
        self._come(instance, row)
        super().import_instance(instance, row, **kwargs)

    def _come(self, instance: Person, row: dict[str, Any]) -> None:
        """Take somebody in who is known, but elsewhere, or as gone."""
        if instance.home_site_id != self.here.pk:
            instance.home_site = self.here
            if "registration_group" not in row:
                instance.registration_group = None  # it was one of the other site
        if instance.status == PersonStatus.LEFT and not cell(row, "status"):
            instance.status = PersonStatus.ACTIVE

    def extra_errors(self, instance: Person, row: dict[str, Any]) -> dict[str, str]:
        found = self._placed(instance, row) | self._dates(instance)
        if instance.status == PersonStatus.LEFT:
            row.pop("badge", None)  # files of schools name the cards of leavers, too
        return super().extra_errors(instance, row) | self._twice(row) | found

    def _placed(self, instance: Person, row: dict[str, Any]) -> dict[str, str]:
        """Let year and form be of each other, or say where they are not."""
        form = instance.registration_group
        if form is None:
            return {}
        if "year_group" not in row or (not cell(row, "year_group") and "registration_group" in row):
            instance.year_group = form.year_group
        said, instance.year_group = instance.year_group, form.year_group
        if said is form.year_group or said == form.year_group or not self._is_year(row):
            return {}
        facts = {"form": form, "year": form.year_group, "said": said or "-"}
        if "registration_group" in row:
            return {
                "registration_group": _(
                    "%(form)s is a form of %(year)s here, and this row says %(said)s."
                ) % facts
            }  # fmt: skip
        return {
            "year_group": _("Their form %(form)s is one of %(year)s. Give their new form, too.")
            % facts
        }

    def _is_year(self, row: dict[str, Any]) -> bool:
        """Say whether the year of a row is one; that it is not is said in its own column."""
        try:
            return bool(self.school.year(cell(row, "year_group")))
        except ValidationError:
            return False

    def _dates(self, instance: Person) -> dict[str, str]:
        first, last = instance.starts_on, instance.leaves_on
        if first and last and last < first:
            return {
                "leaves_on": _("The last day, %(last)s, comes before the first, %(first)s.")
                % {"last": last.isoformat(), "first": first.isoformat()}
            }
        if instance.status == PersonStatus.ACTIVE and last and last < self.today:
            # Known and gone: they would come back for a night.
            instance.status = PersonStatus.LEFT
        return {}

    def skip_row(self, instance: Any, original: Any, row: Any, errors: Any = None) -> bool:
        """Leave out those who are new and have left already: nothing of them is needed."""
        if self.is_new and instance.status == PersonStatus.LEFT and not errors:
            return True
        return super().skip_row(instance, original, row, errors)

    def _twice(self, row: dict[str, Any]) -> dict[str, str]:
        """Say where a pupil stands in several forms."""
        places = self.places[self.key_of(row)]
        forms = {self.form_of.get(number, "") for number in places} - {""}
        if len(forms) < 2:
            return {}
        told = ", ".join(
            _("%(form)s (row %(row)s)") % {"form": self.form_of[number][:40], "row": number}
            for number in places
            if self.form_of.get(number)
        )
        return {"registration_group": _("This pupil is in two forms: %s. Keep one row.") % told}

    # The way out of an import.

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        result.site = self.site
        if hasattr(self, "school"):
            result.made, result.doubt = self.school.made, self.doubt
        if not kwargs.get("dry_run", True) and result.is_good:
            if self.doubt and not self.is_school:
                raise Unreadable(self.doubt)
            try:
                with transaction.atomic():
                    self._save_places()
            except IntegrityError:
                busy = _("Somebody changed the same thing at this moment. Import the file again.")
                result.append_base_error(self.get_error_result_class()(ValidationError(busy)))
        super().after_import(dataset, result, **kwargs)

    def _save_places(self) -> None:
        """Write the year groups, forms and houses that rows were given, before the rows."""
        made = self.school.save()
        scope = {"organisation_id": self.here.organisation_id, "site_id": self.here.pk}
        events.record_many(
            row_event(one, changed=None, scope=scope, user=self.user, at=self.now)
            for one in made
        )  # fmt: skip
        events.record_many(
            row_event(form, changed={"name": [old, form.name]}, scope=scope, user=self.user,
                      at=self.now)
            for form, old in self.school.renamed
        )  # fmt: skip
        for one in self.waiting:
            for name in _PLACED:
                # Those that were made have their numbers by now.
                setattr(one.instance, name, getattr(one.instance, name))
        self._remember_school()

    def _remember_school(self) -> None:
        """Keep what the register calls this site, so that another school is noticed."""
        if self.roster is None or not self.roster.org or self.here.external_id:
            return
        Site.objects.filter(pk=self.here.pk).update(external_id=self.roster.org)
        events.record(
            action=Action.CHANGED, actor=Actor.staff(self.user.pk), at=self.now,
            subject=f"lockers.site:{self.here.pk}", site_id=self.here.pk,
            organisation_id=self.here.organisation_id, reason=_("imported"),
            data={"object": "lockers.site", "changed": {"external_id": "changed"}},
        )  # fmt: skip

    def scopes(self) -> list[Scope]:
        if self.roster is not None and not self.roster.is_whole:
            return []  # a delta says nothing of those whom it does not name
        return [Scope(self.here.organisation_id, self.here.pk, PersonKind.STUDENT)]

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        return queryset.select_related("year_group", "registration_group", "house")
