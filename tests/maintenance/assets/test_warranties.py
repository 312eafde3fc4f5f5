"""Warranties that end are told once, in time."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from access.choices import NoticeKind
from access.letters import letter
from access.models import Notice
from config import waiting
from maintenance import jobs
from maintenance.models import Asset
from maintenance.services import warranties
from tests.factories.cast import Estate
from tests.maintenance.assets import making
from tests.maintenance.assets.making import TODAY


@pytest.fixture
def asset(estate: Estate) -> Asset:
    type(estate.olga).objects.filter(pk=estate.olga.pk).update(email="olga@northwind.example")
    type(estate.max).objects.filter(pk=estate.max.pk).update(email="max@northwind.example")
    row = making.installed(estate, estate.doors[0], supplier="Holt Ltd", order_number="PO-7")
    Asset.objects.update(warranty_until=TODAY + dt.timedelta(days=60))
    row.refresh_from_db()
    return row


def letters() -> int:
    return Notice.objects.filter(kind=NoticeKind.WARRANTY_ENDS).count()


def test_it_is_told_sixty_days_before_and_not_a_day_earlier(asset: Asset, at: dt.datetime) -> None:
    assert warranties.warn(asset_id=asset.pk, at=at - dt.timedelta(days=1)) == 0
    assert warranties.due(at - dt.timedelta(days=1)) == []
    assert warranties.due(at) == [asset.pk]
    assert warranties.warn(asset_id=asset.pk, at=at) == 2


def test_it_is_told_once(asset: Asset, at: dt.datetime) -> None:
    with time_machine.travel(at, tick=False):
        assert jobs.warn_of_warranties() == 2
        assert jobs.warn_of_warranties() == 0
    with time_machine.travel(at + dt.timedelta(days=1), tick=False):
        assert jobs.warn_of_warranties() == 0
    assert letters() == 2


@pytest.mark.parametrize("change", [{"state": "disposed", "disposed_on": TODAY},
                                    {"warranty_until": TODAY - dt.timedelta(days=1)}])  # fmt: skip
def test_what_is_gone_or_over_is_not_told(
    asset: Asset, at: dt.datetime, change: dict[str, object]
) -> None:
    Asset.objects.update(**change)
    assert warranties.warn(asset_id=asset.pk, at=at) == 0


def test_the_letter_says_what_ends_where_and_who_sold_it(asset: Asset, at: dt.datetime) -> None:
    warranties.warn(asset_id=asset.pk, at=at)
    mail = letter(Notice.objects.filter(kind=NoticeKind.WARRANTY_ENDS).first())  # type: ignore[arg-type]  # there is one
    assert "2027-01-16" in mail.subject
    assert "door 1, bank A, Harbour House" in mail.body
    assert "Supplier: Holt Ltd, order PO-7." in mail.body
    assert f"/admin/maintenance/asset/{asset.pk}/change/" in mail.body


def test_it_counts_as_work_until_it_is_over(asset: Asset, at: dt.datetime) -> None:
    one = next(row for row in waiting.TABLE if row.label == "maintenance.Asset")
    assert Asset.objects.filter(one.which(at)).count() == 1
    assert Asset.objects.filter(one.which(at + dt.timedelta(days=61))).count() == 0
