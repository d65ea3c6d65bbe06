"""Whose VAT an address is charged: a row of the table each."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.payment.pricing import vat_rates
from apps.payment.replay.countries import country_code
from apps.payment.vat import NOWHERE, territory


@pytest.mark.parametrize(
    ("country", "postcode", "charged"),
    [
        ("MC", "98000", "FR"),
        ("IM", "IM1 1AA", "GB"),
        ("GB", "BT1 1AA", "GB"),
        ("GB", "im1 1aa", "GB"),
        ("GB", "JE2 3AB", NOWHERE),
        ("GB", "GY1 1AA", NOWHERE),
        ("GB", "LS1 1AA", "GB"),
        ("GB", "", "GB"),
        ("FI", "22100", NOWHERE),
        ("FI", "FI-22950", NOWHERE),
        ("FI", "00100", "FI"),
        ("ES", "35001", NOWHERE),
        ("ES", "38612", NOWHERE),
        ("ES", "51001", NOWHERE),
        ("ES", "52006", NOWHERE),
        ("ES", "28001", "ES"),
        ("DE", "78266", NOWHERE),
        ("DE", "D-27498", NOWHERE),
        ("DE", "78267", "DE"),
        ("IT", "23041", NOWHERE),
        ("IT", "22061", NOWHERE),
        ("IT", "23040", "IT"),
        ("GR", "630 86", NOWHERE),
        ("GR", "63087", NOWHERE),
        ("GR", "63088", "GR"),
        ("FR", "97110", NOWHERE),
        ("FR", "98800", NOWHERE),
        ("FR", "98000", NOWHERE),
        ("FR", "20000", "FR"),
        ("DK", "100", NOWHERE),
        ("DK", "FO-970", NOWHERE),
        ("DK", "3900", NOWHERE),
        ("DK", "1000", "DK"),
        ("AT", "6691", "AT-JM"),
        ("AT", "A-6992", "AT-JM"),
        ("AT", "6690", "AT"),
        ("PT", "9000-123", "PT-30"),
        ("PT", "9500-321", "PT-20"),
        ("PT", "1000-001", "PT"),
        ("US", "97201", "US"),
        ("AX", "22100", "AX"),
    ],
)
def test_an_address_lies_in_one_territory(country: str, postcode: str, charged: str) -> None:
    assert territory(country, postcode) == charged


@pytest.mark.parametrize(
    ("country", "postcode", "standard"),
    [
        ("MC", "98000", "20"), ("IM", "", "20"), ("PT", "9000", "22"), ("PT", "9500-001", "16"),
        ("AT", "6691", "19"), ("ES", "35001", None), ("DE", "78266", None), ("JE", "", None),
        ("AX", "", None), ("FI", "22100", None),
    ],
)  # fmt: skip
def test_its_rates_are_charged(
    database: None, country: str, postcode: str, standard: str | None
) -> None:
    expected = None if standard is None else Decimal(standard)
    assert vat_rates(country, postcode).get("standard") == expected


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("United Kingdom", "GB"), ("UK", "GB"), ("England", "GB"), ("EIRE", "IE"), ("Éire", "IE"),
        ("Holland", "NL"), ("USA", "US"), ("Deutschland", "DE"), ("Czech Republic", "CZ"),
        ("Burma", "MM"), ("Turkey", "TR"), ("Swaziland", "SZ"), ("germany", "DE"), ("日本", "JP"),
        ("Freedonia", ""), ("Channel Islands", ""), ("European Community", ""), ("EU", ""),
        ("Unspecified", ""), ("", ""), ("XX", ""),
    ],
)  # fmt: skip
def test_a_name_is_one_country_or_none(name: str, code: str) -> None:
    assert country_code(name) == code
