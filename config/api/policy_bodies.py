"""What policies, their previews and explanations look like in requests and answers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from access.choices import Channel, CredentialKind, PersonKind
from config.api.base import IdField
from occupancy import attaching, durations
from occupancy.admin.effects import Line
from occupancy.admin.policy_form import RELATED, length_fields
from occupancy.admin.policy_warnings import WarningForm
from occupancy.choices import AtEnd, Criterion, Need, UseModel, WarnedTo
from occupancy.services.policies.warning_previews import Warn

LENGTHS = tuple(length_fields())
PLAIN = ("name", "is_active", "model", "limit_per_person", "is_exclusive", "ends_at_time", "days",
         "months", "renewals", "bookings_per_person", "opens_by_phone", "may_share", "at_end",
         "recovery_takes_two", "quiet_from", "quiet_until", "person_kinds", "needs", "credentials",
         "ranking")  # fmt: skip


@extend_schema_field(OpenApiTypes.STR)
class Length(serializers.Field[Any, Any, Any, Any]):
    """A length of time: "30 min", "2 h", "14 d"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(help_text="Such as “30 min”, “2 h” or “14 d”.", **kwargs)

    def to_representation(self, value: Any) -> str:
        """Write it."""
        return durations.write(value)

    def to_internal_value(self, data: Any) -> str:
        """Leave the reading to the form, which says what it understands."""
        return str(data)


def _several(choices: Any) -> Any:
    return serializers.ListField(
        child=serializers.ChoiceField(choices=choices), required=False, allow_empty=True
    )


class WarnSerializer(serializers.Serializer[Any]):
    """A warning before the end."""

    before = Length()
    channel = serializers.ChoiceField(choices=Channel.choices, default=Channel.EMAIL)
    to = serializers.ChoiceField(choices=WarnedTo.choices, default=WarnedTo.HOLDER)


class PolicyFieldsSerializer(serializers.Serializer[Any]):
    """What a policy says. What is left out stays as it is, or as usual."""

    name = serializers.CharField(max_length=80, required=False)
    where = serializers.CharField(
        required=False, help_text="organisation:1, site:1, area:1, bank:1 or group:1."
    )
    doors = serializers.CharField(
        required=False, allow_blank=True, write_only=True,
        help_text="Of a bank: “row 1” or “1-10, 21”; makes a group of these doors.",
    )  # fmt: skip
    is_active = serializers.BooleanField(required=False)
    person_kinds = _several(PersonKind.choices)
    groups = serializers.ListField(child=IdField(), required=False)
    departments = serializers.ListField(child=IdField(), required=False)
    roles = serializers.ListField(child=IdField(), required=False)
    needs = _several(Need.choices)
    is_exclusive = serializers.BooleanField(required=False)
    sizes = serializers.ListField(child=IdField(), required=False)
    credentials = _several(CredentialKind.choices)
    limit_per_person = serializers.IntegerField(required=False, allow_null=True)
    ranking = _several(Criterion.choices)
    model = serializers.ChoiceField(choices=UseModel.choices, required=False)
    ends_at_time = serializers.TimeField(required=False, format="%H:%M")
    days = serializers.IntegerField(required=False, min_value=0, max_value=32767)
    months = serializers.IntegerField(required=False, min_value=0, max_value=32767)
    shifts = serializers.ListField(child=serializers.TimeField(format="%H:%M"), required=False)
    renewals = serializers.IntegerField(required=False, min_value=0, max_value=32767)
    bookings_per_person = serializers.IntegerField(required=False)
    opens_by_phone = serializers.BooleanField(required=False)
    may_share = serializers.BooleanField(required=False)
    at_end = serializers.ChoiceField(choices=AtEnd.choices, required=False)
    recovery_takes_two = serializers.BooleanField(required=False)
    quiet_from = serializers.TimeField(required=False, allow_null=True, format="%H:%M")
    quiet_until = serializers.TimeField(required=False, allow_null=True, format="%H:%M")
    warnings = WarnSerializer(
        many=True, required=False, help_text="All of them; without it a new policy has the usual."
    )

    def get_fields(self) -> dict[str, Any]:
        """Add a field for every length of time that a policy has."""
        fields: dict[str, Any] = super().get_fields()
        return fields | {name: Length(required=False, allow_null=True) for name in LENGTHS}


