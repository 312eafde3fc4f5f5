"""What occupancy does by itself; the one place of it that looks at the clock."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone

from occupancy.services import keeping
from occupancy.services.allotting import forgetting
from occupancy.services.bookings import closures, displacing, leaver_bookings, no_shows, series
from occupancy.services.claims import sessions
from occupancy.services.ending import day_ends, expiry, leavers, lost_property, recovery, warnings
from occupancy.services.ending.sweeping import RowsSetAside
from occupancy.services.queue import waiting


def expire() -> int:
    """Close the assignments whose end has come; return how many."""
    return _whole(lambda aside: expiry.expire_due(at=timezone.now(), aside=aside))


def offer_waiting() -> int:
    """Offer what is free to whoever waits for it, and end offers that lapsed; return how many."""
    return _whole(lambda aside: waiting.offer_due(timezone.now(), aside))


def recover_leavers() -> int:
    """Cancel what leavers booked, and empty what they and the suspended hold; return how many."""
    at = timezone.now()
    return _whole(
        lambda aside: (
            leaver_bookings.cancel_all(at=at, aside=aside) + leavers.recover_all(at=at, aside=aside)
        )
    )


def recover() -> int:
    """Begin the recoveries whose time has come, and tell of what is overdue; return how many."""
    at = timezone.now()
    return _whole(
        lambda aside: (
            recovery.begin_due(at=at, aside=aside) + warnings.tell_overdue(at=at, aside=aside)
        )
    )


def warn() -> int:
    """Write the warnings whose moment has come; return how many letters."""
    return _whole(lambda aside: warnings.warn_due(at=timezone.now(), aside=aside))


def propose_disposal() -> int:
    """Say which lost property was kept long enough; return how many things."""
    return _whole(lambda aside: lost_property.propose_due(at=timezone.now(), aside=aside))


def settle_days() -> int:
    """Go on with ends of day that were left, and record what came of their doors."""
    return _whole(lambda aside: day_ends.settle_all(at=timezone.now(), aside=aside))


def release_no_shows() -> int:
    """Close the bookings that nobody came for; return how many."""
    return _whole(lambda aside: no_shows.release_no_shows(timezone.now(), aside=aside))


def end_closures() -> int:
    """Close the closures whose end has come; return how many."""
    return _whole(lambda aside: closures.end_due(timezone.now(), aside=aside))


def move_bookings() -> int:
    """Move bookings away from doors that are not given back, or tell staff; return how many."""
    return _whole(lambda aside: displacing.displace_due(timezone.now(), aside=aside))


def book_series() -> int:
    """Book what has come within reach of recurring bookings; return how many had something."""
    return _whole(lambda aside: series.materialise_due(timezone.now(), aside=aside))


def forget_wishes() -> int:
    """Delete what was wished for in years that ended long ago; return of how many allotments."""
    return _whole(lambda aside: forgetting.forget_due(at=timezone.now(), aside=aside))


def withdraw_unkept() -> int:
    """Withdraw what bridges never wrote down and nobody was told of; return how many."""
    return _whole(lambda aside: keeping.withdraw_due(at=timezone.now(), aside=aside))


def _whole(work: Callable[[list[str]], int]) -> int:
    """Do all of a job; only then fail, when rows had to be set aside: so that staff see it."""
    aside: list[str] = []
    done = work(aside)
    if aside:
        raise RowsSetAside(aside)
    return done


def finish_opened() -> int:
    """End uses that end when they are opened again and whose end was missed; return how many."""
    return _whole(lambda aside: sessions.finish_opened(at=timezone.now(), aside=aside))
