"""What claims on doors refuse.

Refusal
├── NoCompartmentAvailable     none is free, or none of that size
├── CompartmentTaken           somebody took that very door a moment ago
├── NoSuchCompartment          the number does not exist here, or is out of service
├── AssignmentAlreadyReleased  it was finished before
├── TimeIsOver                 overdue: staff open it, and it is free when it is empty
├── UndoOver                   the undo minute is over, or somebody else has the door
└── NotTheHolder               it is somebody else's
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class NoCompartmentAvailable(Refusal):
    code = "no_compartment_available"
    sentence = _("No locker of that kind is free here. Choose another size, or another bank.")


class CompartmentTaken(Refusal):
    code = "compartment_taken"
    sentence = _("Somebody took that door a moment ago. Choose another.")


class NoSuchCompartment(Refusal):
    code = "no_such_compartment"
    http_status = 404
    sentence = _("That door cannot be used right now. Choose another.")


class AssignmentAlreadyReleased(Refusal):
    code = "assignment_already_released"
    sentence = _("This locker was finished before.")


class TimeIsOver(Refusal):
    code = "time_is_over"
    sentence = _("Your time with this locker is over. Ask reception to open it.")


class UndoOver(Refusal):
    code = "undo_over"
    sentence = _("It is too late to undo. Get a new locker.")


class NotTheHolder(Refusal):
    code = "not_the_holder"
    http_status = 403
    sentence = _("This locker is not yours. Tap your badge to see yours.")
