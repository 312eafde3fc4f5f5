"""Reader profiles: how the badges of an organisation are written by its readers."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, fields

from django.db import transaction
from django.utils.text import slugify

from access.badges.profiles import MAIN, Profile
from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers.choices import ReaderTransport
from lockers.models import Organisation, Reader, ReaderProfile

_SETTINGS = [one.name for one in fields(Profile)]
# What a profile does with a text; the key is only its name for texts.
_MEANING = [name for name in _SETTINGS if name not in {"key", "assurance"}]
_KEY_LENGTH = 20


def settings_of(profile: ReaderProfile | None) -> Profile:
    """Return the settings of a profile, or the usual ones, which take texts as they come."""
    if profile is None:
        return MAIN
    return Profile(**{name: getattr(profile, name) for name in _SETTINGS})


def length_of(reader: Reader) -> int:
    """Return how many characters a read has; of OSDP readers the bits of a card, as whole bytes."""
    if reader.transport != ReaderTransport.OSDP:
        return reader.length
    return 2 * -(-settings_of(reader.profile).bits // 8)


def new_key(organisation: Organisation, name: str) -> str:
    """Return a key that no profile of an organisation has."""
    taken = {"", "main", *organisation.reader_profiles.values_list("key", flat=True)}
    stem = slugify(name)[: _KEY_LENGTH - 4].strip("-") or "profile"
    tries = (stem if n == 1 else f"{stem}-{n}" for n in range(1, len(taken) + 2))
    return next(key for key in tries if key not in taken)


def same_as(*, organisation: Organisation, settings: Profile) -> ReaderProfile | None:
    """Return the organisation's profile that reads in just this way, if there is one."""
    meaning = {name: getattr(settings, name) for name in _MEANING}
    return organisation.reader_profiles.filter(**meaning).order_by("pk").first()


def ensure(
    *,
    organisation: Organisation,
    name: str,
    settings: Profile,
    actor: Actor,
    at: dt.datetime,
    reader: Reader | None = None,
) -> ReaderProfile:
    """Return the profile with these settings, made if there is none; a reader is given it.

    Raises ValidationError when it does not fit the reader.
    """
    with transaction.atomic():
        # One at a time in an organisation, so that two do not make the same one.
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        profile = same_as(organisation=organisation, settings=settings)
        if profile is None:
            profile = _make(organisation, name, settings, actor, at)
        if reader is not None and reader.profile_id != profile.pk:
            _give(reader, profile, actor, at)
    return profile


def _make(
    organisation: Organisation, name: str, settings: Profile, actor: Actor, at: dt.datetime
) -> ReaderProfile:
    names = set(organisation.reader_profiles.values_list("name", flat=True))
    tries = (name if n == 1 else f"{name[:55]} {n}" for n in range(1, len(names) + 2))
    values = asdict(settings) | {
        "key": new_key(organisation, name),
        "assurance": settings.assurance or "plain",
    }
    profile = ReaderProfile.objects.create(
        organisation=organisation, name=next(one for one in tries if one not in names), **values
    )
    events.record(
        action=Action.ADDED,
        actor=actor,
        at=at,
        organisation_id=organisation.pk,
        subject=f"lockers.readerprofile:{profile.pk}",
        data={"name": profile.name, "reads": settings.scheme},
    )
    return profile


def _give(reader: Reader, profile: ReaderProfile, actor: Actor, at: dt.datetime) -> None:
    """Give a reader a profile, and those of its terminal that frame alike: which of them typed
    cannot be told, so they are read alike too."""
    before = reader.profile
    reader.profile = profile
    reader.clean()
    given = Reader.objects.filter(pk=reader.pk)
    if reader.transport == ReaderTransport.WEDGE and reader.compartment_id is None:
        given |= Reader.objects.filter(
            bank_id=reader.bank_id,
            transport=reader.transport,
            compartment=None,
            prefix=reader.prefix,
            suffix=reader.suffix,
            length=reader.length,
        )
    given.update(profile=profile)
    events.record(
        action=Action.CHANGED,
        actor=actor,
        at=at,
        organisation_id=profile.organisation_id,
        site_id=reader.bank.site_id,
        bank_id=reader.bank_id,
        subject=f"lockers.reader:{reader.pk}",
        data={"changed": {"profile": [str(before or ""), profile.name]}},
    )
