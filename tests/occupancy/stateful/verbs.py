"""Every verb, as a small table: add a function of a world and three numbers, and it is driven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from access.services import leaving
from audit.services.events import Actor
from lockers.choices import ServiceStatus
from occupancy.choices import ClosedHow, UseModel
from occupancy.services.bookings import reservations
from occupancy.services.claims import assignments, renewals
from occupancy.services.claims.claiming import Wanted
from occupancy.services.custody import giving, moving, overrides, sharing
from occupancy.services.ending import expiry
from occupancy.services.policies import policies
from occupancy.services.queue import waiting
from tests.occupancy.stateful.world import HOUR, MINUTE, World

Do = Callable[[World, int, int, int], object]


@dataclass(frozen=True)
class Verb:
    """What somebody does; ``needs`` says what there has to be for it, ``often`` how often."""

    do: Do
    needs: str
    often: int


VERBS: dict[str, Verb] = {}


def verb(needs: str = "", often: int = 1) -> Callable[[Do], Do]:
    """Put a verb in the table."""

    def add(do: Do) -> Do:
        VERBS[getattr(do, "__name__", "")] = Verb(do, needs, often)
        return do

    return add


def able(world: World) -> list[str]:
    """Return the verbs that have something to be about, each as often as it is to come."""
    there = world.there()
    return [
        name
        for name, one in sorted(VERBS.items())
        if not one.needs or one.needs in there
        for _each in range(one.often)
    ]


@verb(often=5)
def time_passes(w: World, a: int, b: int, c: int) -> None:
    w.at += (1, 5, 20, 20, 70, 200, 900, 1500)[a % 8] * MINUTE


@verb(often=8)
def claim(w: World, a: int, b: int, c: int) -> None:
    person, bank = w.person(a), w.bank(b)
    wanted = Wanted() if c % 2 else Wanted(compartment_id=w.door(c // 2).pk)
    if wanted.compartment_id is not None:
        bank = w.door(c // 2).bank
    assignments.claim(
        person_id=person.pk, bank_id=bank.pk, wanted=wanted, actor=Actor.person(person.pk), at=w.at
    )


@verb("use", often=2)
def open_again(w: World, a: int, b: int, c: int) -> None:
    if use := w.use(b):
        person = use.holder or w.person(a)
        assignments.open_again(
            claim_id=use.pk, person_id=person.pk, actor=Actor.person(person.pk), at=w.at
        )


@verb("use", often=2)
def open_as_another(w: World, a: int, b: int, c: int) -> None:
    if use := w.use(b):
        person = w.person(a)
        assignments.open_again(
            claim_id=use.pk, person_id=person.pk, actor=Actor.person(person.pk), at=w.at
        )


@verb("use", often=2)
def release(w: World, a: int, b: int, c: int) -> None:
    if (use := w.use(b)) and use.holder_id:
        assignments.release(
            claim_id=use.pk, how=ClosedHow.FINISHED, actor=Actor.person(use.holder_id), at=w.at,
            person_id=use.holder_id,
        )  # fmt: skip


@verb("use")
def release_by_staff(w: World, a: int, b: int, c: int) -> None:
    if use := w.use(b):
        assignments.release(
            claim_id=use.pk, how=ClosedHow.RELEASED_BY_STAFF, actor=w.staff, at=w.at, reason="test"
        )


@verb("finished", often=3)
def undo_release(w: World, a: int, b: int, c: int) -> None:
    closed = w.estate.doors[0].claims.model.objects.filter(closed_how=ClosedHow.FINISHED)
    if (use := closed.order_by("-closed_at").first()) and use.holder_id:
        assignments.undo_release(
            claim_id=use.pk, person_id=use.holder_id, actor=Actor.person(use.holder_id), at=w.at
        )


@verb("use")
def expire(w: World, a: int, b: int, c: int) -> None:
    expiry.expire_due(at=w.at, aside=w.aside)


@verb(often=2)
def edit_policy(w: World, a: int, b: int, c: int) -> None:
    policy = w.policy(a)
    if b % 3 == 0:
        policy.limit_per_person = (None, 1, 2, 3)[c % 4]
    elif b % 3 == 1:
        policy.is_active = not policy.is_active
    elif policy.model != UseModel.PERMANENT:
        policy.at_end = ("release", "hold")[c % 2]
        policy.recovers_after = HOUR if policy.at_end == "hold" else None
        policy.grace = c % 3 * HOUR / 4
    policy.save()
    if c % 2:
        policies.follow(policy_id=policy.pk, actor=w.staff, at=w.at)


@verb("use")
def suspend(w: World, a: int, b: int, c: int) -> None:
    leaving.suspend(person=w.person(a), actor=w.staff, at=w.at)


@verb("use")
def leave(w: World, a: int, b: int, c: int) -> None:
    if a % 4 == 0:
        leaving.leave(person=w.person(b), actor=w.staff, at=w.at)


@verb("stopped", often=3)
def reinstate(w: World, a: int, b: int, c: int) -> None:
    for person in w.people:
        leaving.reinstate(person=w.person(w.people.index(person)), actor=w.staff, at=w.at)


@verb(often=3)
def reserve(w: World, a: int, b: int, c: int) -> None:
    person = w.person(a)
    starts = w.at + (c % 7) * HOUR / 2
    reservations.reserve(
        person_id=person.pk, bank_id=w.bank(b).pk, wanted=Wanted(), starts_at=starts,
        ends_at=starts + (1 + c % 3) * HOUR, actor=Actor.person(person.pk), at=w.at,
    )  # fmt: skip


@verb("booking")
def cancel(w: World, a: int, b: int, c: int) -> None:
    if booking := w.booking(b):
        reservations.cancel(claim_id=booking.pk, actor=w.staff, at=w.at)


@verb("booking", often=3)
def check_in(w: World, a: int, b: int, c: int) -> None:
    if (booking := w.booking(b)) and booking.holder_id:
        reservations.check_in(
            claim_id=booking.pk, person_id=booking.holder_id,
            actor=Actor.person(booking.holder_id), at=w.at,
        )  # fmt: skip


@verb("booking")
def release_no_shows(w: World, a: int, b: int, c: int) -> None:
    reservations.release_no_shows(w.at)


@verb("use", often=2)
def renew(w: World, a: int, b: int, c: int) -> None:
    if (use := w.use(b)) and use.holder_id:
        renewals.renew(
            claim_id=use.pk, person_id=use.holder_id, actor=Actor.person(use.holder_id), at=w.at
        )


@verb("use", often=3)
def share(w: World, a: int, b: int, c: int) -> None:
    if (use := w.use(b)) and use.holder_id:
        sharing.share(
            claim_id=use.pk, person_id=use.holder_id, with_id=w.person(a).pk, until=w.at + 2 * HOUR,
            actor=Actor.person(use.holder_id), at=w.at,
        )  # fmt: skip


@verb("use", often=2)
def delegate(w: World, a: int, b: int, c: int) -> None:
    if (use := w.use(b)) and use.holder_id:
        sharing.delegate(
            claim_id=use.pk, person_id=use.holder_id, to_id=w.person(a).pk, until=w.at + HOUR,
            actor=Actor.person(use.holder_id), at=w.at,
        )  # fmt: skip


@verb("share")
def end_share(w: World, a: int, b: int, c: int) -> None:
    if found := w.a_share(b):
        sharing.end_share(share_id=found.pk, actor=w.staff, at=w.at)


@verb("use", often=2)
def transfer(w: World, a: int, b: int, c: int) -> None:
    if use := w.use(b):
        moving.transfer(
            claim_id=use.pk, to_person_id=w.person(a).pk, actor=w.staff, at=w.at, reason="test"
        )


@verb("use", often=2)
def move(w: World, a: int, b: int, c: int) -> None:
    if use := w.use(b):
        moving.move(
            claim_id=use.pk, compartment_id=w.door(c).pk, actor=w.staff, at=w.at, reason="test"
        )


@verb("uses", often=3)
def swap(w: World, a: int, b: int, c: int) -> None:
    if (one := w.use(a)) and (other := w.use(b)):
        moving.swap(claim_ids=[one.pk, other.pk], actor=w.staff, at=w.at, reason="test")


@verb(often=2)
def give(w: World, a: int, b: int, c: int) -> None:
    giving.give(
        compartment_id=w.door(b).pk, policy_id=w.policy(c).pk, person_id=w.person(a).pk,
        actor=w.staff, at=w.at, reason="test",
    )  # fmt: skip


@verb(often=2)
def wait(w: World, a: int, b: int, c: int) -> None:
    person = w.person(a)
    waiting.join(
        person_id=person.pk, bank_id=w.bank(b).pk, size_id=w.door(c).size_id,
        actor=Actor.person(person.pk), at=w.at,
    )  # fmt: skip


@verb("entry")
def stop_waiting(w: World, a: int, b: int, c: int) -> None:
    if entry := w.entry(b):
        waiting.leave(
            entry_id=entry.pk, person_id=entry.person_id, actor=Actor.person(entry.person_id),
            at=w.at,
        )  # fmt: skip


@verb("entry", often=2)
def offer_due(w: World, a: int, b: int, c: int) -> None:
    waiting.offer_due(w.at, w.aside)


@verb("offer", often=3)
def accept(w: World, a: int, b: int, c: int) -> None:
    if (offer := w.offer(b)) and offer.claim.holder_id:
        holder = offer.claim.holder_id
        waiting.accept(offer_id=offer.pk, person_id=holder, actor=Actor.person(holder), at=w.at)


@verb("offer")
def decline(w: World, a: int, b: int, c: int) -> None:
    if (offer := w.offer(b)) and offer.claim.holder_id:
        holder = offer.claim.holder_id
        waiting.decline(offer_id=offer.pk, person_id=holder, actor=Actor.person(holder), at=w.at)


@verb()
def change_service(w: World, a: int, b: int, c: int) -> None:
    status = (ServiceStatus.IN_SERVICE, ServiceStatus.OUT_OF_SERVICE, ServiceStatus.NEEDS_CLEANING)
    overrides.set_service_status(
        compartment_id=w.door(a).pk, status=status[b % 3], actor=w.staff, reason="test", at=w.at
    )
