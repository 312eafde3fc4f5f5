"""Links by e-mail: to pupils or to their guardians; and codes to the address that a link went to.

A letter is queued without its secret: link and code are made at the moment at which it goes, so
that nothing that lets anybody in is stored. They never go in one letter. The link comes first;
whoever opens it asks for a code there, which is good for an hour, once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.urls import reverse

from access import letters
from access.choices import NoticeKind
from access.models import Notice, Person
from access.services import notices
from access.services.notices import Word
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from occupancy.choices import LinkFor
from occupancy.errors.allotments import NotCommitted, WishesForgotten
from occupancy.models import Allotment, Entry
from occupancy.services.allotting import links

_CODE_LASTS = dt.timedelta(hours=1)
# As where people sign in on their phone.
_WITHIN = dt.timedelta(minutes=15)
_CODES_PER_LINK = 5


@dataclass(frozen=True)
class Sent:
    """How many letters were written, and who has no address: theirs are printed."""

    count: int
    without: list[Person]


def address_of(person: Person, to: str) -> str:
    """Return the address of a pupil or of their guardian; "" where there is none."""
    return person.guardian_email if to == LinkFor.GUARDIAN else person.email


def without_address(
    *, allotment: Allotment, to: str, forms: Iterable[int] | None = None
) -> list[Person]:
    """Return who of those who take part cannot be reached that way."""
    return [one.person for one in _entries(allotment, forms) if not address_of(one.person, to)]


def send_links(
    *,
    allotment: Allotment,
    to: str,
    forms: Iterable[int] | None = None,
    actor: Actor,
    at: dt.datetime,
) -> Sent:
    """Write a letter with a new link to everybody who takes part, or to some forms.

    Who has no address keeps what they were handed before. Raises NotCommitted and WishesForgotten.
    """
    with transaction.atomic():
        if allotment.committed_at is None:
            raise NotCommitted
        if allotment.forgotten_at is not None:
            raise WishesForgotten
        found = _entries(allotment, forms)
        reached = [one for one in found if address_of(one.person, to)]
        Entry.objects.filter(pk__in=[one.pk for one in reached]).update(link_for=to)
        closes = allotment.closes_at
        until = closes if closes is not None and at < closes else None
        notices.tell_many(
            (
                _word(
                    entry, NoticeKind.WISHES_LINK, address_of(entry.person, to),
                    {"to": to, "until": until},
                )
                for entry in reached
            ),
            at=at,
        )  # fmt: skip
        events.record(
            action=Action.LINKS_SENT, actor=actor, at=at,
            organisation_id=allotment.site.organisation_id, site_id=allotment.site_id,
            subject=f"allotment:{allotment.pk}",
            data={"allotment": allotment.name, "to": to, "letters": len(reached),
                  "without": len(found) - len(reached)},
        )  # fmt: skip
    return Sent(len(reached), [one.person for one in found if not address_of(one.person, to)])


def send_code(*, entry: Entry, at: dt.datetime) -> None:
    """Write a letter with a new code to the address to which the link went.

    Whoever asks learns nothing: where the link was printed, the address is gone, or five were
    asked for within a quarter of an hour, nothing is written, and nothing is raised.
    """
    with transaction.atomic():
        now = Entry.objects.select_for_update(no_key=True, of=("self",)).get(pk=entry.pk)
        address = address_of(entry.person, now.link_for) if now.link_for else ""
        lately = Notice.objects.filter(
            kind=NoticeKind.WISHES_CODE, subject=_subject(entry), made_at__gt=at - _WITHIN
        )
        if not address or lately.count() >= _CODES_PER_LINK:
            return
        notices.tell(
            _word(entry, NoticeKind.WISHES_CODE, address, {"to": now.link_for},
                  useful_until=at + _CODE_LASTS),
            at=at,
        )  # fmt: skip


def known_address(entry: Entry) -> str:
    """Return a hint at the address that a link went to, for who has the link; "" on paper."""
    return masked(address_of(entry.person, entry.link_for)) if entry.link_for else ""


def masked(address: str) -> str:
    """Return an address of which only its owner knows the rest."""
    name, at, domain = address.partition("@")
    if not at:
        return ""
    host, dot, ending = domain.rpartition(".")
    return f"{name[:1]}•••@{host[:1] if dot else domain[:1]}•••{dot}{ending if dot else ''}"


def register() -> None:
    """Tell the letters how link and code are made when one goes."""
    letters.leads(NoticeKind.WISHES_LINK, _to_wishes)
    notices.checked_by(NoticeKind.WISHES_LINK, _is_wanted)
    notices.checked_by(NoticeKind.WISHES_CODE, _is_wanted)
    notices.checked_by(NoticeKind.WISHES_CODE, _with_code)


def _entries(allotment: Allotment, forms: Iterable[int] | None) -> list[Entry]:
    found = Entry.objects.filter(allotment=allotment)
    if forms is not None:
        found = found.filter(person__registration_group_id__in=list(forms))
    return list(
        found.select_related("person__registration_group", "allotment").order_by(
            "person__registration_group__name", "person__family_name", "person__given_name", "pk"
        )
    )


def _subject(entry: Entry) -> str:
    return f"entry:{entry.pk}"


def _word(
    entry: Entry,
    kind: NoticeKind,
    address: str,
    facts: dict[str, object],
    useful_until: dt.datetime | None = None,
) -> Word:
    return Word(
        kind=kind, site_id=entry.allotment.site_id, subject=_subject(entry), to=address,
        person_id=entry.person_id, useful_until=useful_until,
        facts={"allotment": entry.allotment.name, "pupil": entry.person.given_name, **facts},
    )  # fmt: skip


def _entry_of(notice: Notice) -> Entry | None:
    pk = int(notice.subject.partition(":")[2])
    return (
        Entry.objects.select_for_update(no_key=True, of=("self",))
        .select_related("allotment__site", "person")
        .filter(pk=pk)
        .first()
    )


def _is_wanted(notice: Notice, at: dt.datetime) -> bool:
    """Say whether it is still the way: nothing was printed meanwhile, nor the address changed."""
    entry = _entry_of(notice)
    return (
        entry is not None
        and entry.link_for == notice.facts["to"]
        and address_of(entry.person, entry.link_for) == notice.to
    )


def _to_wishes(notice: Notice) -> str:
    entry = _entry_of(notice)
    return reverse("wishes", args=[links.new_link(entry=entry)]) if entry is not None else ""


def _with_code(notice: Notice, at: dt.datetime) -> bool:
    entry = _entry_of(notice)
    if entry is None:
        return False
    code = links.new_code(entry=entry, until=at + _CODE_LASTS)
    # Only into the letter that goes now: the row is not written.
    notice.facts["code"] = f"{code[:4]} {code[4:]}"
    return True
