"""Which form a pupil is in: the homeroom class that they are enrolled in."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from access.imports.oneroster.known import Known
from access.imports.places import MAX_NAME, Class
from lockers.importing.oneroster import Bundle, Record

_HOMEROOM, _STUDENT = "homeroom", "student"


@dataclass(frozen=True)
class Homerooms:
    """The forms of a school, and by pupil the one they are in; ``left`` it are those who are not.

    ``rows`` are the enrolments that say so.
    """

    is_sent: bool
    is_whole: bool
    of: dict[str, Class]
    rows: dict[str, Record]
    left: dict[str, Record]
    wrongs: list[str]


def read(bundle: Bundle, org: str, known: Known, users: Mapping[str, Record],
         today: dt.date) -> Homerooms:  # fmt: skip
    """Find the form of everybody."""
    classes = {
        row.id: row
        for row in bundle["classes"].active
        if row["classType"] == _HOMEROOM and row["schoolSourcedId"] == org
    }
    everything = {row.id for row in bundle["classes"].rows} | known.forms.keys()
    enrolled: defaultdict[str, list[Record]] = defaultdict(list)
    gone: dict[str, Record] = {}
    wrongs: list[str] = []
    for row in bundle["enrollments"].rows:
        class_id, user_id = row["classSourcedId"], row["userSourcedId"]
        if row["role"] != _STUDENT or row["schoolSourcedId"] != org:
            continue
        if row.is_gone:
            # Out of the form that they are in, unless another row puts them into the next one.
            if known.pupils.get(user_id) == class_id and class_id:
                gone[user_id] = row
            continue
        if class_id not in everything:
            wrongs.append(_lost(row, "classSourcedId", "classes.csv", class_id))
        elif class_id in classes or class_id in known.forms:
            if bundle["users"].is_whole and user_id not in users:
                wrongs.append(_lost(row, "userSourcedId", "users.csv", user_id))
            elif _is_over(row, today):
                continue
            else:
                enrolled[user_id].append(row)
    found: dict[str, Class] = {}
    rows: dict[str, Record] = {}
    for user_id, several in enrolled.items():
        chosen = _chosen(several, today)
        first = chosen[0]
        if len({row["classSourcedId"] for row in chosen}) > 1:
            wrongs.append(_two(chosen, classes, known))
        found[user_id] = _class(first["classSourcedId"], classes, known)
        rows[user_id] = first
    return Homerooms(
        is_sent=bundle.has("enrollments"),
        is_whole=bundle["enrollments"].is_whole,
        of=found,
        rows=rows,
        left={user_id: row for user_id, row in gone.items() if user_id not in found},
        wrongs=wrongs,
    )


def _chosen(rows: list[Record], today: dt.date) -> list[Record]:
    """Return the enrolments that count: those of now, or else those that begin next."""
    now = [row for row in rows if (_day(row["beginDate"]) or dt.date.min) <= today]
    if now:
        return now
    first = min(_day(row["beginDate"]) or dt.date.min for row in rows)
    return [row for row in rows if (_day(row["beginDate"]) or dt.date.min) == first]


def _class(id_: str, classes: Mapping[str, Record], known: Known) -> Class:
    row = classes.get(id_)
    if row is None:
        return Class(id_, known.forms[id_], "", "")
    name = row["title"] or row["classCode"]
    if len(name) > MAX_NAME and row["classCode"]:
        name = row["classCode"]
    grades = row.list("grades")
    return Class(id_, name, grades[0] if len(grades) == 1 else "", row["location"])


def _two(rows: list[Record], classes: Mapping[str, Record], known: Known) -> str:
    told = ", ".join(
        _("“%(form)s” (row %(row)d)")
        % {"form": _class(row["classSourcedId"], classes, known).name, "row": row.number}
        for row in rows
    )
    return _("%(place)s: this pupil is in two forms: %(forms)s. Keep one.") % {
        "place": rows[-1].at("classSourcedId"), "forms": told,
    }  # fmt: skip


def _lost(row: Record, column: str, file: str, id_: str) -> str:
    return _("%(place)s: there is no “%(id)s” in %(file)s.") % {
        "place": row.at(column), "id": id_[:60], "file": file,
    }  # fmt: skip


def _is_over(row: Record, today: dt.date) -> bool:
    last = _day(row["endDate"])
    return last is not None and last < today


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
