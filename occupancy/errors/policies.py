"""What policies refuse.

Refusal
├── NoPolicy             nothing says how these lockers may be used
├── NotForYou            every door here is kept for others
├── NotWalkUp            these are given by staff, or booked ahead
├── CredentialNotEnough  another badge or PIN is asked for
├── SizeNotAllowed       the policy gives other sizes
└── LimitReached         the person has as many as the policy allows
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class NoPolicy(Refusal):
    code = "no_policy"
    sentence = _("Nobody has said yet how these lockers may be used. Ask reception.")


class NotForYou(Refusal):
    code = "not_for_you"
    http_status = 403
    sentence = _("These lockers are kept for others. Ask reception which ones are for you.")


class NotWalkUp(Refusal):
    code = "not_walk_up"
    http_status = 403
    sentence = _("These lockers are booked ahead or given by staff. Book one, or ask reception.")


class CredentialNotEnough(Refusal):
    code = "credential_not_enough"
    http_status = 403
    sentence = _("These lockers ask for something else than you showed. Use your badge.")


class SizeNotAllowed(Refusal):
    code = "size_not_allowed"
    http_status = 403
    sentence = _("Lockers of that size are not for you here. Choose another size.")


class LimitReached(Refusal):
    code = "limit_reached"
    sentence = _("You already have a locker. Open it again, or finish with it first.")
