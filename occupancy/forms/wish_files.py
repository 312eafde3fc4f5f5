"""The forms of a file of wishes: uploaded, looked at, confirmed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from lockers.importing.files import MAX_BYTES
from lockers.importing.storage import MAX_AGE_S


class UploadForm(forms.Form):
    """A file of wishes."""

    import_file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV or Excel, with the columns admission_number, wish_1 to wish_5 (an area, lockers,"
            " or one door as “North 12”), friend_1, friend_2 (admission numbers), keep_door (yes or"
            " no). Columns that are missing leave what was handed in before."
        ),
    )

    def clean_import_file(self) -> Any:
        """Refuse what is too large to be read while somebody waits."""
        file = self.cleaned_data["import_file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(
                _now("This file is larger than %(limit)d MB. Split it and import the parts.")
                % {"limit": MAX_BYTES // 1024 // 1024}
            )
        return file


class ConfirmForm(forms.Form):
    """Carries a file that was looked at to its confirmation, for who uploaded it only."""

    stored = forms.CharField(widget=forms.HiddenInput)
    file_name = forms.CharField(widget=forms.HiddenInput, max_length=200)

    def __init__(self, *args: Any, salt: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._signer = signing.TimestampSigner(salt=salt)

    def signed(self, name: str) -> str:
        """Return the name of a stored file as the form carries it."""
        return self._signer.sign(name)

    def clean_stored(self) -> str:
        """Return the name of the stored file, where it was this user's an hour ago at most."""
        try:
            return self._signer.unsign(self.cleaned_data["stored"], max_age=MAX_AGE_S)
        except signing.BadSignature as error:
            raise forms.ValidationError(_now("Upload the file again.")) from error
