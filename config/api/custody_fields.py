"""What is asked and answered about doors that people have."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from config.api.base import IdField
from config.api.shown_assignments import AssignmentSerializer

# More than any department; whoever has more sends another list.
LONGEST_LIST = 500


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300)


class GiveSerializer(serializers.Serializer[Any]):
    """One of person, role and department gets one compartment, or the best one of a bank."""

    policy = IdField()
    person = IdField(required=False)
    role = IdField(required=False)
    department = IdField(required=False)
    compartment = IdField(required=False)
    bank = IdField(required=False)
    until = serializers.DateTimeField(
        required=False, help_text="An end of your own, no later than the policy's."
    )
    reason = serializers.CharField(
        max_length=300, required=False, help_text="An exception needs one."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse none or two holders, and none or two places."""
        if sum(one in attrs for one in ("person", "role", "department")) != 1:
            raise serializers.ValidationError("Name a person, a role or a department.")
        if ("compartment" in attrs) == ("bank" in attrs):
            raise serializers.ValidationError("Name a compartment or a bank.")
        return attrs


class GiveOneSerializer(GiveSerializer):
    beyond_authority = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Also where the lockers are cut off and give out doors by themselves, so that"
        " somebody may turn out to have it. It takes a reason and the right to override.",
    )


class GiveManySerializer(serializers.Serializer[Any]):
    rows = serializers.ListField(child=GiveSerializer(), allow_empty=False, max_length=LONGEST_LIST)
    dry_run = serializers.BooleanField(help_text="Only say what would come of it.")


class OutcomeSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField(help_text="Its place in the list, from 0.")
    assignment = AssignmentSerializer(allow_null=True)
    error = serializers.JSONField(allow_null=True, help_text="Why not: code, message and facts.")


class OutcomesSerializer(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField()
    rows = OutcomeSerializer(many=True)


class ShareWithSerializer(serializers.Serializer[Any]):
    person = IdField(help_text="Whom it is shared with.")
    until = serializers.DateTimeField()
    note = serializers.CharField(
        max_length=200, required=False, default="", help_text="What is handed over."
    )


class EndShareSerializer(serializers.Serializer[Any]):
    share = IdField()


class TransferSerializer(ReasonSerializer):
    person = IdField(help_text="Who has it from now on.")


class MoveSerializer(ReasonSerializer):
    compartment = IdField(help_text="The door to have instead.")


class SwapSerializer(ReasonSerializer):
    assignments = serializers.ListField(child=IdField(), min_length=2, max_length=2)
