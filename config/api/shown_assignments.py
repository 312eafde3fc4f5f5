"""How an assignment, and a share of one, are shown."""

from __future__ import annotations

from rest_framework import serializers

from occupancy.models import Assignment, Share


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
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
