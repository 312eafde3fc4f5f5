"""Warranties that end soon: told once, to whoever hears of the site."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from access.choices import Channel, NoticeKind
from access.services import key_reminders, notices, telling
from access.services.notices import Word
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from maintenance.choices import AssetState
from maintenance.models import Asset

WARNED_BEFORE = dt.timedelta(days=60)
_GONE = (AssetState.DISPOSED,)


def ending(at: dt.datetime) -> Q:
    """Return the condition for assets whose warranty ends soon: now is the time to look."""
    today = at.date()
    return Q(warranty_until__gte=today, warranty_until__lte=today + WARNED_BEFORE) & ~Q(
        state__in=_GONE
    )


def due(at: dt.datetime) -> list[int]:
    """Return the assets of whose warranty nobody was told yet."""
    rows = Asset.objects.filter(ending(at), warranty_warned_on__isnull=True, site__isnull=False)
    return list(rows.order_by("warranty_until", "pk").values_list("pk", flat=True))


def warn(*, asset_id: int, at: dt.datetime) -> int:
    """Tell of one warranty; return how many letters, none where somebody was faster."""
    today = at.date()
    # The mark comes first: of two jobs one writes.
    marked = Asset.objects.filter(
        ending(at), pk=asset_id, warranty_warned_on__isnull=True, site__isnull=False
    ).update(warranty_warned_on=today)
    if not marked:
        return 0
    asset = Asset.objects.select_related("site", "model", "bank", "compartment").get(pk=asset_id)
    assert asset.site is not None and asset.warranty_until is not None  # by the query
    site = asset.site
    facts = {
        "asset": str(asset), "until": asset.warranty_until.isoformat(),
        "bank": str(asset.bank or ""),
        "number": asset.compartment.number if asset.compartment is not None else "",
        "supplier": asset.supplier, "order": asset.order_number,
    }  # fmt: skip
    words = [
        Word(
            kind=NoticeKind.WARRANTY_ENDS, site_id=site.pk, subject=f"asset:{asset.pk}",
            facts=facts, to=address,
        )
        for address in key_reminders.desk_of(site, at)
    ]  # fmt: skip
    if telling.has_channel(site.organisation_id, site.pk):
        words.append(
            Word(
                kind=NoticeKind.WARRANTY_ENDS, site_id=site.pk, subject=f"asset:{asset.pk}",
                facts=facts, channel=Channel.OTHER,
            )
        )  # fmt: skip
    for word in words:
        notices.tell(word, at=at)
    events.record(
        action=Action.ASSET_CHANGED, actor=Actor.job("maintenance.jobs.warn_of_warranties"), at=at,
        organisation_id=asset.organisation_id, site_id=site.pk, bank_id=asset.bank_id,
        compartment_id=asset.compartment_id, subject=f"asset:{asset.pk}",
        data={"warranty_until": asset.warranty_until, "told": len(words)},
    )  # fmt: skip
    return len(words)
