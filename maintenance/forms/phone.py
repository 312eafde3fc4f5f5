"""What is typed and photographed where something is wrong, and where it is put right."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from maintenance.choices import PhotoMoment
from maintenance.reportable import BY_PEOPLE, category_of
from occupancy import photos
from occupancy.errors.recovery import BadPhoto

_NOT_SAID = _("Choose what is wrong.")


class ReportForm(forms.Form):
    """What is wrong with a door, by whoever stands before it."""

    category = forms.ChoiceField(
        choices=[(one.value, said) for one, said in BY_PEOPLE.items()],
        error_messages={"required": _NOT_SAID, "invalid_choice": _NOT_SAID},
    )
    words = forms.CharField(max_length=160, required=False)
    photo = forms.FileField(required=False, allow_empty_file=True)

    def clean_category(self) -> Any:
        """Return it as the services take it."""
        return category_of(self.cleaned_data["category"])

    def clean_words(self) -> str:
        """Return the words on one line."""
        return " ".join(self.cleaned_data["words"].split())


class NoteForm(forms.Form):
    """A line in the story."""

    text = forms.CharField(max_length=1000)


class LabourForm(forms.Form):
    """How long somebody worked on it."""

    minutes = forms.IntegerField(min_value=1, max_value=24 * 60)


class PhotoForm(forms.Form):
    """A photo of how it was, or how it is now."""

    photo = forms.FileField(allow_empty_file=True)
    moment = forms.ChoiceField(
        choices=[(one.value, one.label) for one in (PhotoMoment.BEFORE, PhotoMoment.AFTER)]
    )


class CheckForm(forms.Form):
    """One line of the checklist, ticked or not."""

    item = forms.IntegerField(min_value=1)
    is_checked = forms.BooleanField(required=False)


class DoneForm(forms.Form):
    """What was done."""

    resolution = forms.CharField(max_length=400)


class OutForm(forms.Form):
    """What becomes of whoever has a door that goes out of service."""

    how = forms.ChoiceField(choices=[("", ""), ("move", ""), ("tell", "")], required=False)


class WhyForm(forms.Form):
    """Why something is done, or is not."""

    reason = forms.CharField(min_length=3, max_length=200)


def digest(file: Any) -> str:
    """Return by what two files are told apart; the file is read again from its beginning."""
    made = hashlib.sha256()
    for part in file.chunks():
        made.update(part)
    file.seek(0)
    return made.hexdigest()


def photo_in(upload: UploadedFile[Any] | None) -> bytes | None:
    """Return what a photo's file holds, None without one; raises BadPhoto before reading too much.

    A browser sends an empty file where none was chosen.
    """
    if upload is None or not upload.name:
        return None
    if upload.size is None or upload.size > photos.LARGEST:
        raise BadPhoto
    data: bytes = upload.read()
    return data
