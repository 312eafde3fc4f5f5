"""What is refused when roles are given.

Refusal
├── RoleTooHigh       nobody gives or takes more than they have
├── RoleNotHere       a role of this kind is not given at this place
└── RoleGivenAlready  the person has this role there already
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class RoleTooHigh(Refusal):
    """A role would give, or take from somebody, more than its giver has."""

    code = "role_too_high"
    http_status = 403
    sentence = _(
        "You can only give and take what you may do there yourself. Ask somebody who has this role."
    )


class RoleNotHere(Refusal):
    code = "role_not_here"
    http_status = 400
    sentence = _("This role cannot be given on that place. Choose a larger one.")


class RoleGivenAlready(Refusal):
    code = "role_given_already"
    sentence = _("This person has that role there already.")
