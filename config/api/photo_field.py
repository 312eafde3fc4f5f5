"""A photo in the body of a request: base64, which is a third longer than what it says."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from rest_framework import serializers

# In base64, with what stands around it, within what a request may have (config.body_limit).
LARGEST = 8 * 1024 * 1024


class PhotoField(serializers.CharField):
    """A photo, which is given and never answered; whether it is one is judged where it is kept."""

    default_error_messages = {
        "no_base64": "This is not base64.",
        "max_length": "A photo may have up to 8 MB here.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            write_only=True, max_length=(LARGEST + 2) // 3 * 4,
            help_text="JPEG, PNG or WebP of up to 8 MB, in base64.", **kwargs,
        )  # fmt: skip

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Return what the photo's file holds."""
        text = super().run_validation(data)
        try:
            return base64.b64decode(text, validate=True) if isinstance(text, str) else text
        except (binascii.Error, ValueError):
            self.fail("no_base64")
