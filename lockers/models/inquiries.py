"""What staff ask a bridge about its wires, and what it found out."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from lockers.choices import InquiryKind
from lockers.models.devices import Bridge


class Inquiry(models.Model):
    """One question to a bridge: an id, a deadline, and one answer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    bridge = models.ForeignKey(
        Bridge, models.CASCADE, related_name="inquiries", verbose_name=_("bridge")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=InquiryKind.choices)
    question = models.JSONField(_("question"))
    # A log-in by number: this app knows no users.
    asked_by = models.BigIntegerField(_("asked by"))
    asked_at = models.DateTimeField(_("asked at"))
    deadline = models.DateTimeField(_("deadline"))
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answer = models.JSONField(_("answer"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=40, blank=True)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    may_have_fired = models.BooleanField(_("a lock may have moved"), default=False)

    class Meta:
        verbose_name = _("question to a bridge")
        verbose_name_plural = _("questions to bridges")
        ordering = ["-asked_at"]
        indexes = [
            models.Index(
                fields=["bridge", "asked_at"],
                name="lockers_inquiry_to_send",
                condition=models.Q(answered_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.asked_at:%Y-%m-%d %H:%M}"
