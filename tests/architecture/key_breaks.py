"""The constraints of keys and combinations, broken around the services (see test_constraints)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from access.models import (
    Combination,
    Key,
    KeyCharge,
    KeyCount,
    KeyCountLine,
    KeyHolding,
    KeyRules,
    Lock,
    LockChangeRequest,
    MasterRelease,
    Notice,
    Pass,
    StandIn,
)
from tests import factories
from tests.factories.cast import Estate

NINE = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)


def lock(estate: Estate) -> Lock:
    door = factories.CompartmentFactory(
        bank=estate.bank, size=estate.small, number="K", lock_kind="keyed"
    )
    return factories.LockFactory(compartment=door)


def key(estate: Estate, **values: Any) -> Key:
    return factories.KeyFactory(lock=lock(estate), **values)


def copies(estate: Estate) -> None:
    first = key(estate, copy=1)
    factories.KeyFactory(lock=first.lock, copy=1)


def master(estate: Estate) -> Key:
    of = factories.MasterSetFactory(site=estate.site, name="All doors")
    return Key.objects.create(site=estate.site, master_set=of, copy=1)


def masters(estate: Estate) -> None:
    first = master(estate)
    Key.objects.create(site=estate.site, master_set=first.master_set, copy=1)


def holding(estate: Estate, **values: Any) -> KeyHolding:
    return KeyHolding.objects.create(
        **{
            "key": values.pop("key", None) or key(estate),
            "person": estate.amira,
            "issued_at": NINE,
            "signature": "Amira",
            "signed_how": "typed",
            **values,
        }
    )


def two_holders(estate: Estate) -> None:
    holding(estate, key=holding(estate).key, person=estate.ben)


def charge(estate: Estate, **values: Any) -> None:
    KeyCharge.objects.create(
        **{"key": key(estate), "person": estate.amira, "amount_minor": 500, "currency": "GBP",
           "charged_at": NINE, **values}
    )  # fmt: skip


def changes(estate: Estate) -> None:
    lost = key(estate)
    for _ in range(2):
        LockChangeRequest.objects.create(lock=lost.lock, key=lost, reason="lost", requested_at=NINE)


def release(estate: Estate, **values: Any) -> MasterRelease:
    return MasterRelease.objects.create(
        **{"key": values.pop("key", None) or master(estate), "person": estate.amira,
           "reason": "jammed", "requested_by": estate.olga, "requested_at": NINE, **values}
    )  # fmt: skip


def combination(estate: Estate, **values: Any) -> Combination:
    return Combination.objects.create(
        **{"lock": values.pop("lock", None) or lock(estate), "position": 1, "sealed": "gAAAAA",
           "set_at": NINE, **values}
    )  # fmt: skip


def counted_twice(estate: Estate) -> None:
    count = KeyCount.objects.create(site=estate.site, counted_at=NINE, counted_by=estate.olga)
    seen = key(estate)
    for _ in range(2):
        KeyCountLine.objects.create(count=count, key=seen, result="seen")


def same_serial(estate: Estate) -> None:
    other = factories.CompartmentFactory(
        bank=estate.bank, size=estate.small, number="K2", lock_kind="keyed"
    )
    first = lock(estate)
    Lock.objects.bulk_create(
        [Lock(compartment=other, organisation=estate.organisation, serial=first.serial)]
    )


def stand_in(estate: Estate, **values: Any) -> StandIn:
    lost = key(estate)
    return StandIn.objects.create(
        **{"lock": lost.lock, "key": lost, "person": estate.amira, "given_at": NINE,
           "ends_at": NINE + dt.timedelta(days=1), **values}
    )  # fmt: skip


def one_pass(estate: Estate) -> Pass:
    return Pass.objects.create(
        person=estate.amira, starts_at=NINE, ends_at=NINE + dt.timedelta(days=1), issued_at=NINE
    )


def two_letters(estate: Estate, **about: Any) -> None:
    for _ in range(2):
        Notice.objects.create(
            to="desk@northwind.example", site=estate.site, made_at=NINE, try_at=NINE, **about
        )


BREAKS: dict[str, Callable[[Estate], object]] = {
    "access_lock_points_at_one_of_nine": lambda e: Lock.objects.filter(pk=lock(e).pk).update(
        position=10
    ),
    "access_one_lock_per_serial": same_serial,
    "access_stand_in_is_one_thing": stand_in,
    "access_stand_in_ends_after_it_is_given": lambda e: stand_in(
        e, given_pass=one_pass(e), ends_at=NINE
    ),
    "access_one_letter_per_overdue_key": lambda e: two_letters(
        e, kind="key_overdue", holding=holding(e)
    ),
    "access_one_letter_per_count_due": lambda e: two_letters(e, kind="keys_to_count"),
    "access_key_opens_one_lock_or_one_set": lambda e: Key.objects.create(site=e.site, copy=1),
    "access_one_key_per_lock_copy": copies,
    "access_one_key_per_set_copy": masters,
    "access_one_holder_per_key": two_holders,
    "access_key_is_signed_for": lambda e: holding(e, signed_how="absent"),
    # Nobody took it back, but it says how it ended: null is not less than anything.
    "access_key_holding_ends_later_and_says_how": lambda e: holding(e, ended_how="lost"),
    "access_key_is_due_after_it_is_issued": lambda e: holding(e, due_at=NINE),
    "access_key_charge_is_money": lambda e: charge(e, currency="gbp"),
    "access_waived_key_charge_has_a_reason": lambda e: charge(e, waived_at=NINE),
    "access_one_open_change_request_per_lock": changes,
    "access_key_rules_have_a_rhythm": lambda e: KeyRules.objects.create(
        site=e.site, count_every_days=0
    ),
    "access_one_master_set_per_name": lambda e: [
        factories.MasterSetFactory(site=e.site, name="All doors") for _ in range(2)
    ],
    "access_master_key_takes_two_people": lambda e: release(
        e, status="confirmed", confirmed_by=e.olga, confirmed_at=NINE
    ),
    "access_confirmed_release_names_the_second_person": lambda e: release(e, status="confirmed"),
    "access_master_release_has_a_reason": lambda e: release(e, reason=""),
    "access_one_waiting_release_per_key": lambda e: release(e, key=release(e).key),
    "access_one_line_per_key": counted_twice,
    "access_combination_is_one_of_nine": lambda e: combination(e, position=0),
    "access_one_combination_per_position": lambda e: combination(e, lock=combination(e).lock),
    "access_combination_is_sealed": lambda e: combination(e, sealed="4711"),
}
