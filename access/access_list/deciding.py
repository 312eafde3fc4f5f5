"""What a bridge decides by itself: who somebody is, and what opens for them. By the same rules.

The server asks its database where this asks the list; the rules, and the facts that they see, are
the same. By nature three things differ: who left and has nothing here is unknown here, a pass ends
when it says although the register may have moved its end, and nothing can be claimed.
"""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from collections.abc import Container
from dataclasses import dataclass, replace

from access import hashing
from access.access_list.entries import Badge, Code, Granted, Person, Pin, Reader, SpentPass, Staff
from access.access_list.index import AccessList
from access.badges.profiles import MAIN, BadReading, Fault, weaker
from access.decisions import Decision, Facts, decide
from access.passes import Pass, window

ALLOWED = "allowed"
_PURPOSES = ["personal", "temporary", "recovery"]


@dataclass(frozen=True)
class Place:
    """Where somebody stands: a bank, and a door when its own reader was used."""

    bank_id: int
    reader_id: int
    compartment_id: int | None = None


@dataclass(frozen=True)
class Answer:
    """Allowed or why not, in one stable word, with the rules that were looked at."""

    code: str
    why: tuple[str, ...] = ()
    person_id: int | None = None
    kind: str = ""
    credential_id: int | None = None
    # The pass that was shown.
    given: Pass | None = None
    # What opens, by which right: a grant, or that of a member of staff.
    compartment_id: int | None = None
    grant: Granted | None = None
    user_id: int | None = None

    @property
    def allowed(self) -> bool:
        return self.code == ALLOWED

    @property
    def only_id(self) -> int | None:
        """The one door that it is about."""
        return self.given.compartment_id if self.given is not None else None

    def but(self, code: str, fact: str) -> Answer:
        """Return the same refused for one more reason."""
        return replace(self, code=code, why=(*self.why, f"{fact} -> {code}"))

    def after(self, decision: Decision) -> Answer:
        """Return the same with what was decided next."""
        said = tuple(str(step) for step in decision.explanation)
        return replace(self, code=decision.code.value, why=self.why + said)


def by_badge(
    known: AccessList, place: Place, text: str, at: dt.datetime, *, has_shown_pin: bool = False
) -> Answer:
    """Say whose badge a reader delivered, and whether it is good there."""
    reader = known.get(Reader, Reader(id=place.reader_id).key)
    profile = reader.profile if reader is not None else MAIN
    try:
        canonical = hashing.canonical_text(text, profile)
    except BadReading as error:
        code = "bad_read" if error.fault is Fault.PARITY else "unknown_format"
        return Answer(ALLOWED).but(code, f"badge: {error.fault.value}")
    found = None
    if known.organisation is not None:
        digest = hashing.badge_digest(known.organisation.badge_key, canonical)
        found = next(iter(known.find(Badge, "badge", digest)), None)
    person = _person(known, found.person_id) if found is not None else None
    if found is None or person is None:
        return Answer(ALLOWED).but("unknown_badge", "badge: not in the list")
    assurance = found.assurance
    if profile.assurance:
        assurance = weaker(assurance, profile.assurance)
    facts = _shown(person, found, at, assurance)
    rule = known.bank(place.bank_id).pin_rule
    answer = Answer(ALLOWED, person_id=person.id, kind=found.kind, credential_id=found.id)
    return answer.after(decide(replace(facts, pin_rule=rule, has_shown_pin=has_shown_pin), at))


def by_code(known: AccessList, code: str, at: dt.datetime) -> Answer:
    """Say which visitor has a code."""
    if known.organisation is None:
        return Answer("wrong_code")
    canonical = hashing.visitor_code(code)
    digest = hashing.badge_digest(known.organisation.badge_key, canonical)
    codes = sorted(
        known.find(Code, "code", digest), key=lambda one: (one.status == "active", one.id)
    )
    person = _person(known, codes[-1].person_id) if codes else None
    if person is None:
        return Answer(ALLOWED).but("wrong_code", "code: not in the list")
    answer = Answer(ALLOWED, person_id=person.id, kind="code", credential_id=codes[-1].id)
    return answer.after(decide(_shown(person, codes[-1], at), at))


def by_pass(
    known: AccessList,
    place: Place,
    given: Pass,
    at: dt.datetime,
    *,
    used: Container[uuid.UUID] = (),
    has_shown_pin: bool = False,
) -> Answer:
    """Say whether a pass that has proven itself is good there; ``used`` are those used up here."""
    person = _person(known, given.person_id)
    answer = Answer(ALLOWED, person_id=given.person_id, kind="pass", given=given)
    if person is None:
        return answer.but("pass_of_nobody", "person: not in the list")
    spent = next(iter(known.find(SpentPass, "pass", given.id)), None)
    status = spent.status if spent is not None else "active"
    if given.is_single_use and given.id in used:
        status = "used"
    begins, ends = window(given)
    facts = Facts(
        person_status=person.status,
        is_held=person.is_held(at),
        credential_status=status,
        credential_from=begins,
        credential_until=ends,
        assurance="plain",
        pin_rule=known.bank(place.bank_id).pin_rule,
        has_shown_pin=has_shown_pin,
    )
    return answer.after(decide(facts, at))


def pins_of(known: AccessList, person_id: int) -> list[Pin]:
    """Return the PINs of somebody, the personal one first, the one for one use last."""
    pins = known.find(Pin, "pins", person_id)
    return sorted(pins, key=lambda one: _PURPOSES.index(one.purpose))


