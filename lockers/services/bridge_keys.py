"""Who a bridge is: its one-time code, its public key, and the keys by which it knows us."""

from __future__ import annotations

import base64
import datetime as dt
import functools

from django.conf import settings
from django.db import transaction

from audit.actions import Action
from audit.services import events
from audit.services.events import Actor
from lockers import introduction
from lockers.errors import CodeRefused, NoBridgeKey, NotEnrolled
from lockers.models import Bridge

CODE_VALID_FOR = dt.timedelta(minutes=30)


def server_key() -> bytes:
    """Return the private key that signs what bridges are told; raises NoBridgeKey."""
    return _private_keys()[0]


def server_keys() -> list[bytes]:
    """Return the public keys that bridges may believe, the present one first.

    Raises NoBridgeKey.
    """
    return _public_keys(tuple(_private_keys()))


def make_code(*, bridge: Bridge, actor: Actor, at: dt.datetime) -> str:
    """Make a one-time enrolment code for a bridge and return it; it is shown once."""
    code = introduction.new_code()
    with transaction.atomic():
        Bridge.objects.filter(pk=bridge.pk).update(
            code_key=introduction.code_key(code).hex(),
            code_expires_at=at + CODE_VALID_FOR,
            code_used_at=None,
        )
        _record(Action.ENROLMENT_CODE_MADE, bridge, actor, at)
    return code


def enrol(
    *, public_key: bytes, by_code: bytes, by_itself: bytes, at: dt.datetime
) -> tuple[Bridge, bytes]:
    """Take the key of the box that knows a code; return the bridge and what vouches for us.

    Its old key stops working at once. A box that did not hear the answer asks again, with the same
    key, and is answered again. Raises CodeRefused and NoBridgeKey.
    """
    ours = server_keys()
    with transaction.atomic():
        bridge = _waiting_for(public_key, by_code, by_itself, at)
        if bridge is None:
            raise CodeRefused().keep(
                lambda: events.record(
                    action=Action.REFUSED,
                    actor=Actor.anonymous(),
                    at=at,
                    data={"code": CodeRefused.code, "device": Bridge._meta.label_lower},
                )
            )
        if bridge.code_used_at is None:
            Bridge.objects.filter(pk=bridge.pk).update(
                public_key=public_key.hex(),
                code_used_at=at,
                enrolled_at=at,
                revoked_at=None,
                roll_asked_at=None,
            )
            _record(Action.ENROLLED, bridge, Actor.bridge(bridge.pk), at)
    code = bytes.fromhex(bridge.code_key)
    return bridge, introduction.vouch(code, public_key, bridge.pk, ours)


def revoke(*, bridge: Bridge, actor: Actor, at: dt.datetime) -> None:
    """Make a bridge's key and code worthless from now on."""
    with transaction.atomic():
        Bridge.objects.filter(pk=bridge.pk).update(
            public_key="",
            code_key="",
            code_expires_at=None,
            roll_asked_at=None,
            revoked_at=at,
        )
        _record(Action.REVOKED, bridge, actor, at)


def ask_to_roll(*, bridge: Bridge, actor: Actor, at: dt.datetime) -> None:
    """Ask a bridge for a new key, now or when it connects next; raises NotEnrolled."""
    with transaction.atomic():
        if not Bridge.objects.filter(pk=bridge.pk).exclude(public_key="").update(roll_asked_at=at):
            raise NotEnrolled(name=bridge.name)
        _record(Action.KEY_ROLL_ASKED, bridge, actor, at)


def roll(*, bridge: Bridge, old: bytes, new: bytes, at: dt.datetime) -> bool:
    """Put a bridge's new key in the place of the old, which stops working at once.

    Only when it was asked to, and once: False when the old key is not the present one any more.
    """
    with transaction.atomic():
        rolled = Bridge.objects.filter(
            pk=bridge.pk, public_key=old.hex(), roll_asked_at__isnull=False
        ).update(public_key=new.hex(), roll_asked_at=None)
        if rolled:
            _record(Action.KEY_ROLLED, bridge, Actor.bridge(bridge.pk), at)
    return bool(rolled)


def _waiting_for(
    public_key: bytes, by_code: bytes, by_itself: bytes, at: dt.datetime
) -> Bridge | None:
    """Return the bridge whose code a box knows. Few codes are good at a time: each is tried."""
    waiting = (
        Bridge.objects.select_for_update(of=["self"], no_key=True)
        .select_related("site")
        .filter(code_expires_at__gt=at)
        .exclude(code_key="")
    )
    for bridge in waiting:
        if introduction.is_asked(public_key, by_code, by_itself, bytes.fromhex(bridge.code_key)):
            is_its_own = bridge.public_key == public_key.hex()
            return bridge if bridge.code_used_at is None or is_its_own else None
    return None


def _private_keys() -> list[bytes]:
    if not settings.BRIDGE_KEYS:
        raise NoBridgeKey
    return [base64.urlsafe_b64decode(key) for key in settings.BRIDGE_KEYS]


@functools.cache
def _public_keys(private: tuple[bytes, ...]) -> list[bytes]:
    return [introduction.public_key(key) for key in private]


def _record(action: Action, bridge: Bridge, actor: Actor, at: dt.datetime) -> None:
    events.record(
        action=action,
        actor=actor,
        at=at,
        organisation_id=bridge.site.organisation_id,
        site_id=bridge.site_id,
        subject=f"bridge:{bridge.pk}",
    )
