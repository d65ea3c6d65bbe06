"""What the operator says of the business: from where it comes, what cannot be, who hears it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from extract.fleet.launching import environment_of
from shop.business import DEMO, Business, Seller, read_business
from shop.environment import Environment, read_environment

FILE = """
shop_name = "Möbius & Daughters"
currency = "EUR"
shipping_price = 7.5
default_from_email = "Möbius <orders@moebius.example>"

[seller]
name = "Möbius OHG"
line1 = "Ringstraße 1"
city = "Köln"
country = "DE"
email = "office@moebius.example"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_unset_it_is_the_demo_shops() -> None:
    business = read_business(None)
    assert (business.seller, business.currency) == (DEMO, "GBP")
    assert business.message_id_domain == "example.com"


def test_the_environment_wins_over_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_NAME", "Other & Sons")
    monkeypatch.setenv("SELLER_CITY", "Bonn")
    monkeypatch.setenv("SELLER_LINE1", "")
    business = read_business(file)
    assert (business.shop_name, business.currency) == ("Other & Sons", "EUR")
    assert (business.seller.city, business.seller.line1) == ("Bonn", "Ringstraße 1")
    assert business.message_id_domain == "moebius.example"


def test_nothing_of_the_demo_seller_is_mixed_with_another(file: Path) -> None:
    seller = read_business(file).seller
    assert (seller.vat_number, seller.company_number, seller.postcode) == ("", "", "")


@pytest.mark.parametrize("text", [FILE, ""])
def test_as_variables_it_is_the_same(
    text: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(text, encoding="utf-8")
    business = read_business(file)
    for name, value in business.variables().items():
        monkeypatch.setenv(name, value)
    assert read_business(None) == business


def test_what_the_fleet_starts_hears_what_its_supervisor_heard(
    file: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the file has been changed since."""
    shared = {**read_business(file).variables(), "SHOP_FILE": os.devnull}
    settings.EXTRACT_SHARED_VARIABLES = shared
    for name, value in environment_of("payment").items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("EXTRACT_ROLE")
    file.write_text("shop_name = 1 1")
    monkeypatch.setenv("DATA_DIR", str(file.parent))
    assert read_environment()[1].shop_name == "Möbius & Daughters"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("currency", "JPY"),
        ("currency", "DEM"),
        ("currency", "gbp"),
        ("time_zone", "Europe"),
        ("time_zone", "../etc/passwd"),
        ("shipping_price", "4.955"),
        ("shipping_price", "-1"),
        ("shipping_price", "NaN"),
        ("shop_name", "Two\nlines"),
        ("shop_name", " "),
        ("default_from_email", "Möbius"),
        ("default_from_email", "a@example.com\nBcc: b@example.com"),
        ("message_id_domain", "bücher.example"),
        ("message_id_domain", "a b"),
        ("message_id_domain", f"{'a' * 60}.example.com"),
        ("seller", {"name": "Only a name"}),
        ("no_such_thing", "x"),
    ],
)
def test_what_cannot_work_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=name):
        Business(**{name: value})


@pytest.mark.parametrize(
    "wrong", [{"country": "Narnia"}, {"email": "me"}, {"name": ""}, {"line1": "a\u202eb"}]
)
def test_a_seller_who_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Seller(**{**DEMO.model_dump(), **wrong})


@pytest.mark.parametrize(
    ("told", "base_url", "hosts"),
    [
        ("https://Shop.Example.com:443/", "https://shop.example.com", ["shop.example.com"]),
        ("http://shop.example.com:8080", "http://shop.example.com:8080", ["shop.example.com"]),
        ("https://[::1]:8443", "https://[::1]:8443", []),
    ],
)
def test_the_base_url_is_spelt_as_browsers_do(
    told: str, base_url: str, hosts: list[str], tmp_path: Path
) -> None:
    environment = Environment(DATA_DIR=tmp_path, BASE_URL=told, ALLOWED_HOSTS="[::1]")
    assert base_url == environment.BASE_URL
    assert environment.allowed_hosts() == ["[::1]", *hosts]


def test_the_name_that_the_authorization_server_knows_is_answered_to(tmp_path: Path) -> None:
    told = {"BASE_URL": "https://shop.example.com", "SHOP_URL": "http://gateway:8080"}
    environment = Environment(DATA_DIR=tmp_path, ALLOWED_HOSTS="gateway,[::1]", **told)
    assert environment.allowed_hosts() == ["gateway", "[::1]", "shop.example.com"]
    environment = Environment(DATA_DIR=tmp_path, ALLOWED_HOSTS="[::1]", **told)
    assert environment.allowed_hosts() == ["[::1]", "shop.example.com", "gateway"]


@pytest.mark.parametrize(
    "told",
    [
        "https://", "https://shop.example.com/shop", "https://me:secret@shop.example.com",
        "https://shop.example.com:99999", "https://bücher.example", "https://a b",
    ],
)  # fmt: skip
def test_a_base_url_that_cannot_work_is_refused(told: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="BASE_URL"):
        Environment(DATA_DIR=tmp_path, BASE_URL=told)


def test_files_with_secrets_are_named_to_whom_the_secrets_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("PRODUCT_SECRET_KEY_FILE", "PAYMENT_SECRET_KEY_FILE", "REDIS_URL_FILE"):
        monkeypatch.setenv(name, "/run/secrets/one")
    told = environment_of("payment", REDIS_URL="redis://127.0.0.1")
    assert told["PAYMENT_SECRET_KEY_FILE"] == "/run/secrets/one"
    assert "PRODUCT_SECRET_KEY_FILE" not in told
    assert "REDIS_URL_FILE" not in told, "it is told itself"
