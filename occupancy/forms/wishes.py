"""What a pupil wishes for, line by line, without a script."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from lockers.models import Area, Bank, Compartment
from occupancy.models import Entry
from occupancy.services.allotting.wishing import MOST_FRIENDS, Options


class CodeForm(forms.Form):
    """The code of a letter; spaces and small letters do not matter."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput({"autocomplete": "one-time-code", "autocapitalize": "characters",
                                "spellcheck": "false", "class": "code"}),
    )  # fmt: skip


class WishesForm(forms.Form):
    """A place in each line, the best first, and a door of it by its number where one is named."""

    wants_to_keep = forms.BooleanField(label=_("Keep my door"), required=False)

    def __init__(self, *args: Any, entry: Entry, options: Options, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._options = options
        self.areas = {area.pk: area for area, _count in options.areas}
        self.banks = {bank.pk: bank for bank, _count in options.banks}
        self.count = entry.allotment.most_wishes
        if options.present is None:
            del self.fields["wants_to_keep"]
        else:
            self.fields["wants_to_keep"].initial = entry.wants_to_keep
        known = list(entry.preferences.select_related("compartment").order_by("rank"))
        for at in range(self.count):
            one = known[at] if at < len(known) else None
            door = one.compartment if one is not None else None
            place = ""
            if one is not None:
                place = f"a{one.area_id}" if one.area_id else f"b{one.bank_id or door.bank_id}"  # type: ignore[union-attr]
            self.fields[f"place_{at}"] = forms.ChoiceField(
                label=_("Wish %(nth)d") % {"nth": at + 1}, required=False, initial=place,
                choices=self._places(),
            )  # fmt: skip
            self.fields[f"door_{at}"] = forms.CharField(
                label=_("Only door number"), required=False, max_length=12,
                initial=door.number if door is not None else "",
            )  # fmt: skip
        friends = [friend.friend_code for friend in entry.friends.all()]
        for at in range(MOST_FRIENDS):
            self.fields[f"friend_{at}"] = forms.CharField(
                label=_("Code of friend %(nth)d") % {"nth": at + 1}, required=False, max_length=12,
                initial=friends[at] if at < len(friends) else "",
            )  # fmt: skip

    def _places(self) -> list[Any]:
        choices: list[Any] = [("", _now("nothing special"))]
        for title, kind, rows in (
            (_now("Anywhere in"), "a", self._options.areas),
            (_now("Lockers"), "b", self._options.banks),
        ):
            if rows:
                choices.append(
                    (title, [(f"{kind}{row.pk}", _counted(str(row), count)) for row, count in rows])
                )
        return choices

    def lines(self) -> list[tuple[Any, Any]]:
        """Return the fields of each wish."""
        return [(self[f"place_{at}"], self[f"door_{at}"]) for at in range(self.count)]

    def friend_fields(self) -> list[Any]:
        """Return the fields for codes of friends."""
        return [self[f"friend_{at}"] for at in range(MOST_FRIENDS)]

    def clean(self) -> dict[str, Any]:
        """Find the door of each line that names one."""
        said = super().clean() or {}
        self.wishes: list[Area | Bank | Compartment] = []
        for at in range(self.count):
            place, number = said.get(f"place_{at}", ""), said.get(f"door_{at}", "").strip()
            thing = self._thing(at, place, number)
            if thing is not None:
                self.wishes.append(thing)
        return said

    def _thing(self, at: int, place: str, number: str) -> Area | Bank | Compartment | None:
        if number:
            found = [
                door
                for door in self._options.doors.values()
                if door.number.casefold() == number.casefold()
                and (not place.startswith("b") or place == f"b{door.bank_id}")
            ]
            if len(found) != 1:
                self.add_error(
                    f"door_{at}",
                    _now("There is no door %(number)s for you there. Look at the plan again.")
                    % {"number": number}
                    if not found
                    else _now("Several doors have this number. Choose the lockers, too."),
                )
                return None
            return found[0]
        if not place:
            return None
        pk = int(place[1:])
        return self.areas[pk] if place.startswith("a") else self.banks[pk]

    def friends(self) -> list[str]:
        """Return the codes of friends that were typed."""
        typed = (self.cleaned_data.get(f"friend_{at}", "") for at in range(MOST_FRIENDS))
        return [code for code in typed if code.strip()]


def _counted(name: str, count: int) -> str:
    return _now("%(name)s (%(count)d doors)") % {"name": name, "count": count}
