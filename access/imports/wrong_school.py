"""Whether a file is of the school that was chosen for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from lockers.importing.files import ROW, Unreadable

if TYPE_CHECKING:
    from access.imports.pupils import PupilRows

# Fewer rows than these may be pupils who changed schools, or a form that is new.
FEW = 3


def look(rows: PupilRows, lines: list[dict[str, Any]]) -> str:
    """Return a sentence where a file might be of another school; raises Unreadable where it is."""
    _at_home(rows, lines)
    named = [line for line in lines if rows.form_of[line[ROW]]]
    unknown = [line for line in named if not _is_known(rows, line)]
    if len(unknown) < FEW or len(unknown) * 2 <= len(named):
        return ""
    site, first = rows.here, unknown[0]
    facts = {
        "count": len(unknown), "of": len(named), "site": site, "row": first[ROW],
        "form": rows.form_of[first[ROW]][:40],
    }  # fmt: skip
    has_forms = any(form.pk is not None for form in rows.school.forms.values())
    if rows.makes:
        if not has_forms or rows.roster is not None:
            return ""
        return _(
            "%(count)d of %(of)d rows name forms that %(site)s does not have so far, such as"
            " “%(form)s” in row %(row)s. Is it the right school?"
        ) % facts  # fmt: skip
    if has_forms:
        raise Unreadable(
            _(
                "%(count)d of %(of)d rows name forms that %(site)s does not have, such as"
                " “%(form)s” in row %(row)s, column registration_group. Is it the right school? If"
                " it is, tick “Make what is missing”."
            )
            % facts
        )
    raise Unreadable(
        _(
            "%(site)s has no forms yet. Tick “Make what is missing” to make those of the file, or"
            " add them under “Registration groups”."
        )
        % facts
    )


def _at_home(rows: PupilRows, lines: list[dict[str, Any]]) -> None:
    """Refuse a file most of whose pupils are at home at another site."""
    strangers = [
        (line, person)
        for line in lines
        if (person := rows.person_of(line)) is not None
        and person.home_site_id not in (None, rows.here.pk)
    ]
    if len(strangers) < FEW or len(strangers) * 2 <= len(lines):
        return
    line, person = strangers[0]
    facts = {
        "count": len(strangers), "of": len(lines), "site": rows.here, "row": line[ROW],
        "person": person, "other": person.home_site,
    }  # fmt: skip
    if person.pk not in rows.changeable:
        raise Unreadable(
            _(
                "%(count)d of %(of)d rows are pupils of another school, such as row %(row)s. This"
                " is not the list of %(site)s."
            )
            % facts
        )
    raise Unreadable(
        _(
            "%(count)d of %(of)d rows are pupils of another school: row %(row)s is %(person)s, at"
            " home at %(other)s. This is not the list of %(site)s."
        )
        % facts
    )


def _is_known(rows: PupilRows, line: dict[str, Any]) -> bool:
    form = rows.roster.classes.get(line[ROW]) if rows.roster is not None else None
    if form is not None and form.id in rows.school.by_id:
        return True
    return rows.school.knows_form(rows.form_of[line[ROW]])
