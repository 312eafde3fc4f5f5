"""What the decision refuses, in sentences.

Refusal
├── NotAllowed          the decision said no; its code is the decision's
│   └── PassNotAllowed  ... on a pass
└── DoorOfAnother       a door of another organisation
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from access.decisions import Code, Decision
from audit.errors import Refusal

_SENTENCES = {
    Code.PERSON_SUSPENDED: _("Your access is suspended at the moment. Ask reception."),
    Code.PERSON_LEFT: _("This badge belongs to somebody who has left. Ask reception."),
    Code.PERSON_HELD: _("Your access is on hold. Ask reception."),
    Code.CREDENTIAL_SUSPENDED: _("This badge is suspended. Ask reception."),
    Code.CREDENTIAL_REVOKED: _("This badge is not valid any more. Ask reception for a new one."),
    Code.CREDENTIAL_NOT_YET_VALID: _("This badge is not valid yet. Ask reception."),
    Code.CREDENTIAL_OVER: _("This badge is not valid any more. Ask reception for a new one."),
    Code.CREDENTIAL_USED: _("This was good for one use, which is over. Ask reception."),
    Code.PIN_REQUIRED: _("These lockers ask for your PIN as well. Type it at the screen."),
    Code.BADGE_REQUIRED: _("These lockers ask for your badge as well. Begin with your badge."),
    Code.NO_ACCESS: _("You have no access to these lockers yet. Ask for it, or ask reception."),
    Code.ACCESS_OVER: _("Your access to these lockers is over. Ask for more, or ask reception."),
    Code.NO_GRANT: _("This locker is not yours. Tap your badge to see yours."),
    Code.GRANT_OVER: _("Your time with this locker is over. Ask reception to open it."),
    Code.OUT_OF_SERVICE: _("This locker is out of service. Choose another."),
    Code.CURFEW: _("These lockers are shut at this hour. Come back when they open."),
}


# What is said when it was a PIN that was shown.
_OF_A_PIN = {
    Code.PERSON_LEFT: _("This PIN belongs to somebody who has left. Ask reception."),
    Code.CREDENTIAL_SUSPENDED: _("This PIN is suspended. Ask reception."),
    Code.CREDENTIAL_REVOKED: _("This PIN is not valid any more. Ask reception for a new one."),
    Code.CREDENTIAL_NOT_YET_VALID: _("This PIN is not valid yet. Ask reception."),
    Code.CREDENTIAL_OVER: _("This PIN is not valid any more. Ask reception for a new one."),
}


# When it was the code of a visit.
_OF_A_CODE = {
    Code.CREDENTIAL_REVOKED: _("This code is over. Ask reception for a new one."),
    Code.CREDENTIAL_OVER: _("This code is over. Ask reception for a new one."),
}


# And when it was a pass.
_OF_A_PASS = {
    Code.PERSON_LEFT: _("This pass belongs to somebody who has left. Ask reception."),
    Code.CREDENTIAL_REVOKED: _("This pass was taken back. Ask reception for a new one."),
    Code.CREDENTIAL_NOT_YET_VALID: _("This pass is not valid yet. Look at the time it says."),
    Code.CREDENTIAL_OVER: _("This pass is not valid any more. Ask for a new one."),
    Code.CREDENTIAL_USED: _("This pass was for one use, and was used. Ask for a new one."),
}


class NotAllowed(Refusal):
    http_status = 403

    def __init__(
        self, decision: Decision, *, is_pin: bool = False, is_code: bool = False, **facts: Any
    ) -> None:
        super().__init__(**facts)
        self.decision = decision
        self.code = decision.code.value
        self.sentence = _SENTENCES[decision.code]
        if is_pin:
            self.sentence = _OF_A_PIN.get(decision.code, self.sentence)
        if is_code:
            self.sentence = _OF_A_CODE.get(decision.code, self.sentence)


class PassNotAllowed(NotAllowed):
    """The decision on a pass said no."""

    def __init__(self, decision: Decision, **facts: Any) -> None:
        super().__init__(decision, **facts)
        self.sentence = _OF_A_PASS.get(decision.code, self.sentence)


class DoorOfAnother(Refusal):
    code = "door_of_another"
    http_status = 400
    sentence = _("That door belongs to another organisation. Choose one of this one.")
