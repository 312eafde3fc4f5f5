"""What the files of schools call things, and the columns that only pupils have."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from lockers.importing.cells import Cell, Named
from lockers.importing.results import Outcome
from lockers.models import Site

# What a school's file calls a field of a person.
OUTER = {
    "personal_number": "admission_number",
    "given_name": "forename",
    "family_name": "surname",
    "starts_on": "start_date",
    "leaves_on": "leaving_date",
    "badge": "card_uid",
    "home_site": "site",
}
# And what other programs call it.
_ALSO = {
    "personal_number": "admission_no adno adm_no pupil_number student_number number",
    "given_name": "first_name firstname given_name preferred_forename chosen_name",
    "family_name": "last_name lastname family_name legal_surname",
    "year_group": "year yeargroup nc_year national_curriculum_year grade",
    "registration_group": "form reg reg_group tutor_group registration class",
    "starts_on": "admission_date date_of_admission first_day",
    "leaves_on": "date_of_leaving leave_date last_day",
    "badge": "card card_number badge badge_number",
    "email": "e-mail mail email_address",
    "upn": "unique_pupil_number",
    "external_id": "sourcedid",
    "home_site": "school",
}
INNER = {other: inner for inner, others in _ALSO.items() for other in others.split()} | {
    outer: inner for inner, outer in OUTER.items()
}
# In the order of the columns of a file.
COLUMNS = [
    "personal_number", "upn", "given_name", "family_name", "year_group", "registration_group",
    "house", "starts_on", "leaves_on", "email", "badge", "access_needs", "status", "external_id",
    "guardian_name", "guardian_phone", "guardian_email", "home_site",
]  # fmt: skip


class Upn(Cell):
    def parse(self, text: str, resource: Any, instance: Any) -> str:
        return text.upper()


class Home(Named):
    """The site, which is chosen with the file: a column that says another is of another school."""

    def parse(self, text: str, resource: Any, instance: Any) -> Site:
        site: Site = resource.here
        if text and text.casefold() != site.name.casefold():
            raise ValidationError(
                _("This row is of “%(text)s”, and the file was uploaded for %(site)s.")
                % {"text": text[:60], "site": site}
            )
        return site


class PupilOutcome(Outcome):
    """What an import of pupils found: in the words of its file, with what it will make."""

    made: ClassVar[list[Any]] = []
    # Which site the file was uploaded for, so that it is read once more before it is confirmed.
    site: Site | None = None
    # A sentence, where most of a file looks like that of another school.
    doubt = ""

    def append_invalid_row(self, number: int, row: Any, validation_error: Any) -> None:
        if hasattr(validation_error, "error_dict"):
            validation_error = ValidationError(
                {OUTER.get(name, name): found for name, found in
                 validation_error.error_dict.items()}
            )  # fmt: skip
        super().append_invalid_row(number, row, validation_error)
