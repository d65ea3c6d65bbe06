"""Every answer carries its correlation id, and no page runs what is not the shop's own."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.usefixtures("database")


def test_a_sane_request_id_is_kept(client: Client) -> None:
    answer = client.get("/health/live/", headers={"X-Request-ID": "a-sane.id"})
    assert answer["X-Request-ID"] == "a-sane.id"


@pytest.mark.parametrize("sent", ["", "with spaces", "x" * 129, "tab\there", "ünsane"])
def test_any_other_request_id_is_made_anew(client: Client, sent: str) -> None:
    answer = client.get("/api/nothing-here/", HTTP_X_REQUEST_ID=sent)
    assert answer["X-Request-ID"] not in ("", sent)


def test_pages_may_run_scripts_of_this_site_only(client: Client) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
