"""The combinations a dial lock was made with: up to nine, sealed; the lock points at one."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from access.models.keys import Lock


class Combination(models.Model):
    """One of the combinations of a lock, encrypted under LOCKWRIGHT_COMBINATION_KEYS."""

    lock = models.ForeignKey(
        Lock,
        models.CASCADE,
        db_index=False,  # access_one_combination_per_position serves
        related_name="combinations",
        verbose_name=_("lock"),
    )
    position = models.PositiveSmallIntegerField(
        _("position"), validators=[MinValueValidator(1), MaxValueValidator(9)]
    )
    sealed = models.TextField(editable=False)
    set_at = models.DateTimeField(_("set at"))

    class Meta:
        verbose_name = _("combination")
        verbose_name_plural = _("combinations")
        ordering = ["lock", "position"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(position__range=(1, 9)),
                name="access_combination_is_one_of_nine",
            ),
            models.UniqueConstraint(
                fields=["lock", "position"], name="access_one_combination_per_position"
            ),
            # What Fernet makes begins with its version: a combination in clear never fits.
            models.CheckConstraint(
                condition=models.Q(sealed__startswith="gAAAA"),
                name="access_combination_is_sealed",
            ),
        ]

    def __str__(self) -> str:
        return str(self.position)
