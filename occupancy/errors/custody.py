"""What is refused about a door that somebody has: renewing, giving, sharing, moving.

Refusal
├── NotWhileOverdue       renewing comes too late, or facilities empty it
├── RenewedEnough         the policy allows no more renewals
├── NothingToRenew        it has no end, or none that renewing would move
├── BookedByOthers        the door is somebody else's before the next term is over
├── PolicyNotInUse        the policy that was named governs nothing now
├── WrongHolder           a policy for roles was given to a person, or the other way round
├── ReasonMissing         an exception needs a reason
├── EndMissing            under that policy a door is had for a window: until when?
├── EndsTooLate           longer than the policy lasts, and no exception
├── EndsTooEarly          the end is over already
├── NotShared             the policy does not let people share its doors
├── NotWithThemselves     the holder has the door already
├── SharedAlready         that person may open it already
├── PersonNotHere         nobody of this organisation, or they left
├── OpeningUsed           the one opening was used
├── ShareOver             it ended before
├── InRecovery            facilities are emptying the door
├── NotWiredYet           its electronic lock hangs on no board: nobody could open it
├── NobodyCalled          what was typed names no person, role or department here
├── SeveralCalled         it names several
├── DoorUnknown           the bank has no door of that number
├── NobodyHasIt           there is nobody to swap with: it can be moved to
├── NoOneHolder           a role or a department has it, and that is no person's to do
└── SameDoors             there is nothing to change
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class NotWhileOverdue(Refusal):
    code = "not_while_overdue"
    sentence = _("This locker is overdue. Empty it, and get a new one.")


class RenewedEnough(Refusal):
    code = "renewed_enough"
    sentence = _("This locker cannot be renewed again. Finish with it by its end.")


class NothingToRenew(Refusal):
    code = "nothing_to_renew"
    sentence = _("There is nothing to renew: you have this locker as long as you may.")


class BookedByOthers(Refusal):
    code = "booked_by_others"
    sentence = _("Somebody has booked this locker afterwards. Get another one after your time.")


class PolicyNotInUse(Refusal):
    code = "policy_not_in_use"
    sentence = _("That policy is not in use here. Choose another.")


class WrongHolder(Refusal):
    code = "wrong_holder"
    sentence = _("That policy gives doors to others: to a person, a role or a department.")


class ReasonMissing(Refusal):
    code = "reason_missing"
    http_status = 400
    sentence = _("This needs a reason.")


class EndMissing(Refusal):
    code = "end_missing"
    http_status = 400
    sentence = _("Under that policy a locker is given until a set time. Say until when.")


class EndsTooLate(Refusal):
    code = "ends_too_late"
    sentence = _("That is longer than the policy lasts. Choose an earlier end, or an exception.")


class EndsTooEarly(Refusal):
    code = "ends_too_early"
    sentence = _("That end is over already. Choose a later one.")


class NotShared(Refusal):
    code = "not_shared"
    http_status = 403
    sentence = _("Lockers here are not shared. Ask reception.")


class NotWithThemselves(Refusal):
    code = "not_with_themselves"
    sentence = _("That person has this locker already.")


class SharedAlready(Refusal):
    code = "shared_already"
    sentence = _("That person may open this locker already. End that first.")


class PersonNotHere(Refusal):
    code = "person_not_here"
    http_status = 404
    sentence = _("That person is not known here.")


class OpeningUsed(Refusal):
    code = "opening_used"
    http_status = 403
    sentence = _("You have opened this locker once, as you were asked. Ask its holder.")


class ShareOver(Refusal):
    code = "share_over"
    sentence = _("That had ended before.")


class InRecovery(Refusal):
    code = "in_recovery"
    sentence = _("That locker is being emptied by staff.")


class NotWiredYet(Refusal):
    code = "not_wired_yet"
    sentence = _("The lock of that door is not wired yet, so nobody could open it. Wire it first.")


class NobodyCalled(Refusal):
    code = "nobody_called"
    http_status = 404
    sentence = _("Nobody here is called that. Type a personal number, an e-mail address or a name.")


class SeveralCalled(Refusal):
    code = "several_called"
    sentence = _("Several are called that. Type the personal number or the e-mail address.")


class DoorUnknown(Refusal):
    code = "door_unknown"
    http_status = 404
    sentence = _("That bank has no door of that number.")


class NobodyHasIt(Refusal):
    code = "nobody_has_it"
    sentence = _("Nobody has that door. Move to it instead.")


class NoOneHolder(Refusal):
    code = "no_one_holder"
    sentence = _("A role or a department has this door, so that is not any one person's to do.")


class SameDoors(Refusal):
    code = "same_doors"
    sentence = _("There is nothing to change.")
