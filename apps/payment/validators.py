"""What a purchaser may write, the same on the page and in the API."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django_countries import countries

from apps.payment.models import Order

COUNTRIES: dict[str, str] = {country.code: country.name for country in countries}
"""ISO 3166 alpha-2 codes and their names, by name."""

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def longest(field: str) -> int:
    """How many characters the order's field of that name holds."""
    length: int = Order._meta.get_field(field).max_length  # type: ignore[union-attr, assignment]
    return length


def one_line(text: str) -> None:
    """Refuse line breaks and other control characters."""
    if _BREAKS.search(text):
        raise ValidationError(
            "This must be one line, without control characters.", code="control_characters"
        )


def country_exists(code: str) -> None:
    """Refuse what is no ISO 3166 alpha-2 code in capitals."""
    if code not in COUNTRIES:
        raise ValidationError(
            "This is not a country: give its ISO 3166 alpha-2 code in capitals, like GB.",
            code="unknown_country",
        )
