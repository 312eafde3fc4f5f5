"""Groups of doors: read, named, changed, and looked at before they are."""

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

from audit.actions import Action
from audit.services.idempotency import Reply
from config.api.base import IdField, View
from config.api.policy_bodies import EffectSerializer, told
from lockers.scoping import MANAGE, VIEW, organisations_of
from occupancy import attaching
from occupancy.admin.effects import lines
from occupancy.admin.groups import GroupForm
from occupancy.admin.policy_fields import as_data
from occupancy.admin.policy_form import named
from occupancy.forms import door_lists
from occupancy.models import CompartmentGroup
from occupancy.services.policies import policies, previews


class GroupSerializer(serializers.ModelSerializer[CompartmentGroup]):
    doors = serializers.SerializerMethodField(help_text="Such as “A 1-10, 21; B 3”.")

    class Meta:
        model = CompartmentGroup
        fields = ["id", "organisation", "name", "doors", "compartments"]

    def get_doors(self, group: CompartmentGroup) -> str:
        """Write the doors as people name them."""
        return door_lists.write(named(group.compartments.all()))


class GroupFieldsSerializer(serializers.Serializer[Any]):
    organisation = IdField(required=False)
    name = serializers.CharField(max_length=80, required=False)
    doors = serializers.CharField(
        max_length=4000, required=False, help_text="Such as “A 1-10, 21; B row 1”."
    )


class Groups(View):
    """Named groups of doors, which may stand in several banks."""

    serializer_class = GroupSerializer

    def get_queryset(self, right: str = VIEW) -> QuerySet[CompartmentGroup]:
        """Return the groups on whose doors the user holds a right."""
        return CompartmentGroup.objects.filter(attaching.groups_of(self.request.user, right))

    def list(self, request: Request) -> Response:
        """List groups of doors."""
        return self.show_list(self.get_queryset())

    def retrieve(self, request: Request, pk: int) -> Response:
        """Show one group of doors."""
        return self.show(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(request=GroupFieldsSerializer, responses={201: GroupSerializer})
    def create(self, request: Request) -> Response:
        """Name a group of doors."""
        return self.once(request, lambda: self._save(self._form(None), Action.ADDED, 201))

    @extend_schema(request=GroupFieldsSerializer, responses=GroupSerializer)
    @action(detail=True, methods=["post"])
    def change(self, request: Request, pk: int) -> Response:
        """Change which doors are in a group."""
        group = get_object_or_404(self.get_queryset(MANAGE), pk=pk)
        return self.once(request, lambda: self._save(self._form(group), Action.CHANGED, 200))

    @extend_schema(request=GroupFieldsSerializer, responses=EffectSerializer)
    @action(detail=True, methods=["post"], url_name="preview")
    def preview(self, request: Request, pk: int) -> Response:
        """Show what a change would do, without doing it."""
        form = self._form(get_object_or_404(self.get_queryset(MANAGE), pk=pk))
        effect = previews.effect_of_group(
            organisation_id=form.instance.organisation_id, group_id=pk, doors=form.members,
            at=self.at,
        )  # fmt: skip
        return Response(told(lines(effect, request.user, follows=False)))

    def _form(self, group: CompartmentGroup | None) -> GroupForm:
        fields = ["name"] if group is not None else ["organisation", "name"]
        made = modelform_factory(CompartmentGroup, form=GroupForm, fields=fields)
        form_class = type("ApiGroupForm", (made,), {"user": self.request.user})
        empty = form_class(instance=group)
        if group is None:
            empty.fields["organisation"].queryset = organisations_of(self.request.user, MANAGE)
        data = as_data(empty) | self.checked(GroupFieldsSerializer)
        form: GroupForm = form_class(data, instance=group)
        if group is None:
            form.fields["organisation"].queryset = organisations_of(self.request.user, MANAGE)  # type: ignore[attr-defined]  # a choice of rows
        if not form.is_valid():
            if "organisation" in form.errors and data.get("organisation"):
                raise Http404  # an organisation that is not theirs is not there
            raise serializers.ValidationError(
                {name: [str(one) for one in said] for name, said in form.errors.items()}
            )
        return form

    def _save(self, form: GroupForm, how: Action, status: int) -> Reply:
        group = form.save()
        group.compartments.set(form.members)
        policies.record(row=group, action=how, actor=self.actor, at=self.at)
        return Reply(status, dict(GroupSerializer(group).data))
