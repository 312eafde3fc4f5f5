"""Which of the schools in a set of files is the one at hand."""

from __future__ import annotations

from django.utils.translation import gettext as _

from access.imports.oneroster.known import Known
from lockers.importing.oneroster import Bundle, Faulty, Record

_SCHOOL = "school"


def school_of(bundle: Bundle, known: Known) -> str:
    """Return the sourcedId of the org that a site is; raises Faulty for another school's files.

    A site is told its org by the first import, which has to be unmistakable.
    """
    named = [org for org in bundle["orgs"].active if org["type"] == _SCHOOL]
    if known.org:
        ids = {org.id for org in bundle["orgs"].active}
        if bundle["orgs"].is_whole and known.org not in ids:
            raise Faulty(
                [
                    _(
                        "This is another school. orgs.csv names %(named)s, and %(site)s is"
                        " “%(org)s” there. Choose the right site, or the right file."
                    )
                    % {"named": _told(named), "site": known.site, "org": known.org}
                ]
            )
        return known.org
    if not bundle.has("orgs"):
        raise Faulty(
            [_("orgs.csv is needed the first time: it says which school this is. Send a bulk zip.")]
        )
    return _first(named or bundle["orgs"].active, known)


def _first(named: list[Record], known: Known) -> str:
    free = [org for org in named if org.id not in known.others]
    if not free:
        sites = sorted({known.others[org.id] for org in named if org.id in known.others})
        raise Faulty(
            [
                _("orgs.csv names no school.")
                if not named
                else _("This is another school: orgs.csv names %(named)s, which is %(site)s.")
                % {"named": _told(named), "site": ", ".join(sites)}
            ]
        )
    alike = [org for org in free if org["name"].casefold() == known.site.casefold()]
    if len(alike) == 1:
        return alike[0].id
    if len(free) > 1:
        raise Faulty(
            [
                _(
                    "orgs.csv names several schools: %(named)s. None of them alone is called"
                    " “%(site)s”. Write the sourcedId of the right one into “External id” of the"
                    " site."
                )
                % {"named": _told(free), "site": known.site}
            ]
        )
    return free[0].id


def _told(orgs: list[Record]) -> str:
    if not orgs:
        return _("no school")
    shown = [
        _("“%(name)s” (%(id)s, row %(row)d)")
        % {"name": org["name"][:60], "id": org.id[:60], "row": org.number}
        for org in orgs[:5]
    ]
    return ", ".join(shown) + ("…" if len(orgs) > 5 else "")
