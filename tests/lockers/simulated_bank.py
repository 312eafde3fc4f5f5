"""A bridge and its boards, played by the tests: what is asked is answered from simulated doors."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from lockers.choices import InquiryKind
from lockers.drivers.variants import variants
from lockers.models import Inquiry
from lockers.services import inquiries


@dataclass
class SimulatedBank:
    """One board of a family with two variants: ``wires`` says which door each lock opens."""

    wires: dict[int, int]  # channel to the compartment's number in the database
    variant: int = 1
    without_sensor: set[int] = field(default_factory=set)
    opened: set[int] = field(default_factory=set)
    silent: bool = False
    pulses: list[int] = field(default_factory=list)

    def reading(self, question: dict[str, Any]) -> dict[str, Any]:
        text = ""
        for channel in range(question["board"]["channels"]):
            door = self.wires.get(channel)
            is_open = door in self.opened and door not in self.without_sensor
            text += "o" if is_open else "c"
        other = text.translate(str.maketrans("co", "oc"))
        options = variants(question["board"]["driver"])
        return {
            "type": "reading",
            "raw": "00",
            "views": [
                {"options": dict(one), "doors": text if place == self.variant else other}
                for place, one in enumerate(options)
            ],
        }

    def answer(self, at: dt.datetime) -> int:
        """Answer all that is asked and can be answered now; return how much that was."""
        answered = 0
        for inquiry in Inquiry.objects.filter(answered_at__isnull=True).order_by("asked_at"):
            found = None if self.silent else self._find(inquiry)
            if found is None and not self.silent:
                continue
            answered += inquiries.answer(
                bridge=inquiry.bridge,
                inquiry_id=inquiry.pk,
                finding=found,
                error="board_silent" if self.silent else "",
                detail="",
                may_have_fired=False,
                at=at,
            )
        return answered

    def _find(self, inquiry: Inquiry) -> dict[str, Any] | None:
        question = inquiry.question
        match inquiry.kind:
            case InquiryKind.SCAN_BUS:
                return {"type": "found", "boards": [{"unit": 1, "raw": "0f"}]}
            case InquiryKind.TRY_DOOR:
                before = self.reading(question)
                self.pulses.append(question["channel"])
                if question["channel"] in self.wires:
                    self.opened.add(self.wires[question["channel"]])
                return {"type": "tried", "before": before, "after": self.reading(question)}
            case InquiryKind.READ_BOARD:
                now = self.reading(question)
                same = [view["doors"] for view in now["views"]] == question["unlike"]
                return None if same else now
            case _:
                return {"type": "frames", "frames": []}
