"""Static files where the shop serves them itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def visitor(settings: Any) -> Client:
    """Of a process that has looked at its files, as a served one has."""
    settings.WHITENOISE_AUTOREFRESH = False
    return Client()


def test_a_file_of_another_release_is_that_of_this_one_for_a_minute(visitor: Client) -> None:
    plain = visitor.get("/static/shop/icon.svg")
    other = visitor.get("/static/shop/icon.0123456789ab.svg")
    assert (plain.status_code, other.status_code) == (200, 200)
    assert b"".join(other) == b"".join(plain)
    assert other["Cache-Control"] == "max-age=60, public"
    assert other["Content-Type"] == "image/svg+xml"


@pytest.mark.parametrize("name", ["none.0123456789ab.svg", "icon.0123.svg", "icon.0123456789ab"])
def test_what_no_release_has_is_missing(visitor: Client, name: str) -> None:
    assert visitor.get(f"/static/shop/{name}").status_code == 404
