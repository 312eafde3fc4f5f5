"""Ranges in constraints that keep two rows apart."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models


class Int8Range(models.Func):
    """A one-number range: with it GiST compares plain integers, and no extension is needed."""

    function = "int8range"
    template = "%(function)s(%(expressions)s, '[]')"
    output_field: models.Field[Any, Any] = DateTimeRangeField()


class TimeRange(models.Func):
    """From an instant until before another; without either it has no end there."""

    function = "tstzrange"
    output_field: models.Field[Any, Any] = DateTimeRangeField()


class DayRange(models.Func):
    """From a day to another, both of them in it."""

    function = "daterange"
    template = "%(function)s(%(expressions)s, '[]')"
    output_field: models.Field[Any, Any] = DateTimeRangeField()
