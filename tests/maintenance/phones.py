"""A browser that sends forms as pages do, and reads what came back as words."""

from __future__ import annotations

import itertools
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from access.models import User

_keys = itertools.count()


class Browser:
    """Somebody's browser, logged in or not."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client()
        if user is not None:
            self.client.force_login(user)

    def read(self, name: str, *args: object, query: str = "") -> str:
        answer = self.client.get(reverse(name, args=args) + query)
        assert answer.status_code == 200, (answer.status_code, answer.get("Location"))
        return words(answer)

    def send(self, name: str, *args: object, key: str = "", **told: object) -> Any:
        """Send a form, and return the answer as it is."""
        told["key"] = key or f"browser-{next(_keys):08}"
        return self.client.post(reverse(name, args=args), told)

    def do(self, name: str, *args: object, key: str = "", **told: object) -> str:
        """Send a form that is good, and return what is said where it leads."""
        answer = self.send(name, *args, key=key, **told)
        assert answer.status_code == 302, words(answer)
        return words(self.client.get(answer["Location"]))


def words(answer: Any) -> str:
    text = answer.content.decode()
    main = re.sub(r"<svg.*?</svg>", "", text[text.index("<main") :], flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def upload(data: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type="image/jpeg")
