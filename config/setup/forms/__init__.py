"""The questions of the set-up, one form a page. Only what has an effect today is asked."""

from __future__ import annotations

from config.setup.forms.administrator import AdministratorForm
from config.setup.forms.base import Answers, CodeForm, StepForm
from config.setup.forms.hardware import BadgesForm, BoardsForm
from config.setup.forms.place import LockersForm, PlaceForm
from config.setup.forms.use import UseForm

__all__ = [
    "AdministratorForm",
    "Answers",
    "BadgesForm",
    "BoardsForm",
    "CodeForm",
    "LockersForm",
    "PlaceForm",
    "StepForm",
    "UseForm",
]
