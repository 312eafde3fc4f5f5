"""What a simulation found, for people and programs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from occupancy.allocation.simulation import attendance
from occupancy.allocation.simulation.attendance import Attendance, Habits
from occupancy.allocation.simulation.run import MONDAY, ZONE, Setup, Tally, hours, run, run_fixed


def figures(setup: Setup) -> dict[str, Any]:
    """Simulate a set-up and the same people with fixed doors; return both and what was assumed."""
    habits = setup.habits
    days = habits.days_per_week
    return {
        "doors": setup.doors,
        "users": setup.users,
        "weeks": setup.weeks,
        "seed": setup.seed,
        "policy": setup.policy.value,
        "assumed": {
            "attendance": habits.attendance.value,
            "days_per_week": attendance.USUAL_DAYS[habits.attendance] if days is None else days,
            "days_have_peaks": habits.has_peaks,
            "want_a_door": habits.wants,
            "forget_to_give_back": habits.forgets,
            "absent": habits.absent,
        },
        "simulated": outcome(setup, run(setup), setup.doors),
        "fixed_assignment": outcome(setup, run_fixed(setup), min(setup.doors, setup.users)),
    }


def outcome(setup: Setup, tally: Tally, doors: int) -> dict[str, Any]:
    """Return the figures of one run; shares of the compartment-hours of so many doors."""
    weeks = range(setup.weeks)
    open_hours = doors * attendance.open_hours(setup.habits.attendance, setup.weeks, MONDAY, ZONE)
    present = _share(hours(tally.present), open_hours)
    refused_in = tally.refused_in
    always = [len(tally.served_in.get(week, set()) - refused_in.get(week, set())) for week in weeks]
    return {
        "people_served_per_week": _mean([len(tally.served_in.get(week, ())) for week in weeks]),
        "people_never_refused_per_week": _mean(always),
        "asked": tally.asked,
        "served": tally.served,
        "refused": tally.refused,
        "refused_share": _share(tally.refused, tally.asked),
        "cut_short": tally.cut_short,
        "peak_doors_held": tally.peak_held,
        "peak_people_present": tally.peak_present,
        # Of the hours in which the place is open.
        "used_share": present,
        "wasted_share": round(1 - present, 3),
        "held_hours": round(hours(tally.held), 1),
        "used_hours": round(hours(tally.present), 1),
    }


@dataclass(frozen=True, slots=True)
class Scenario:
    """One set of assumptions under which the industry's claim is asked."""

    name: str
    habits: Habits
    claims: tuple[int, int] = (150, 250)


# From what surveys of hybrid offices suggest to what the claim silently assumes.
SCENARIOS = (
    Scenario("Everybody there five days", Habits(Attendance.FIXED_OFFICE)),
    Scenario("Hybrid, 2.45 days a week, busy Tuesday to Thursday", Habits()),
    Scenario("Hybrid, 2.45 days, spread evenly", Habits(has_peaks=False)),
    Scenario("Hybrid, 1.5 days, busy Tuesday to Thursday", Habits(days_per_week=1.5)),
    Scenario("Hybrid, 1.5 days, spread evenly", Habits(days_per_week=1.5, has_peaks=False)),
    Scenario("Hybrid, 1 day, spread evenly", Habits(days_per_week=1.0, has_peaks=False)),
    Scenario("Hybrid, 2.45 days, half of them want a door", Habits(wants=0.5)),
    Scenario("Hybrid, 2.45 days, a third of them want a door", Habits(wants=1 / 3)),
    Scenario("Three shifts", Habits(Attendance.SHIFT)),
    Scenario("Swimming pool, two visits a week", Habits(Attendance.POOL)),
    Scenario("School", Habits(Attendance.SCHOOL)),
)
# Refusing more than one visit in twenty is not what anybody calls serving.
BEARABLE = 0.05


def claim(doors: int, weeks: int, seed: int) -> list[dict[str, Any]]:
    """Ask the industry's claim of every scenario: how many people a bank really serves in a week.

    The claim, for 50 doors: 150 to 250 hybrid users a week; fixed assignment wastes 40 to 70 % of
    the compartment-hours.
    """
    low, high = round(3 * doors), round(5 * doors)
    rows = []
    for scenario in SCENARIOS:
        base = Setup(doors, low, weeks, seed, habits=scenario.habits)
        if scenario.habits.attendance is Attendance.SHIFT:
            base = replace(base, policy=type(base.policy)("shift"))
        if scenario.habits.attendance is Attendance.POOL:
            base = replace(base, policy=type(base.policy)("session"))
        at_low, at_high = (
            outcome(one, run(one), doors) for one in (base, replace(base, users=high))
        )
        fixed = outcome(base, run_fixed(base), doors)
        rows.append(
            {
                "scenario": scenario.name,
                "users_served": served_well(base),
                "at": {low: _brief(at_low), high: _brief(at_high)},
                "serves_the_lower": at_low["refused_share"] <= BEARABLE,
                "serves_the_upper": at_high["refused_share"] <= BEARABLE,
                "fixed_wastes": fixed["wasted_share"],
                "wastes_as_claimed": 0.4 <= fixed["wasted_share"] <= 0.7,
            }
        )
    return rows


def served_well(setup: Setup) -> int:
    """Return how many users a bank takes before more than a bearable share is refused."""
    few, many = setup.doors, setup.doors * 20

    def is_bearable(users: int) -> bool:
        tally = run(replace(setup, users=users))
        return tally.refused <= BEARABLE * tally.asked

    while many - few > 1:
        middle = (few + many) // 2
        if is_bearable(middle):
            few = middle
        else:
            many = middle
    return few


def table(rows: list[dict[str, Any]]) -> str:
    """Return the claim's answer as a Markdown table."""
    lines: list[str] = []
    for row in rows:
        (low, at_low), (high, at_high) = row["at"].items()
        if not lines:
            lines = [
                f"| Who comes | Users served well | With {low} users | With {high} users"
                " | Claim | Fixed doors waste |",
                "| --- | --- | --- | --- | --- | --- |",
            ]
        verdict = "no"
        if row["serves_the_lower"]:
            verdict = "yes" if row["serves_the_upper"] else f"from {low} on"
        lines.append(
            f"| {row['scenario']} | {row['users_served']} | {_told(at_low)} | {_told(at_high)}"
            f" | {verdict} | {row['fixed_wastes']:.0%} |"
        )
    return "\n".join(lines)


def _brief(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: found[key]
        for key in ("people_served_per_week", "refused_share", "peak_doors_held", "used_share")
    }


def _told(found: Mapping[str, Any]) -> str:
    return f"{found['people_served_per_week']:.0f} a week, {found['refused_share']:.0%} refused"


def _share(part: float, whole: float) -> float:
    return round(part / whole, 3) if whole else 0.0


def _mean(values: list[int]) -> float:
    return round(sum(values) / len(values), 1) if values else 0.0
