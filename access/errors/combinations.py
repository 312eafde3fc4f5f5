"""What is refused of combinations.

Refusal
├── CombinationsSealed  the key to the combinations is missing or wrong
├── NoCombination       the lock has none stored
├── BadCombination      not what a dial can be set to
└── LocksChanged        the locks are not as they were looked at
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.errors import Refusal


class CombinationsSealed(Refusal):
    code = "combinations_sealed"
    http_status = 503
    sentence = _(
        "Combinations cannot be opened: LOCKWRIGHT_COMBINATION_KEYS is not set, or lacks the key"
        " they were sealed with. Ask who runs this server."
    )


class NoCombination(Refusal):
    code = "no_combination"
    sentence = _("No combination is stored for this lock. Store the ones it came with.")


class BadCombination(Refusal):
    code = "bad_combination"
    http_status = 400
    sentence = _("A combination is 3 to 12 digits, with or without dashes: 1234 or 12-34-56.")


class LocksChanged(Refusal):
    code = "locks_changed"
    sentence = _("Somebody changed these locks meanwhile. Look at the list again.")
