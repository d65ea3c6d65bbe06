"""What search engines are told, and find."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from apps.product.sitemap import Products
from tests.apps.payment.buying import stocked

pytestmark = pytest.mark.usefixtures("database")


def test_robots_are_kept_from_what_is_private_and_told_of_the_sitemap(client: Client) -> None:
    answer = client.get("/robots.txt")
    assert answer.headers["Content-Type"].startswith("text/plain")
    said = answer.content.decode()
    assert "Disallow: /orders/" in said
    assert re.search(r"^Sitemap: http://.*/products/sitemap.xml$", said, re.MULTILINE)


def test_the_sitemap_names_every_product_in_files_of_bounded_size(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Products, "limit", 2)
    for sku in ("LAMP", "MUG", "TRAY"):
        stocked(sku)
    index = client.get("/products/sitemap.xml").content.decode()
    files = re.findall(r"<loc>http://testserver(.*?)</loc>", index)
    assert len(files) == 2
    found = [
        address
        for file in files
        for address in re.findall("<loc>(.*?)</loc>", client.get(file).content.decode())
    ]
    assert len(found) == len(set(found)) == 3
    assert client.get(found[0]).status_code == 200


@pytest.mark.parametrize("path", ["/sitemap.xml", "/favicon.ico"])
def test_customary_addresses_lead_to_what_is_there(client: Client, path: str) -> None:
    assert client.get(path).status_code == 301
