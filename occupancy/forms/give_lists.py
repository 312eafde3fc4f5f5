"""Lists of who gets which door: typed line by line, or a file of two or three columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from access.models import Person
from lockers.importing.files import ROW, CsvFile, Unreadable, XlsxFile, header
from lockers.models import Bank, Compartment
from occupancy.selectors.holders import find_people

LONGEST = 500
# What other programs call the columns.
_PERSON = ("person", "personal_number", "person_number", "employee_number", "number", "email",
           "e-mail")  # fmt: skip
_DOOR = ("door", "door_number", "compartment", "locker")
_BANK = ("bank",)


@dataclass(frozen=True)
class Entry:
    """One line: what stands there, and whom and which door it means; or why it cannot be read."""

    place: int
    text: str
    person: Person | None = None
    bank_id: int | None = None
    compartment_id: int | None = None
    problem: str = ""


def lines_of(name: str, content: bytes) -> list[str]:
    """Return a CSV or XLSX file as lines: "person; door" or "person; bank; door".

    Raises Unreadable with a sentence on what to do.
    """
    is_workbook = name.lower().endswith(".xlsx") or content.startswith(b"PK\x03\x04")
    file = XlsxFile() if is_workbook else CsvFile()
    rows = file.create_dataset(content)
    columns = [header(one) for one in rows.headers if one != ROW]
    person, door, bank = (_column(columns, names) for names in (_PERSON, _DOOR, _BANK))
    if person is None:
        raise Unreadable(_("Name the columns “person” and “door” in the first row."))
    found = []
    for row in rows:
        cells = [_cell(row[place]) for place in (person, bank, door) if place is not None]
        found.append("; ".join(cells).rstrip("; "))
    return found


def _column(columns: list[str], names: tuple[str, ...]) -> int | None:
    return next((columns.index(name) for name in names if name in columns), None)


def _cell(value: object) -> str:
    """Write a cell as a person reads it: a spreadsheet keeps 1001 as 1001.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str("" if value is None else value).replace(";", " ").split())


def read(lines: Iterable[str], *, bank: Bank, banks: Iterable[Bank]) -> list[Entry]:
    """Return what each line means: in one bank, or in another of the site that is named.

    Two statements, however many lines there are.
    """
    parts = [[part.strip() for part in line.split(";")] for line in lines]
    people = find_people(bank.site.organisation_id, {part[0] for part in parts})
    named = {one.name.lower(): one for one in banks if one.site_id == bank.site_id}
    named.setdefault(bank.name.lower(), bank)
    doors: dict[tuple[int, str], int] = {
        (bank_id, number): pk
        for pk, bank_id, number in Compartment.objects.filter(
            bank__in=list(named.values())
        ).values_list("pk", "bank_id", "number")
    }
    return [_entry(place, part, bank, people, named, doors) for place, part in enumerate(parts, 1)]


def _entry(
    place: int,
    parts: list[str],
    bank: Bank,
    people: dict[str, Person | None],
    named: dict[str, Bank],
    doors: dict[tuple[int, str], int],
) -> Entry:
    text = "; ".join(parts)
    if len(parts) > 3:
        return Entry(place, text, problem=_("Write it as: person; door."))
    person = people.get(parts[0])
    if person is None:
        return Entry(place, text, problem=_("Nobody here has that number or address."))
    where = named.get(parts[1].lower()) if len(parts) == 3 and parts[1] else bank
    if where is None:
        return Entry(place, text, person, problem=_("This site has no bank of that name."))
    number = parts[-1] if len(parts) > 1 else ""
    if not number:
        return Entry(place, text, person, where.pk)
    door_id = doors.get((where.pk, number))
    if door_id is None:
        return Entry(place, text, person, where.pk,
                     problem=_("Bank %s has no door of that number.") % where.name)  # fmt: skip
    return Entry(place, text, person, where.pk, door_id)
