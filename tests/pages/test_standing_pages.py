"""Terms, privacy, returns, imprint and contact: in every footer, for the operator to write."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from shop.pages.drafts import DRAFTS
from shop.pages.models import StandingPage
from shop.routes import PUBLIC_PAGES, STANDING_PAGES
from tests.apps.payment.buying import signed_in

pytestmark = pytest.mark.usefixtures("database")


def test_every_page_in_the_footer_is_there_and_public(client: Client) -> None:
    links = re.findall(r'href="(/pages/[a-z]+/)"', client.get("/").content.decode())
    assert links == [f"/pages/{slug}/" for slug in STANDING_PAGES]
    assert set(links) < set(PUBLIC_PAGES)
    assert set(DRAFTS) == set(STANDING_PAGES)
    for link in links:
        assert "This is a draft" in client.get(link).content.decode()
    assert client.get("/pages/nothing/").status_code == 404


def test_who_sells_stands_on_imprint_and_contact(client: Client, settings: Any) -> None:
    settings.SELLER = {**settings.SELLER, "name": "Ada & Co", "vat_number": "GB123456789"}
    for slug in ("imprint", "contact"):
        page = client.get(f"/pages/{slug}/").content.decode()
        assert "Ada &amp; Co" in page
        assert "GB123456789" in page
        assert "mailto:" in page


def test_an_operator_writes_them(client: Client) -> None:
    staff = signed_in("olive@example.com", is_staff=True)
    text = "Bring it back.\n\nSee https://example.com/<b>\u202e"
    path = "/admin/pages/standingpage/returns/change/"
    assert staff.post(path, {"title": "Returns", "text": text}).status_code == 200
    text = text.replace("\u202e", "")
    assert staff.post(path, {"title": "Returns", "text": text}).status_code == 302
    page = client.get("/pages/returns/").content.decode()
    assert "<p>Bring it back.</p>" in page
    assert "<b>" not in page
    assert 'href="https://example.com/' in page
    assert staff.get("/admin/pages/standingpage/add/").status_code == 403
    assert staff.post("/admin/pages/standingpage/returns/delete/").status_code == 403
    assert StandingPage.objects.count() == len(STANDING_PAGES)
