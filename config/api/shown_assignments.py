"""How an assignment, and a share of one, are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from audit.services import outside
from config.api.base import View
from occupancy.models import Assignment, Claim, Share
from occupancy.services import keeping


class ConfirmedSerializer(serializers.ModelSerializer[Any]):
    """Says of a claim whether whoever asks may be told that it is so."""

    confirmed = serializers.SerializerMethodField(
        help_text="False while its lockers are cut off and do not have it: it may come to nothing."
    )

    def get_confirmed(self, row: Claim) -> bool:
        """Say whether its bridge has it, or will before this is answered."""
        if row.pk in outside.asked():
            return True
        looked_up: set[int] | None = self.context.get("pending")
        return row.pk not in (keeping.pending([row.pk]) if looked_up is None else looked_up)


class Claims(View):
    """A list of claims: what is not confirmed is read for a whole page."""

    pending: set[int] | None = None

    def get_serializer_context(self) -> dict[str, Any]:
        """Hand over what was read for the page."""
        return {**super().get_serializer_context(), "pending": self.pending}

    def look(self, rows: Iterable[Any]) -> None:
        """Read which rows are not confirmed."""
        self.pending = keeping.pending(row.pk for row in rows)


class AssignmentSerializer(ConfirmedSerializer):
    person = serializers.IntegerField(
        source="holder_id", allow_null=True, help_text="Empty when a role or a department has it."
    )
    number = serializers.CharField(source="compartment.number", help_text="What the door says.")
    bank = serializers.IntegerField(source="compartment.bank_id")
    site = serializers.IntegerField(source="compartment.bank.site_id")

    due_at = serializers.DateTimeField(
        allow_null=True, help_text="What its holder is told; ends_at is later by the grace."
    )
    follows = serializers.IntegerField(
        source="follows_id",
        allow_null=True,
        help_text="The assignment that this one took over from: transferred, swapped or moved.",
    )

    class Meta:
        model = Assignment
        fields = [
            "id",
            "person",
            "role",
            "department",
            "compartment",
            "number",
            "bank",
            "site",
            "policy",
            "starts_at",
            "due_at",
            "ends_at",
            "at_end",
            "renewals",
            "follows",
            "closed_at",
            "closed_how",
            "confirmed",
        ]


class ShareSerializer(serializers.ModelSerializer[Share]):
    assignment = serializers.IntegerField(source="claim_id")
    person = serializers.IntegerField(source="person_id", help_text="Whom it is shared with.")

    class Meta:
        model = Share
        fields = [
            "id",
            "assignment",
            "person",
            "is_one_opening",
            "note",
            "starts_at",
            "until",
            "ended_at",
            "used_at",
        ]
