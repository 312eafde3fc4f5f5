"""What people can say is wrong with a door: the same keys on the kiosk, a phone and a label."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from maintenance.choices import Category

# As whoever stands before the door would say it; what happens most often comes first.
BY_PEOPLE: dict[Category, str | Promise] = {
    Category.JAMMED: _("It does not open"),
    Category.WONT_CLOSE: _("It does not close or lock"),
    Category.DAMAGED: _("Something is broken"),
    Category.DIRTY: _("It is not clean"),
    Category.THINGS_LEFT: _("Somebody’s things are inside"),
    Category.OTHER: _("Something else"),
}


def category_of(word: str) -> Category | None:
    """Return what somebody chose; None for what people are not asked."""
    return next((one for one in BY_PEOPLE if one.value == word), None)
