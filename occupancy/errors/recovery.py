"""What is refused while a compartment is emptied, and about lost property.

Refusal
├── NothingToRecover      nobody has it, or it is being emptied already
├── RecoveryOver          it was closed or called off before
├── SecondPersonFirst     somebody else has to confirm before it is opened
├── SamePerson            one person cannot be both
├── NotOpenedYet          what is inside is not known before it was opened
├── EmptiedAlready        somebody said before what was inside
├── NotEmptiedYet         it is not reset before somebody said what was inside
├── ThingsToStore         things were found and none is in the register yet
├── ItemGone              it was handed out or disposed of before
├── NotDueYet             it has to be kept longer
├── BadPhoto              not a photo, or too large
└── NotOpened             only what was opened and emptied is released
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class NothingToRecover(Refusal):
    code = "nothing_to_recover"
    sentence = _("Nobody has that locker, or it is being emptied already.")


class RecoveryOver(Refusal):
    code = "recovery_over"
    sentence = _("This recovery was closed before.")


class SecondPersonFirst(Refusal):
    code = "second_person_first"
    sentence = _("A second person has to confirm first: two of you open it together.")


class SamePerson(Refusal):
    code = "same_person"
    sentence = _("Somebody else has to do that: it takes two people.")


class NotOpenedYet(Refusal):
    code = "not_opened_yet"
    sentence = _("Open the locker first.")


class EmptiedAlready(Refusal):
    code = "emptied_already"
    sentence = _("Somebody said before what was inside. Store what you found.")


class NotEmptiedYet(Refusal):
    code = "not_emptied_yet"
    sentence = _("Say first what was inside.")


class ThingsToStore(Refusal):
    code = "things_to_store"
    sentence = _("Enter what was found in the lost property first.")


class ItemGone(Refusal):
    code = "item_gone"
    sentence = _("It was handed out or disposed of before.")


class NotDueYet(Refusal):
    code = "not_due_yet"
    sentence = _("It has to be kept longer.")


class BadPhoto(Refusal):
    code = "bad_photo"
    http_status = 400
    sentence = _("Choose a photo (JPEG, PNG or WebP) of up to 10 MB.")


class NotOpened(Refusal):
    code = "not_opened"
    sentence = _("Only a locker that was opened can be released here.")
