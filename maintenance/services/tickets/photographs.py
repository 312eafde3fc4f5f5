"""Photos of a ticket: a file is kept if, and only if, its row is."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator

from maintenance.choices import PhotoMoment
from maintenance.errors.tickets import PhotosEnough
from maintenance.models import Photo, StopCheck, Ticket
from occupancy import photos

MOST = 30
_A_DAY = dt.timedelta(days=1)


@contextlib.contextmanager
def saved(pictures: Iterable[bytes]) -> Iterator[list[str]]:
    """Write pictures anew as files, and remove them should the block fail; raises BadPhoto."""
    names: list[str] = []
    try:
        for picture in pictures:
            names.append(photos.save(picture, of=photos.UPKEEP))
        yield names
    except BaseException:
        drop(names)
        raise


def attach(
    ticket: Ticket, names: Iterable[str], at: dt.datetime, moment: PhotoMoment
) -> list[Photo]:
    """Add written files to a ticket; raises PhotosEnough."""
    rows = [Photo(ticket=ticket, name=name, moment=moment, taken_at=at) for name in names]
    if rows and ticket.photos.count() + len(rows) > MOST:
        raise PhotosEnough(most=MOST)
    return Photo.objects.bulk_create(rows)


def drop(names: Iterable[str]) -> None:
    """Remove files that turned out to be of no use."""
    for name in names:
        photos.remove(name, of=photos.UPKEEP)


def forget_unused(*, at: dt.datetime) -> int:
    """Remove files that no row knows, a day old: of what was rolled back; return how many."""
    names = photos.older_than(at - _A_DAY, of=photos.UPKEEP)
    known = set(Photo.objects.filter(name__in=names).values_list("name", flat=True))
    known |= set(StopCheck.objects.filter(photo__in=names).values_list("photo", flat=True))
    unused = [name for name in names if name not in known]
    drop(unused)
    return len(unused)
