"""A photo in a form of the administration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from occupancy import photos

_TOO_LARGE = _("Choose a photo (JPEG, PNG or WebP) of up to 10 MB.")


class _Widget(UnfoldAdminFileFieldWidget):
    """Says that a file is too large before the page is sent, so that nothing typed is lost."""

    def __init__(self) -> None:
        told = {"accept": "image/*", "data-largest": photos.LARGEST, "data-too-large": _TOO_LARGE}
        super().__init__(attrs=told)

    class Media:
        js = ["js/upload_size.js"]


class PhotoField(forms.FileField):
    """A photo as it was sent; one that is too large is refused before it is read."""

    widget = _Widget

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return what the file holds, None without one."""
        upload = super().clean(data, initial)
        if not upload:
            return None
        if upload.size > photos.LARGEST:
            raise forms.ValidationError(_TOO_LARGE)
        return upload.read()
