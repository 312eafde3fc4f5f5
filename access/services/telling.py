"""How people are told: quiet hours, and any channel besides e-mail, by apprise."""

from __future__ import annotations

import datetime as dt
import logging
import zoneinfo
from urllib.parse import quote

import apprise
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from access.letters import Words
from access.models import Notice, NoticeRules
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers import sealing

log = logging.getLogger(__name__)
Quiet = tuple[dt.time, dt.time]


class NotSent(Exception):
    """The channel did not take it; tried again later."""


class BadChannel(Exception):
    """Not an address that apprise understands."""


def rules_of(organisation_id: int, site_id: int) -> list[NoticeRules]:
    """Return what a site and its organisation say, the site first."""
    return sorted(
        NoticeRules.objects.filter(
            Q(site_id=site_id) | Q(site__isnull=True), organisation_id=organisation_id
        ),
        key=lambda one: one.site_id is None,
    )


def quiet_hours(organisation_id: int, site_id: int) -> Quiet | None:
    """Return when nobody is disturbed at a site, in its local time."""
    for one in rules_of(organisation_id, site_id):
        if one.quiet_from is not None and one.quiet_until is not None:
            return one.quiet_from, one.quiet_until
    return None


def quiet_around(
    at: dt.datetime, zone: zoneinfo.ZoneInfo, quiet: Quiet | None
) -> tuple[dt.datetime, dt.datetime] | None:
    """Return the quiet hours that an instant falls into, in UTC; the end is not in them. Pure."""
    if quiet is None:
        return None
    begins, ends = quiet
    today = at.astimezone(zone).date()
    for day in (today - dt.timedelta(days=1), today):
        start = dt.datetime.combine(day, begins, zone).astimezone(dt.UTC)
        last = day if begins < ends else day + dt.timedelta(days=1)
        end = dt.datetime.combine(last, ends, zone).astimezone(dt.UTC)
        if start <= at < end:
            return start, end
    return None


def loud_at(at: dt.datetime, zone: zoneinfo.ZoneInfo, quiet: Quiet | None) -> dt.datetime:
    """Return the first instant from ``at`` on at which somebody may be disturbed. Pure."""
    around = quiet_around(at, zone, quiet)
    return at if around is None else around[1]


def check(address: str) -> None:
    """Raise BadChannel for what apprise does not understand, CannotOpen where no key is set."""
    if not address:
        return
    if apprise.Apprise.instantiate(_for(address, "a@b.example")) is None:
        raise BadChannel
    sealing.seal(settings.COMBINATION_KEYS, "check", address)


def set_channel(*, rules: NoticeRules, address: str, actor: Actor, at: dt.datetime) -> None:
    """Keep the address of another channel, sealed; "" takes it away.

    ``{email}`` in it stands for the address of who is told. Raises BadChannel and
    sealing.CannotOpen.
    """
    check(address)
    sealed = sealing.seal(settings.COMBINATION_KEYS, rules.seal_place, address) if address else ""
    with transaction.atomic():
        NoticeRules.objects.filter(pk=rules.pk).update(sealed_channel=sealed)
        events.record(
            action=Action.CHANNEL_SET,
            actor=actor,
            at=at,
            organisation_id=rules.organisation_id,
            site_id=rules.site_id,
            subject=f"access.noticerules:{rules.pk}",
            data={"is_set": bool(address)},
        )
    rules.sealed_channel = sealed


def reseal() -> int:
    """Seal every channel again under the newest key; return how many. Raises CannotOpen."""
    count = 0
    with transaction.atomic():
        for rules in (
            NoticeRules.objects.select_for_update(of=("self",))
            .exclude(sealed_channel="")
            .order_by("pk")
        ):
            sealed = sealing.reseal(settings.COMBINATION_KEYS, rules.sealed_channel)
            NoticeRules.objects.filter(pk=rules.pk).update(sealed_channel=sealed)
            count += 1
    return count


def has_channel(organisation_id: int, site_id: int) -> bool:
    """Say whether there is a channel besides e-mail at a site."""
    return any(one.sealed_channel for one in rules_of(organisation_id, site_id))


def send(notice: Notice, said: Words) -> bool:
    """Send a letter by the site's or its organisation's other channel.

    Return False where there is none any more: nobody was told. Raises NotSent.
    """
    sealed = next(
        (one for one in rules_of(notice.site.organisation_id, notice.site_id)
         if one.sealed_channel),
        None,
    )  # fmt: skip
    if sealed is None:
        log.warning("letter %s goes nowhere: there is no other channel", notice.pk)
        return False
    try:
        address = sealing.unseal(
            settings.COMBINATION_KEYS, sealed.seal_place, sealed.sealed_channel
        )
    except sealing.CannotOpen as error:
        raise NotSent("the channel's address cannot be opened") from error
    channel = apprise.Apprise()
    # Nothing of the address into the log: it holds a secret.
    if not channel.add(_for(address, notice.to)) or not channel.notify(
        title=said.subject, body=said.text
    ):
        raise NotSent("the channel did not take it")
    return True


def _for(address: str, email: str) -> str:
    return address.replace("{email}", quote(email, safe=""))
