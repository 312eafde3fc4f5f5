"""What is refused of badges.

Refusal
├── UnknownBadge     nobody has this badge
├── BadRead          the reader did not deliver a whole badge number
├── UnknownFormat    a card of a kind that the reader's profile does not know
├── BadgeTaken       the badge belongs to somebody already
└── UnreadableBadge  a number that no badge of the chosen profile has
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from access.badges.profiles import Fault
from audit.errors import Refusal

# Why a number that staff type or bring in a file is no badge of the profile they chose.
UNREADABLE = {
    Fault.CHARACTERS: _("This is not how a badge of this profile is written. Check the profile."),
    Fault.LENGTH: _("This number is longer or shorter than the profile says. Write all of it."),
    Fault.RANGE: _("No card of this profile has this number. Check the number and the profile."),
    Fault.PARITY: _("A check bit of this number is wrong. Read the card again."),
    Fault.TRUNCATED: _(
        "This is only part of a longer serial number; other cards share it. Set the reader to"
        " deliver the whole of it."
    ),
    Fault.RANDOM: _(
        "This card gives another serial number each time, so it cannot be known again by it. Use"
        " another card."
    ),
}


class UnknownBadge(Refusal):
    code = "unknown_badge"
    http_status = 404
    sentence = _("This badge is not known here. Ask reception to add it.")


class BadRead(Refusal):
    code = "bad_read"
    http_status = 400
    sentence = _("The badge was not read whole. Hold it flat on the reader and try again.")


class UnknownFormat(Refusal):
    code = "unknown_card_format"
    http_status = 400
    sentence = _("This reader cannot read this kind of card. Use your usual badge or ask staff.")


class BadgeTaken(Refusal):
    """Whose it is stands in ``holder_id`` only: a page names them to staff who may see them."""

    code = "badge_taken"
    sentence = _("This badge belongs to somebody already, or did once. Use another.")

    def __init__(self, *, holder_id: int | None = None, **facts: Any) -> None:
        super().__init__(**facts)
        self.holder_id = holder_id


class UnreadableBadge(Refusal):
    """What staff typed is no badge of the profile they chose; raised at issuing, not at taps."""

    code = "unreadable_badge"
    http_status = 400

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault=fault.value)
        self.sentence = UNREADABLE[fault]