def pin_is_good(known: AccessList, pin: Pin, at: dt.datetime) -> Decision:
    """Judge a PIN that fits."""
    person = _person(known, pin.person_id)
    return decide(_shown(person or Person(id=pin.person_id, status="left"), pin, at), at)


def by_pin(known: AccessList, place: Place, pin: Pin, at: dt.datetime) -> Answer:
    """Say whether somebody is good there who showed a personal number and their PIN, no badge."""
    person = _person(known, pin.person_id)
    if person is None:
        return Answer(ALLOWED).but("wrong_pin", "person: not in the list")
    facts = replace(
        _shown(person, pin, at),
        pin_rule=known.bank(place.bank_id).pin_rule,
        has_shown_pin=True,
        is_pin_alone=True,
    )
    answer = Answer(ALLOWED, person_id=person.id, kind="pin", credential_id=pin.id)
    return answer.after(decide(facts, at))


def number_of(known: AccessList, number: str) -> int | None:
    """Return whose personal number it is."""
    if known.organisation is None or not number.strip():
        return None
    digest = hashing.badge_digest(known.organisation.badge_key, hashing.personal_number(number))
    found = known.find(Person, "number", digest)
    return found[0].id if len(found) == 1 else None


def doors(known: AccessList, answer: Answer, place: Place, at: dt.datetime) -> list[int]:
    """Return what a tap is about: the reader's own door, else those of theirs, the newest first."""
    person = _person(known, answer.person_id or 0)
    if place.compartment_id is not None:
        held = [one for one in known.find(Granted, "on", place.compartment_id) if one.holds(at)]
    else:
        held = [one for one in (_theirs(known, person) if person is not None else [])
                if one.holds(at) and _bank_of(known, one) == place.bank_id]  # fmt: skip
    if answer.only_id is not None:
        held = [one for one in held if one.compartment_id == answer.only_id]
    held.sort(key=lambda one: one.claim.since if one.claim else one.begins, reverse=True)
    return list(dict.fromkeys(one.compartment_id for one in held))


def door(known: AccessList, answer: Answer, place: Place, at: dt.datetime) -> Answer:
    """Say what opens for somebody who is good there: their door, else the newest of theirs.

    ``nothing_held`` when no door is concerned: then one could be claimed.
    """
    person = _person(known, answer.person_id or 0)
    if person is None:
        return answer.but("unknown_badge", "person: not in the list")
    compartment_id = next(iter(doors(known, answer, place, at)), None)
    if compartment_id is None:
        code = "nothing_held" if answer.only_id is None else "pass_for_one_door"
        return answer.but(code, "door: none of theirs")
    found = known.door(compartment_id)
    best = max(
        (one for one in _theirs(known, person) if one.compartment_id == compartment_id),
        key=lambda one: (one.is_in_force(at), one.begins),
        default=None,
    )
    rules = known.bank(place.bank_id)
    if rules.curfew is not None and not _is_known(rules.time_zone):
        return answer.but("curfew", f"curfew: {rules.time_zone} is not known here")
    decision = decide(
        Facts(
            person_status=person.status,
            is_held=person.is_held(at),
            needs_grant=True,
            grant_from=best.begins if best is not None else None,
            grant_until=best.ends if best is not None else None,
            service_status=found.service_status if found is not None else None,
            curfew=rules.curfew,
            time_zone=rules.time_zone,
        ),
        at,
    )
    return replace(answer.after(decision), compartment_id=compartment_id, grant=best)


def override(known: AccessList, answer: Answer, compartment_id: int, at: dt.datetime) -> Answer:
    """Say whether a member of staff, badge and PIN shown, opens a door that is not theirs."""
    found = known.door(compartment_id)
    staff = is_staff(known, answer.person_id, found.bank_id, at) if found is not None else None
    if staff is None:
        return answer.but("not_allowed", "staff: may not open this door")
    why = (*answer.why, f"staff: log-in {staff.user_id} opens any door here")
    return replace(answer, why=why, compartment_id=compartment_id, user_id=staff.user_id)


def is_staff(
    known: AccessList, person_id: int | None, bank_id: int, at: dt.datetime
) -> Staff | None:
    """Return the right of a member of staff to open any door of a bank."""
    staff = known.get(Staff, Staff(person_id=person_id or 0, bank_id=bank_id, user_id=0).key)
    return staff if staff is not None and not staff.refuses(at) else None


def _theirs(known: AccessList, person: Person) -> list[Granted]:
    """Return the grants of somebody: their own, their role's and their department's."""
    found = known.find(Granted, "person", person.id)
    if person.role_id is not None:
        found += known.find(Granted, "role", person.role_id)
    if person.department_id is not None:
        found += known.find(Granted, "department", person.department_id)
    return found


def _bank_of(known: AccessList, grant: Granted) -> int | None:
    found = known.door(grant.compartment_id)
    return found.bank_id if found is not None else None


def _person(known: AccessList, person_id: int) -> Person | None:
    return known.get(Person, f"person:{person_id}")


def _shown(
    person: Person, shown: Badge | Pin | Code, at: dt.datetime, assurance: str | None = None
) -> Facts:
    return Facts(
        person_status=person.status,
        is_held=person.is_held(at),
        credential_status=shown.status,
        credential_from=shown.begins,
        credential_until=shown.ends,
        assurance=assurance,
    )


def _is_known(time_zone: str) -> bool:
    try:
        zoneinfo.ZoneInfo(time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return False
    return True