class PolicyChangeSerializer(PolicyFieldsSerializer):
    follows = serializers.BooleanField(
        required=False, write_only=True, help_text="Doors in use get the new end, too."
    )


class PolicySerializer(PolicyFieldsSerializer):
    id = serializers.IntegerField()
    organisation = serializers.IntegerField(source="organisation_id")

    def to_representation(self, policy: Any) -> dict[str, Any]:
        """Write a policy with its place and what it asks about."""
        told = {"id": policy.pk, "organisation": policy.organisation_id,
                "where": attaching.key_of(policy)}  # fmt: skip
        told |= {name: getattr(policy, name) for name in PLAIN}
        told["ends_at_time"] = f"{policy.ends_at_time:%H:%M}"
        for name in ("quiet_from", "quiet_until"):
            told[name] = f"{told[name]:%H:%M}" if told[name] else None
        told["warnings"] = [
            {"before": durations.write(one.before), "channel": one.channel, "to": one.to}
            for one in policy.warnings.all()
        ]
        told["shifts"] = [f"{one:%H:%M}" for one in policy.shifts]
        for name in RELATED:
            told[name] = sorted(row.pk for row in getattr(policy, name).all())
        for name in LENGTHS:
            value = getattr(policy, name)
            told[name] = None if value is None else durations.write(value)
        return told


class LineSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    names = serializers.ListField(child=serializers.CharField())
    more = serializers.IntegerField(help_text="How many more there are.")
    is_loss = serializers.BooleanField()


class EffectSerializer(serializers.Serializer[Any]):
    lines = LineSerializer(many=True, help_text="What would change, what hurts first.")


class PolicyFilter(serializers.Serializer[Any]):
    site = IdField(required=False)
    bank = IdField(required=False)
    is_active = serializers.BooleanField(required=False)


class ExplainFilter(serializers.Serializer[Any]):
    person = IdField()
    bank = IdField()
    compartment = IdField(required=False, help_text="Only this door of the bank.")
    size = IdField(required=False, help_text="Only doors of this size.")


class ConsideredSerializer(serializers.Serializer[Any]):
    policy = serializers.IntegerField()
    name = serializers.CharField()
    level = serializers.CharField()
    verdict = serializers.CharField()
    place = serializers.CharField(help_text="Where it is attached, in words.")
    words = serializers.CharField(help_text="What became of it and by which facts, in words.")


class FailedSerializer(serializers.Serializer[Any]):
    rule = serializers.CharField()
    policy = serializers.CharField()
    sentence = serializers.CharField()


class DoorReasonSerializer(serializers.Serializer[Any]):
    criterion = serializers.CharField()
    value = serializers.IntegerField()


class RankedSerializer(serializers.Serializer[Any]):
    door = serializers.IntegerField()
    number = serializers.CharField()
    policy = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)
    reasons = DoorReasonSerializer(many=True)
    why = serializers.CharField()


class ExplanationSerializer(serializers.Serializer[Any]):
    refused = serializers.CharField(help_text="What keeps the person from any door; or empty.")
    policies = ConsideredSerializer(many=True)
    failed = FailedSerializer(many=True)
    doors = RankedSerializer(many=True)
    more = serializers.IntegerField()


def told(found: list[Line]) -> dict[str, Any]:
    """Return the body that says an effect."""
    return {"lines": [dict(LineSerializer(line).data) for line in found]}


def warnings_of(rows: list[dict[str, Any]]) -> frozenset[Warn]:
    """Return the warnings of a request, read by the very form of the policy's page."""
    found = set()
    for place, row in enumerate(rows):
        form = WarningForm(row)
        if not form.is_valid():
            said = [str(text) for texts in form.errors.values() for text in texts]
            raise serializers.ValidationError({"warnings": [f"{place + 1}: {one}" for one in said]})
        given = form.cleaned_data
        found.add(Warn(given["before"], given["channel"], given["to"]))
    return frozenset(found)
