"""`manage.py simulate`: what a bank would do for so many people, through the real engine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from occupancy.allocation.simulation import attendance, report
from occupancy.allocation.simulation.attendance import Attendance, Habits
from occupancy.allocation.simulation.run import PolicyName, Setup


class Command(BaseCommand):
    """Simulate weeks at a bank; needs no database and changes nothing."""

    help = "Simulate weeks at a bank of lockers through the real allocation engine."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what is simulated and what is assumed."""
        parser.add_argument("--bank-doors", type=_count(10_000), default=50)
        parser.add_argument("--users", type=_count(100_000), default=100)
        parser.add_argument("--attendance", choices=[*Attendance], default=Attendance.HYBRID)
        parser.add_argument("--policy", choices=[*PolicyName], default=PolicyName.DAY_USE)
        parser.add_argument("--weeks", type=_count(520), default=4)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--days-per-week", type=float, help="mean days on which people come")
        parser.add_argument("--even-days", action="store_true", help="no busy days of the week")
        parser.add_argument("--wants", type=_share, default=1.0, help="share who want a door")
        parser.add_argument("--forgets", type=_share, default=0.1, help="share who do not finish")
        parser.add_argument("--absent", type=_share, default=0.1, help="share ill or on holiday")
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument(
            "--claim",
            action="store_true",
            help="ask whether such a bank serves three to five times as many hybrid users",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Simulate and print."""
        kind = Attendance(options["attendance"])
        days = options["days_per_week"]
        most = attendance.OPEN[kind].days
        if days is not None and not 0 < days <= most:
            raise CommandError(
                f"--days-per-week: give more than 0 and at most {most}: {kind} is open on {most}"
                " days a week."
            )
        if options["claim"]:
            _check_alone(options)
            rows = report.claim(options["bank_doors"], options["weeks"], options["seed"])
            self.stdout.write(json.dumps(rows, indent=2) if options["json"] else report.table(rows))
            return
        found = report.figures(
            Setup(
                doors=options["bank_doors"],
                users=options["users"],
                weeks=options["weeks"],
                seed=options["seed"],
                policy=PolicyName(options["policy"]),
                habits=Habits(
                    attendance=kind,
                    days_per_week=days,
                    has_peaks=not options["even_days"],
                    wants=options["wants"],
                    forgets=options["forgets"],
                    absent=options["absent"],
                ),
            )
        )
        self.stdout.write(json.dumps(found, indent=2) if options["json"] else _told(found))


def _told(found: dict[str, Any]) -> str:
    lines = [f"{found['doors']} doors, {found['users']} users, {found['weeks']} weeks"]
    lines += [f"  assumed {key}: {value}" for key, value in found["assumed"].items()]
    lines.append(f"{'':32}{found['policy']:>16}{'fixed':>16}")
    for key, value in found["simulated"].items():
        lines.append(f"{key:32}{value:>16}{found['fixed_assignment'][key]:>16}")
    return "\n".join(lines)


def _check_alone(options: dict[str, Any]) -> None:
    """Refuse what ``--claim`` would leave aside: it asks for every attendance by itself."""
    usual: dict[str, Any] = {
        "users": 100, "attendance": Attendance.HYBRID, "policy": PolicyName.DAY_USE,
        "days_per_week": None, "even_days": False, "wants": 1.0, "forgets": 0.1, "absent": 0.1,
    }  # fmt: skip
    more = [f"--{name.replace('_', '-')}" for name, value in usual.items()
            if options[name] != value]  # fmt: skip
    if more:
        raise CommandError(
            f"--claim goes through its own attendances: leave out {', '.join(more)}."
            " It takes --bank-doors, --weeks, --seed and --json."
        )


def _count(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"give a whole number from 1 to {most}, not {text!r}")
        return int(text)

    return read


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"give a share from 0 to 1, such as 0.1, not {text!r}")
    return share
