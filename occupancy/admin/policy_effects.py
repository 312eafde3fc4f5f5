"""What a policy's form would do when it is saved, in the administration and the API alike."""

from __future__ import annotations

import dataclasses
import datetime as dt

from occupancy.admin.policy_form import PolicyForm
from occupancy.models import Policy
from occupancy.services.policies import previews, rulebooks, warning_previews
from occupancy.services.policies.previews import Effect
from occupancy.services.policies.warning_previews import Telling


def effect_of_form(form: PolicyForm, before: Policy | None, at: dt.datetime) -> Effect:
    """Return what a valid form would do; ``before`` is the policy as it is stored."""
    attached = form.attached()
    effect = previews.effect_of(
        organisation_id=form.instance.organisation_id,
        before=rulebooks.attached_from(before) if before and before.is_active else None,
        after=attached,
        at=at,
        doors=form.member_ids,
    )
    if before is None:
        return effect
    was = warning_previews.of(before)
    wanted = was.warnings if form.warnings is None else form.warnings
    follows = form.cleaned_data.get("follows")
    rewarned = warning_previews.effect_of(
        policy_id=before.pk,
        before=was,
        after=Telling(wanted, warning_previews.quiet_of(form.instance)),
        at=at,
        follows=attached if follows else None,
    )
    return dataclasses.replace(effect, warned_at_once=rewarned.at_once, warned_later=rewarned.later)
