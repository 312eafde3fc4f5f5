"""The letter that signs somebody in."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse


def send(to: str, *, link: str, code: str, lasts: dt.timedelta) -> None:
    """Send link and code; raises OSError and SMTPException when no mail server takes it."""
    facts = {
        "link": str(settings.PUBLIC_URL).rstrip("/") + reverse("me-link", args=[link]),
        "code": f"{code[:4]} {code[4:]}",
        "minutes": int(lasts.total_seconds() // 60),
    }
    mail = EmailMultiAlternatives(
        " ".join(render_to_string("emails/sign_in_subject.txt", facts).split()),
        render_to_string("emails/sign_in_body.txt", facts),
        None,
        [to],
    )
    mail.attach_alternative(render_to_string("emails/sign_in_body.html", facts), "text/html")
    mail.send()
