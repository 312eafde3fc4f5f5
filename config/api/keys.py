"""Locks and keys: looking, handing out and taking back, and reporting one lost.

What would let somebody have a key cut or turn a dial (key codes, combinations) is in no answer.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from access.choices import KeyState, SignedHow
from access.models import Key, KeyHolding, Lock, LockChangeRequest, Person
from access.services import keys, lost_keys
from access.signatures import ABSENT, Signature
from audit.services.idempotency import Reply
from config.api.base import IdField, View
from lockers.scoping import OPERATE, VIEW, sites_of


class LockSerializer(serializers.ModelSerializer[Lock]):
    site = serializers.IntegerField(source="compartment.bank.site_id")
    bank = serializers.IntegerField(source="compartment.bank_id")
    kind = serializers.CharField(source="compartment.lock_kind")
    is_to_be_changed = serializers.BooleanField(help_text="Somebody asked for a new lock.")

    class Meta:
        model = Lock
        fields = ["id", "site", "bank", "compartment", "kind", "serial", "is_to_be_changed"]


class LockFilter(serializers.Serializer[Any]):
    site = IdField(required=False, source="compartment__bank__site")
    bank = IdField(required=False, source="compartment__bank")
    compartment = IdField(required=False)
    is_to_be_changed = serializers.BooleanField(required=False)


class Locks(View):
    """Mechanical locks, each in one door."""

    serializer_class = LockSerializer
    filter_serializer = LockFilter

    def get_queryset(self) -> QuerySet[Lock]:
        """Return the locks of the sites that the user may see."""
        asked = LockChangeRequest.objects.filter(lock=OuterRef("pk"), done_at__isnull=True)
        return (
            Lock.objects.select_related("compartment__bank")
            .annotate(is_to_be_changed=Exists(asked))
            .filter(self.within("compartment__bank"))
        )

    @extend_schema(parameters=[LockFilter])
    def list(self, request: Request) -> Response:
        """List locks, of one site, bank or door if you like."""
        return self.show_list(self.get_queryset().filter(**self.wanted()))

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one lock."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))


class KeySerializer(serializers.ModelSerializer[Key]):
    compartment = serializers.IntegerField(
        source="lock.compartment_id", default=None, allow_null=True,
        help_text="The door that it opens; none for a master key.",
    )  # fmt: skip
    state = serializers.SerializerMethodField(help_text="Where it is now.")
    person = serializers.SerializerMethodField(help_text="Who has it.")
    due_at = serializers.SerializerMethodField(help_text="When it should be back.")

    class Meta:
        model = Key
        fields = ["id", "site", "lock", "compartment", "master_set", "copy", "hook", "state",
                  "person", "due_at"]  # fmt: skip

    def get_state(self, key: Key) -> KeyState:
        """Say where a key is."""
        holding = _holding(key)
        if holding is not None:
            is_late = holding.due_at is not None and holding.due_at <= self.context["view"].at
            return KeyState.OVERDUE if is_late else KeyState.OUT
        return {"lost": KeyState.LOST, "retired": KeyState.RETIRED}.get(
            key.status, KeyState.CABINET
        )

    def get_person(self, key: Key) -> int | None:
        """Return who has it."""
        holding = _holding(key)
        return holding.person_id if holding is not None else None

    def get_due_at(self, key: Key) -> dt.datetime | None:
        """Return when it should be back."""
        holding = _holding(key)
        return holding.due_at if holding is not None else None


class KeyFilter(serializers.Serializer[Any]):
    site = IdField(required=False)
    lock = IdField(required=False)
    compartment = IdField(required=False, source="lock__compartment")
    person = IdField(required=False, help_text="Who has it now.")
    state = serializers.ChoiceField(required=False, choices=KeyState.choices)


class IssueSerializer(serializers.Serializer[Any]):
    person = IdField()
    signed_by = serializers.CharField(max_length=120, help_text="The name of who signs, typed.")
    due_at = serializers.DateTimeField(required=False)

    def validate_due_at(self, due_at: dt.datetime) -> dt.datetime:
        """Refuse what is over already."""
        if due_at <= self.context["at"]:
            raise serializers.ValidationError("This is over. Choose a later time.")
        return due_at


class ReturnSerializer(serializers.Serializer[Any]):
    person = IdField(required=False, help_text="Refused when somebody else has the key.")
    signed_by = serializers.CharField(
        max_length=120, required=False, help_text="Nobody signs for a key that was found."
    )


class LostSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200)
    charge_minor = serializers.IntegerField(
        required=False, min_value=0, max_value=10_000_000,
        help_text="In the smallest unit of the site's currency; the site's amount without it.",
    )  # fmt: skip


class LostReplySerializer(serializers.Serializer[Any]):
    key = KeySerializer()
    charged_minor = serializers.IntegerField(allow_null=True, help_text="What the holder owes.")
    currency = serializers.CharField(allow_null=True)
    locks_to_change = serializers.ListField(child=serializers.IntegerField())
    spare_keys = serializers.ListField(
        child=serializers.IntegerField(), help_text="In the cabinet, and open the same."
    )


class Keys(View):
    """Keys: who has which. A master key is released by two people, in the administration."""

    serializer_class = KeySerializer
    filter_serializer = KeyFilter

    def get_queryset(self, right: str = VIEW) -> QuerySet[Key]:
        """Return the keys of the sites that the user holds a right on."""
        now = KeyHolding.objects.filter(keys.OPEN)
        return (
            Key.objects.select_related("site", "lock__compartment__bank", "master_set")
            .prefetch_related(Prefetch("holdings", queryset=now, to_attr="held_now"))
            .filter(
                Q(site__in=sites_of(self.request.user, right))
                | self.within("lock__compartment__bank", right)
            )
        )

    @extend_schema(parameters=[KeyFilter])
    def list(self, request: Request) -> Response:
        """List keys, by site, door, holder or where they are."""
        wanted = self.wanted()
        rows = self.get_queryset()
        if (state := wanted.pop("state", None)) is not None:
            rows = rows.filter(keys.in_state(KeyState(state), self.at))
        if (person := wanted.pop("person", None)) is not None:
            held = KeyHolding.objects.filter(keys.OPEN, key=OuterRef("pk"), person=person)
            rows = rows.filter(Exists(held))
        return self.show_list(rows.filter(**wanted))

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one key."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(request=IssueSerializer, responses=KeySerializer)
    @action(detail=True, methods=["post"])
    def issue(self, request: Request, pk: int) -> Response:
        """Hand a key to somebody who signs for it with their name."""
        key = get_object_or_404(self.get_queryset(OPERATE), pk=pk)
        body = self._body(IssueSerializer)
        person = self._person(key, body["person"])

        def work() -> Reply:
            keys.issue(
                key=key, person=person, signature=Signature(body["signed_by"], SignedHow.TYPED),
                due_at=body.get("due_at"), actor=self.actor, at=self.at,
            )  # fmt: skip
            return Reply(200, self._now(key))

        return self.once(request, work)

    @extend_schema(request=ReturnSerializer, responses=KeySerializer)
    @action(detail=True, methods=["post"], url_path="return", url_name="return")
    def give_back(self, request: Request, pk: int) -> Response:
        """Take a key back."""
        key = get_object_or_404(self.get_queryset(OPERATE), pk=pk)
        body = self._body(ReturnSerializer)
        person = self._person(key, body["person"]) if "person" in body else None
        name = body.get("signed_by")

        def work() -> Reply:
            keys.return_(
                key=key, person=person, actor=self.actor, at=self.at,
                signature=Signature(name, SignedHow.TYPED) if name else ABSENT,
            )  # fmt: skip
            return Reply(200, self._now(key))

        return self.once(request, work)

    @extend_schema(request=LostSerializer, responses=LostReplySerializer)
    @action(detail=True, methods=["post"])
    def lost(self, request: Request, pk: int) -> Response:
        """Report a key lost: its holder is charged, its locks are asked to be changed."""
        key = get_object_or_404(self.get_queryset(OPERATE), pk=pk)
        body = self._body(LostSerializer)

        def work() -> Reply:
            lost = lost_keys.report_lost(
                key=key, reason=body["reason"], charge_minor=body.get("charge_minor"),
                actor=self.actor, at=self.at,
            )  # fmt: skip
            answer = {
                "key": self._now(key),
                "charged_minor": lost.charge.amount_minor if lost.charge else None,
                "currency": lost.charge.currency if lost.charge else None,
                "locks_to_change": [change.lock_id for change in lost.changes],
                "spare_keys": [spare.pk for spare in lost.ways_in.spares],
            }
            return Reply(200, answer)

        return self.once(request, work)

    def _body(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        body = serializer(data=self.request.data, context={"at": self.at})
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    @staticmethod
    def _person(key: Key, person_id: int) -> Person:
        return get_object_or_404(Person, organisation=key.site.organisation_id, pk=person_id)

    def _now(self, key: Key) -> dict[str, Any]:
        return dict(self.get_serializer(self.get_queryset().get(pk=key.pk)).data)


def _holding(key: Key) -> KeyHolding | None:
    held: list[KeyHolding] = getattr(key, "held_now", [])
    return held[0] if held else None
