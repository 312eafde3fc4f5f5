"""What is done with doors that people have: giving, renewing, sharing, handing on, recovering."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from access.models import Department, Person, Role
from audit.services.idempotency import Reply
from config.api.custody_fields import (
    LONGEST_LIST,
    EndShareSerializer,
    GiveManySerializer,
    GiveOneSerializer,
    MoveSerializer,
    OutcomesSerializer,
    ReasonSerializer,
    ShareWithSerializer,
    SwapSerializer,
    TransferSerializer,
)
from config.api.shown_assignments import AssignmentSerializer, Claims, ShareSerializer
from lockers.models import Bank, Compartment
from lockers.scoping import OPERATE, OVERRIDE, RECOVER, VIEW
from occupancy.errors.claims import NotTheHolder
from occupancy.models import Assignment, Policy, Share
from occupancy.services.claims import renewals
from occupancy.services.custody import giving, moving, sharing
from occupancy.services.custody.giving import Outcome, Row
from occupancy.services.ending import recovery


class Custody(Claims):
    """The verbs of assignments that others than the person at the door use."""

    serializer_class = AssignmentSerializer

    def get_queryset(self, right: str = VIEW) -> QuerySet[Assignment]:
        """Return the assignments of the banks that the user holds a right on."""
        return Assignment.objects.select_related("compartment__bank__site").filter(
            self.within("compartment__bank", right)
        )

    @extend_schema(request=GiveOneSerializer, responses={201: AssignmentSerializer})
    @action(detail=False, methods=["post"])
    def give(self, request: Request) -> Response:
        """Give a compartment from afar, under a policy; its door does not open."""
        body = self.checked(GiveOneSerializer)
        row = self._row(body)
        if body["beyond_authority"]:
            get_object_or_404(Bank.objects.filter(self.within("", OVERRIDE)), pk=row.bank_id)

        def work() -> Reply:
            made = giving.give(
                policy_id=row.policy_id,
                person_id=row.person_id,
                role_id=row.role_id,
                department_id=row.department_id,
                compartment_id=row.compartment_id,
                bank_id=row.bank_id,
                ends_at=row.ends_at,
                reason=row.reason,
                beyond_authority=body["beyond_authority"],
                actor=self.actor,
                at=self.at,
            )
            return Reply(201, dict(AssignmentSerializer(made).data))

        return self.once(request, work)

    @extend_schema(request=GiveManySerializer, responses=OutcomesSerializer)
    @action(detail=False, methods=["post"], url_path="give-many")
    def give_many(self, request: Request) -> Response:
        """Give many people their compartments, each line for itself, or only say what would be."""
        body = self.checked(GiveManySerializer)
        rows = [self._row(row) for row in body["rows"]]

        def work() -> Reply:
            outcomes = giving.give_many(rows, actor=self.actor, at=self.at, dry_run=body["dry_run"])
            told = [_outcome(place, one) for place, one in enumerate(outcomes)]
            return Reply(200, {"dry_run": body["dry_run"], "rows": told})

        return self.once(request, work)

    @extend_schema(request=None, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, pk: int) -> Response:
        """Let the holder keep it for another term of its policy."""
        row = self._operated(pk)
        return self._changed(
            request,
            lambda: renewals.renew(
                claim_id=row.pk, person_id=_holder(row), actor=self.actor, at=self.at
            ),
        )

    @extend_schema(request=TransferSerializer, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def transfer(self, request: Request, pk: int) -> Response:
        """Let somebody else have it from now on, with its end; answers with their assignment."""
        row = self._operated(pk)
        body = self.checked(TransferSerializer)
        self._person(body["person"], row.compartment.bank)
        return self._changed(
            request,
            lambda: moving.transfer(
                claim_id=row.pk, to_person_id=body["person"], actor=self.actor, at=self.at,
                reason=body["reason"],
            ),
        )  # fmt: skip

    @extend_schema(request=MoveSerializer, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: int) -> Response:
        """Give its holder another compartment instead; answers with the new assignment."""
        row = self._operated(pk)
        body = self.checked(MoveSerializer)
        get_object_or_404(Compartment.objects.filter(self.within("bank", OPERATE)),
                          pk=body["compartment"])  # fmt: skip
        return self._changed(
            request,
            lambda: moving.move(
                claim_id=row.pk, compartment_id=body["compartment"], actor=self.actor,
                at=self.at, reason=body["reason"],
            ),
        )  # fmt: skip

    @extend_schema(request=SwapSerializer, responses=AssignmentSerializer(many=True))
    @action(detail=False, methods=["post"])
    def swap(self, request: Request) -> Response:
        """Let two holders have each other's compartment, in one step."""
        body = self.checked(SwapSerializer)
        rows = [self._operated(pk) for pk in body["assignments"]]

        def work() -> Reply:
            both = moving.swap(
                claim_ids=[row.pk for row in rows], actor=self.actor, at=self.at,
                reason=body["reason"],
            )  # fmt: skip
            return Reply(200, {"assignments": [dict(AssignmentSerializer(o).data) for o in both]})

        return self.once(request, work)

    @extend_schema(request=ShareWithSerializer, responses={201: ShareSerializer})
    @action(detail=True, methods=["post"])
    def share(self, request: Request, pk: int) -> Response:
        """Let somebody else open it, too, until a time, on its holder's behalf."""
        return self._shared(request, pk, is_one_opening=False)

    @extend_schema(request=ShareWithSerializer, responses={201: ShareSerializer})
    @action(detail=True, methods=["post"])
    def delegate(self, request: Request, pk: int) -> Response:
        """Let somebody else open it one single time, on its holder's behalf."""
        return self._shared(request, pk, is_one_opening=True)

    @extend_schema(responses=ShareSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def shares(self, request: Request, pk: int) -> Response:
        """List whom it is and was shared with, newest first."""
        row = get_object_or_404(self.get_queryset(), pk=pk)
        found = Share.objects.filter(claim_id=row.pk)[:LONGEST_LIST]
        return Response(ShareSerializer(found, many=True).data)

    @extend_schema(request=EndShareSerializer, responses=ShareSerializer)
    @action(detail=True, methods=["post"], url_path="end-share")
    def end_share(self, request: Request, pk: int) -> Response:
        """End sharing it with somebody."""
        row = self._operated(pk)
        body = self.checked(EndShareSerializer)
        found = get_object_or_404(Share, pk=body["share"], claim_id=row.pk)

        def work() -> Reply:
            ended = sharing.end_share(share_id=found.pk, actor=self.actor, at=self.at)
            return Reply(200, dict(ShareSerializer(ended).data))

        return self.once(request, work)

    @extend_schema(request=ReasonSerializer, responses=AssignmentSerializer)
    @action(detail=True, methods=["post"])
    def recover(self, request: Request, pk: int) -> Response:
        """Begin to empty it into lost property; nobody gets it before that is done.

        The steps that follow are those of the recovery. It takes the right to recover.
        """
        row = get_object_or_404(self.get_queryset(RECOVER), pk=pk)
        body = self.checked(ReasonSerializer)

        def work() -> Assignment:
            recovery.begin(claim_id=row.pk, actor=self.actor, at=self.at, reason=body["reason"])
            row.refresh_from_db()
            return row

        return self._changed(request, work)

    def _operated(self, pk: int) -> Assignment:
        return get_object_or_404(self.get_queryset(OPERATE), pk=pk)

    def _person(self, pk: int, bank: Bank) -> Person:
        return get_object_or_404(Person, pk=pk, organisation_id=bank.site.organisation_id)

    def _changed(self, request: Request, change: Callable[[], Assignment]) -> Response:
        return self.once(request, lambda: Reply(200, dict(AssignmentSerializer(change()).data)))

    def _shared(self, request: Request, pk: int, *, is_one_opening: bool) -> Response:
        row = self._operated(pk)
        body = self.checked(ShareWithSerializer)
        self._person(body["person"], row.compartment.bank)
        until: dt.datetime = body["until"]

        def work() -> Reply:
            same: dict[str, Any] = {
                "claim_id": row.pk, "person_id": _holder(row), "until": until,
                "note": body["note"], "actor": self.actor, "at": self.at,
            }  # fmt: skip
            if is_one_opening:
                made = sharing.delegate(to_id=body["person"], **same)
            else:
                made = sharing.share(with_id=body["person"], **same)
            return Reply(201, dict(ShareSerializer(made).data))

        return self.once(request, work)

    def _row(self, body: dict[str, Any]) -> Row:
        """Return a line of a list; what the user may not see of it does not exist."""
        if "compartment" in body:
            doors = Compartment.objects.select_related("bank__site")
            door = get_object_or_404(
                doors.filter(self.within("bank", OPERATE)), pk=body["compartment"]
            )
            bank = door.bank
        else:
            banks = Bank.objects.select_related("site").filter(self.within("", OPERATE))
            bank = get_object_or_404(banks, pk=body["bank"])
        same = {"organisation_id": bank.site.organisation_id}
        get_object_or_404(Policy, pk=body["policy"], **same)
        if "person" in body:
            get_object_or_404(Person, pk=body["person"], **same)
        elif "role" in body:
            get_object_or_404(Role, pk=body["role"], **same)
        else:
            get_object_or_404(Department, pk=body["department"], **same)
        return Row(
            policy_id=body["policy"],
            person_id=body.get("person"),
            role_id=body.get("role"),
            department_id=body.get("department"),
            compartment_id=body.get("compartment"),
            bank_id=bank.pk,
            ends_at=body.get("until"),
            reason=body.get("reason", ""),
        )


def _holder(row: Assignment) -> int:
    """Return the person who has it. Raises NotTheHolder when a role or a department has it."""
    if row.holder_id is None:
        raise NotTheHolder
    return row.holder_id


def _outcome(place: int, one: Outcome) -> dict[str, Any]:
    return {
        "row": place,
        "assignment": dict(AssignmentSerializer(one.assignment).data) if one.assignment else None,
        "error": one.refusal.body() if one.refusal else None,
    }
