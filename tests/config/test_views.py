from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from django.test import Client

from tests.factories.cast import Estate


@pytest.mark.django_db
def test_an_empty_installation_is_pointed_to_its_set_up(client: Client) -> None:
    assert b'href="/setup/"' in client.get("/").content


def test_a_set_up_installation_has_no_set_up_link(client: Client, estate: Estate) -> None:
    page = client.get("/").content
    assert b"/setup/" not in page
    assert b"/map/" in page


def test_a_demonstration_links_its_virtual_cabinet(
    client: Client, estate: Estate, settings: Any
) -> None:
    settings.DEMO = True
    page = client.get("/", SERVER_PORT="8000").content
    assert b"http://127.0.0.1:8001/" in page


@pytest.mark.django_db
def test_the_health_page_tells_a_lost_database(client: Client) -> None:
    assert client.get("/healthz/").status_code == 200
    with mock.patch("config.views.connection") as connection:
        connection.cursor.side_effect = OperationalError("gone")
        assert client.get("/healthz/").status_code == 503
