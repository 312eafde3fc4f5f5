"""What is refused in the life of an asset, of an upgrade, and when a bank goes for good.

Refusal
├── NotInThisState        the ladder of its life has no such step
├── WrongPlace            a lock is in a door, a controller is a controller ...
├── PlaceOfAnother        the place belongs to another organisation
├── PlaceTaken            another asset is installed there
├── NoSuchScreen          the bank has no screen of that number
├── LockDoesNotFit        the door locks in another way
├── CertificateNeeded     nothing is disposed of without one
├── ModelNeeded           no model was chosen for something that the bank has
├── NothingToRecord       everything of the bank has its asset
├── PlanClosed            the upgrade was closed before
├── DoorIsDone            the door has its new lock
├── DoorElsewhere         the door is at another site than the plan
├── BegunAlready          the bank is being taken away, or was
├── DecommissioningOver   it was finished or called off before
├── StepsBefore           an earlier step is not done
├── StepDoneAlready       somebody did it before
├── DoorsInUse            somebody has a door, or has booked one
├── AccessLeft            somebody may still open a door
├── KeysOut               somebody has a key of it
├── TerminalsUnknown      there is a screen that nothing here can end
├── AssetsLeft            something of it is not where the step says
└── TooLateToCallOff      what was wiped does not come back
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class NotInThisState(Refusal):
    code = "asset_not_in_this_state"
    sentence = _("It is %(state)s now, so this cannot be done with it.")


class WrongPlace(Refusal):
    code = "asset_wrong_place"
    sentence = _("A %(kind)s does not go there. Choose a place of its own kind.")


class PlaceOfAnother(Refusal):
    code = "asset_place_of_another"
    sentence = _("That place belongs to another organisation.")


class PlaceTaken(Refusal):
    code = "asset_place_taken"
    sentence = _("Another one is installed there. Remove that one first, or replace it.")


class NoSuchScreen(Refusal):
    code = "asset_no_such_screen"
    sentence = _("Bank %(bank)s has no such screen. Set it up there first.")


class LockDoesNotFit(Refusal):
    code = "asset_lock_does_not_fit"
    sentence = _(
        "Door %(number)s has a lock of the kind “%(has)s”, and this is one of the kind “%(is)s”."
        " Put the door into an upgrade plan."
    )


class CertificateNeeded(Refusal):
    code = "asset_certificate_needed"
    sentence = _("Write down the number of the certificate, or who took it away.")


class ModelNeeded(Refusal):
    code = "asset_model_needed"
    sentence = _("Choose a model for each kind of thing that this bank has.")


class NothingToRecord(Refusal):
    code = "asset_nothing_to_record"
    sentence = _("Everything of this bank has its asset already.")


class PlanClosed(Refusal):
    code = "upgrade_plan_closed"
    sentence = _("This upgrade was closed before.")


class DoorIsDone(Refusal):
    code = "upgrade_door_is_done"
    sentence = _("This door has its new lock already.")


class DoorElsewhere(Refusal):
    code = "upgrade_door_elsewhere"
    sentence = _("Door %(number)s is at another site. Make a plan for that site.")


class BegunAlready(Refusal):
    code = "decommissioning_begun_already"
    sentence = _("This bank is being taken away already, or was.")


class DecommissioningOver(Refusal):
    code = "decommissioning_over"
    sentence = _("This was finished or called off before.")


class StepsBefore(Refusal):
    code = "decommissioning_steps_before"
    sentence = _("First: %(step)s.")


class StepDoneAlready(Refusal):
    code = "decommissioning_step_done"
    sentence = _("Somebody did this before.")


class DoorsInUse(Refusal):
    code = "decommissioning_doors_in_use"
    sentence = _("These doors are not empty: %(doors)s. End each use, or empty the door.")


class AccessLeft(Refusal):
    code = "decommissioning_access_left"
    sentence = _("Somebody may still open here: %(who)s. Take it back with this step.")


class KeysOut(Refusal):
    code = "decommissioning_keys_out"
    sentence = _("These keys are not back: %(keys)s. Take them back, or report them lost.")


class TerminalsUnknown(Refusal):
    code = "decommissioning_terminals_unknown"
    sentence = _("These screens are still enrolled: %(terminals)s. Revoke them first.")


class AssetsLeft(Refusal):
    code = "decommissioning_assets_left"
    sentence = _("Not yet done with: %(assets)s.")


class TooLateToCallOff(Refusal):
    code = "decommissioning_too_late_to_call_off"
    sentence = _("Keys, access or data are gone already. It cannot be called off any more.")
