"""Policies: read, set up, changed, and looked at before they are."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.forms.models import modelform_factory
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from access.models import Person
from audit.actions import Action
from audit.services.idempotency import Reply
from config.api.base import View
from config.api.policy_bodies import (
    LENGTHS,
    PLAIN,
    EffectSerializer,
    ExplainFilter,
    ExplanationSerializer,
    PolicyChangeSerializer,
    PolicyFieldsSerializer,
    PolicyFilter,
    PolicySerializer,
    told,
    warnings_of,
)
from lockers.models import Size
from lockers.scoping import MANAGE, VIEW, banks_of, organisations_of, people
from occupancy import attaching
from occupancy.admin.effects import lines
from occupancy.admin.policy_effects import effect_of_form
from occupancy.admin.policy_fields import as_data
from occupancy.admin.policy_form import RELATED, PolicyForm
from occupancy.choices import Criterion
from occupancy.models import Policy
from occupancy.services.policies import explaining, policies


class Policies(View):
    """Who gets which doors, how long, and what happens at the end."""

    serializer_class = PolicySerializer
    filter_serializer = PolicyFilter

    def get_queryset(self, right: str = VIEW) -> QuerySet[Policy]:
        """Return the policies of the places on which the user holds a right."""
        return Policy.objects.prefetch_related(*RELATED, "warnings").filter(
            attaching.policies_of(self.request.user, right)
        )

    @extend_schema(parameters=[PolicyFilter])
    def list(self, request: Request) -> Response:
        """List policies."""
        return self.show_list(self.get_queryset().filter(**self.wanted()))

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one policy."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(request=PolicyFieldsSerializer, responses={201: PolicySerializer})
    def create(self, request: Request) -> Response:
        """Set up a policy."""
        return self.once(
            request,
            lambda: self._save(self._form(None, PolicyFieldsSerializer), Action.ADDED, 201),
        )

    @extend_schema(request=PolicyChangeSerializer, responses=PolicySerializer)
    @action(detail=True, methods=["post"])
    def change(self, request: Request, pk: int) -> Response:
        """Change a policy; ``is_active`` false retires it."""
        policy = get_object_or_404(self.get_queryset(MANAGE), pk=pk)
        return self.once(
            request,
            lambda: self._save(self._form(policy, PolicyChangeSerializer), Action.CHANGED, 200),
        )

    @extend_schema(request=PolicyChangeSerializer, responses=EffectSerializer)
    @action(detail=True, methods=["post"], url_name="preview")
    def preview(self, request: Request, pk: int) -> Response:
        """Show what a change would do, without doing it."""
        policy = get_object_or_404(self.get_queryset(MANAGE), pk=pk)
        before = Policy.objects.get(pk=policy.pk)  # a valid form changes the one it has
        return self._effect(self._form(policy, PolicyChangeSerializer), before)

    @extend_schema(
        operation_id="policies_preview_new",
        request=PolicyFieldsSerializer,
        responses=EffectSerializer,
    )
    @action(detail=False, methods=["post"], url_path="preview", url_name="preview-new")
    def preview_new(self, request: Request) -> Response:
        """Show what a new policy would do, without setting it up."""
        return self._effect(self._form(None, PolicyFieldsSerializer), None)

    @extend_schema(parameters=[ExplainFilter], responses=ExplanationSerializer)
    @action(detail=False, methods=["get"])
    def explain(self, request: Request) -> Response:
        """Say what applies to a person at a bank or a door, and why."""
        asked = ExplainFilter(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        person = get_object_or_404(Person, people(request.user), pk=given["person"])
        bank = get_object_or_404(
            banks_of(request.user), pk=given["bank"],
            site__organisation=person.organisation_id,
        )  # fmt: skip
        door_id = given.get("compartment")
        if door_id is not None:
            get_object_or_404(bank.compartments, pk=door_id)
        if (size_id := given.get("size")) is not None:
            get_object_or_404(Size, pk=size_id, organisation=person.organisation_id)
        found = explaining.explain(
            person_id=person.pk, bank_id=bank.pk, door_id=door_id, size_id=size_id, at=self.at
        )
        return Response(ExplanationSerializer(found).data)

    def _form(self, policy: Policy | None, kind: type[serializers.Serializer[Any]]) -> PolicyForm:
        body = self.checked(kind)
        theirs = organisations_of(self.request.user, MANAGE)
        related = {
            name: Policy._meta.get_field(name).related_model._default_manager.filter(  # type: ignore[union-attr]  # a relation of Policy
                organisation__in=theirs
            )
            for name in RELATED
        }
        made = modelform_factory(
            Policy, form=PolicyForm, fields=[*PLAIN, *LENGTHS, *RELATED, "shifts"]
        )
        form_class = type("ApiPolicyForm", (made,), {"user": self.request.user, "offered": related})
        data = as_data(form_class(instance=policy))
        warned = body.get("warnings")
        for name, value in body.items():
            if name == "warnings":
                continue
            if name == "ranking":
                data |= {f"ranking_{n}": "" for n in range(len(Criterion))}
                data |= {f"ranking_{n}": one for n, one in enumerate(value)}
            elif name == "shifts":
                data[name] = ", ".join(f"{one:%H:%M}" for one in value)
            else:
                data[name] = value
        form: PolicyForm = form_class(data, instance=policy)
        if "where" in body and body["where"] not in form.places:
            raise Http404  # a place that is not theirs is not there
        if not form.is_valid():
            raise serializers.ValidationError(
                {name: [str(one) for one in said] for name, said in form.errors.items()}
            )
        if warned is not None:
            form.warnings = warnings_of(warned)
        return form

    def _effect(self, form: PolicyForm, before: Policy | None) -> Response:
        effect = effect_of_form(form, before, self.at)
        follows = bool(form.cleaned_data.get("follows"))
        return Response(told(lines(effect, self.request.user, follows=follows)))

    def _save(self, form: PolicyForm, how: Action, status: int) -> Reply:
        form.make_group()
        policy = form.save()
        changed = [name for name in form.changed_data if name != "follows"]
        if form.warnings is not None and policies.set_warnings(
            policy_id=policy.pk, wanted=form.warnings
        ):
            changed.append("warnings")
        policies.record(row=policy, action=how, actor=self.actor, at=self.at, changed=changed)
        if form.cleaned_data.get("follows") and policy.is_active and status == 200:
            policies.follow(policy_id=policy.pk, actor=self.actor, at=self.at)
        return Reply(status, dict(PolicySerializer(self.get_queryset().get(pk=policy.pk)).data))
