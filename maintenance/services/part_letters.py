"""The letter that says which parts are running out: one a day for each store, until ordered."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from access.choices import Channel, NoticeKind
from access.models import Notice, User
from access.services import key_reminders, notices, telling
from access.services.notices import Word
from lockers.models import Site
from lockers.scoping import MAINTAIN
from lockers.scoping.rights import holders_of
from maintenance.models import Stock, Store
from maintenance.services import parts
from occupancy.services.ending import sweeping

# A later one says it anew.
_USEFUL_FOR = dt.timedelta(days=1)


def tell_due(*, at: dt.datetime, aside: list[str] | None = None) -> int:
    """Write of each store that runs short and that was not told of today; return how many."""
    few = Stock.objects.filter(parts.to_order(at), store=OuterRef("pk"))
    stores = Store.objects.filter(Exists(few)).select_related("site__organisation").order_by("pk")
    return sweeping.each(stores, lambda one: _tell(one, at), lambda one: f"store:{one.pk}", aside)


def is_still_short(notice: Notice, at: dt.datetime) -> bool:
    """Say whether the store that a letter is about is still to be filled."""
    store_id = int(notice.subject.partition(":")[2])
    return Stock.objects.filter(parts.to_order(at), store=store_id).exists()


def _tell(store: Store, at: dt.datetime) -> int:
    today = at.astimezone(store.site.zone).date()
    with transaction.atomic():
        # Of two jobs at once, one finds it done.
        if not Store.objects.filter(
            Q(told_on__isnull=True) | Q(told_on__lt=today), pk=store.pk
        ).update(told_on=today):
            return 0
        few = Stock.objects.filter(parts.to_order(at), store=store).select_related("part")
        facts = {
            "store": store.name,
            "parts": [
                {"part": str(one.part), "there": one.quantity, "minimum": one.minimum,
                 "supplier": one.part.supplier}
                for one in few.order_by("part__number")
            ],
        }  # fmt: skip
        site = store.site
        quiet = telling.quiet_hours(site.organisation_id, site.pk)
        for channel, address in _addresses(site, at):
            notices.tell(
                Word(
                    kind=NoticeKind.PARTS_LOW, site_id=site.pk, subject=f"store:{store.pk}",
                    facts=facts, to=address, channel=channel, useful_until=at + _USEFUL_FOR,
                    not_before=telling.loud_at(at, site.zone, quiet),
                ),
                at=at,
            )  # fmt: skip
    return 1


def _addresses(site: Site, at: dt.datetime) -> list[tuple[Channel, str]]:
    """Return the site's own channel or, without one, whoever keeps it in repair, or its desk."""
    if telling.has_channel(site.organisation_id, site.pk):
        return [(Channel.OTHER, "")]
    keepers = User.objects.filter(pk__in=holders_of(MAINTAIN, site.pk)).exclude(email="")
    found = sorted({email.lower() for email in keepers.values_list("email", flat=True)})
    return [(Channel.EMAIL, one) for one in found or key_reminders.desk_of(site, at)]
