"""What is refused of keys and master keys.

Refusal
├── KeyIsOut           somebody has this key
├── KeyNotOut          nobody has this key
├── KeyNotInUse        the key is lost or retired
├── KeyNotLost         only a lost key can be found
├── NotYourKey         somebody else has this key
├── CannotHoldKeys     the person left, is stopped or belongs elsewhere
├── NotSigned          a key is handed out for a signature only
├── TwoPeopleNeeded    a master key is not issued by one person
├── SamePerson         one person cannot confirm their own request
├── ReleaseNotWaiting  the request was confirmed, cancelled or is too old
├── ReleaseWaiting     somebody asked for this master key already
├── SerialTaken        another lock has this serial number
├── NoOtherWayIn       nothing but a key opens this door for this person
└── CountIncomplete    keys of the cabinet were not counted
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class KeyIsOut(Refusal):
    code = "key_is_out"
    sentence = _("Somebody has this key. Take it back first, or choose another copy.")


class KeyNotOut(Refusal):
    code = "key_not_out"
    sentence = _("Nobody has this key. Check the number stamped on it.")


class KeyNotInUse(Refusal):
    code = "key_not_in_use"
    sentence = _("This key is lost or retired. Choose another copy.")


class KeyNotLost(Refusal):
    code = "key_not_lost"
    sentence = _("This key is not lost, or its lock was changed since.")


class NotYourKey(Refusal):
    code = "not_your_key"
    sentence = _("Somebody else has this key. Check the number stamped on it.")


class CannotHoldKeys(Refusal):
    code = "cannot_hold_keys"
    sentence = _("%(person)s cannot have a key now. Check their status, holds and organisation.")


class NotSigned(Refusal):
    code = "not_signed"
    http_status = 400
    sentence = _("Have it signed: draw the signature, or type the name.")


class TwoPeopleNeeded(Refusal):
    code = "two_people_needed"
    sentence = _("Two people hand out a master key. Ask for its release.")


class SamePerson(Refusal):
    code = "same_person"
    sentence = _("A second person has to confirm this. You asked for it yourself.")


class ReleaseNotWaiting(Refusal):
    code = "release_not_waiting"
    sentence = _("This request is not waiting any more, or is over 15 minutes old. Ask again.")


class ReleaseWaiting(Refusal):
    code = "release_waiting"
    sentence = _("Somebody has asked for this key already. Confirm or cancel that request.")


class CountIncomplete(Refusal):
    code = "count_incomplete"
    sentence = _("These keys are not counted yet: %(keys)s. Say for each where it is.")


class SerialTaken(Refusal):
    code = "serial_taken"
    sentence = _(
        "Another lock has the serial number %(serial)s. Read the number on the lock again."
    )


class NoOtherWayIn(Refusal):
    code = "no_other_way_in"
    sentence = _(
        "Only a key opens this door for this person. Hand out a spare key, or give them the door"
        " on the map first."
    )
