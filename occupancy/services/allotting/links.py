"""Links by which pupils or their parents wish, with a code that is good once; no log-in."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from access.services import digests
from occupancy.errors.allotments import NoSuchLink, WishesForgotten, WrongCode
from occupancy.models import Allotment, Entry
from occupancy.services.allotting.entries import drawn_word

# Of 850 milliards; whoever guesses gets five.
_TRIES = 5
_BATCH = 500
# A code is good while wishes are taken; one that is made afterwards, to look what came of them.
_GOOD_AFTERWARDS = dt.timedelta(days=14)


@dataclass(frozen=True)
class Slip:
    """What is handed to one pupil: kept nowhere, so that it is said this once."""

    entry: Entry
    link: str
    code: str


def hand_out(
    *,
    allotment: Allotment,
    people: Iterable[int] | None = None,
    forms: Iterable[int] | None = None,
    at: dt.datetime,
) -> list[Slip]:
    """Make new links and codes for everybody who takes part, or some of them; old ones end.

    Raises WishesForgotten.
    """
    if allotment.forgotten_at is not None:
        raise WishesForgotten
    organisation, until = allotment.site.organisation_id, _until(allotment, at)
    with transaction.atomic():
        entries = Entry.objects.filter(allotment=allotment).select_related(
            "person__registration_group"
        )
        if people is not None:
            entries = entries.filter(person_id__in=list(people))
        if forms is not None:
            entries = entries.filter(person__registration_group_id__in=list(forms))
        slips = []
        for entry in entries.order_by(
            "person__registration_group__name", "person__family_name", "person__given_name", "pk"
        ):
            slip = Slip(entry, secrets.token_urlsafe(18), drawn_word())
            entry.link_digest, entry.link_for = _of_link(slip.link), ""
            _set_code(entry, organisation, slip.code, until)
            slips.append(slip)
        fields = ["link_digest", "link_for", "code_digest", "code_until", "code_tries"]
        Entry.objects.bulk_update([one.entry for one in slips], fields, batch_size=_BATCH)
    return slips


def new_link(*, entry: Entry) -> str:
    """Make another link without a code and return it this once; the old one ends."""
    link = secrets.token_urlsafe(18)
    entry.link_digest, entry.code_digest, entry.code_until = _of_link(link), "", None
    entry.save(update_fields=["link_digest", "code_digest", "code_until"])
    return link


def new_code(*, entry: Entry, until: dt.datetime | None = None) -> str:
    """Make another code for a link and return it this once; the one before is no good any more.

    It is good until the end of the window unless another instant is said.
    """
    code = drawn_word()
    organisation = entry.allotment.site.organisation_id
    _set_code(entry, organisation, code, until or entry.allotment.closes_at)
    entry.save(update_fields=["code_digest", "code_until", "code_tries"])
    return code


def entry_of(link: str) -> Entry:
    """Return the entry of a link. Raises NoSuchLink."""
    found = (
        Entry.objects.select_related("allotment__site", "allotment__session", "person")
        .filter(link_digest=_of_link(link))
        .first()
    )
    if found is None:
        raise NoSuchLink
    return found


def enter(*, entry: Entry, code: str, at: dt.datetime) -> None:
    """Use up the code of a link. Raises WrongCode, also for the right one after five wrong ones.

    A wrong try is counted although the request is refused.
    """
    used = _of_code(entry.allotment.site.organisation_id, code)
    with transaction.atomic():
        now = Entry.objects.select_for_update(no_key=True, of=("self",)).get(pk=entry.pk)
        is_right = (
            now.code_digest != ""
            and now.code_tries < _TRIES
            and (now.code_until is None or at < now.code_until)
            and hmac.compare_digest(now.code_digest, used)
        )
        if is_right:
            Entry.objects.filter(pk=entry.pk).update(code_digest="", code_until=None)
            return
    raise WrongCode().keep(
        lambda: Entry.objects.filter(pk=entry.pk).update(code_tries=F("code_tries") + 1)
    )


def _until(allotment: Allotment, at: dt.datetime) -> dt.datetime | None:
    closes = allotment.closes_at
    return at + _GOOD_AFTERWARDS if closes is not None and closes <= at else closes


def _set_code(entry: Entry, organisation_id: int, code: str, until: dt.datetime | None) -> None:
    entry.code_digest = _of_code(organisation_id, code)
    entry.code_until, entry.code_tries = until, 0


def _of_code(organisation_id: int, code: str) -> str:
    return digests.of(organisation_id, f"wish-code:{''.join(code.split()).upper()}")


def _of_link(link: str) -> str:
    # Too long to be tried out: what is stored needs no key.
    return hashlib.sha256(link.encode()).hexdigest()
