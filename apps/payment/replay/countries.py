"""The country code behind a name in the file, for its VAT."""

from __future__ import annotations

import functools

from django_countries import countries

HOME = "GB"
"""For a name that is no country or names several: the seller's own VAT is charged."""

_ALSO_KNOWN_AS = {
    "channel islands": "JE",
    "eire": "IE",
    "european community": HOME,
    "korea": "KR",
    "rsa": "ZA",
    "turkey": "TR",
    "uk": HOME,
    "unspecified": HOME,
    "usa": "US",
    "west indies": HOME,
}


@functools.cache
def country_code(name: str) -> str:
    """ISO 3166 alpha-2 of the country, or ``HOME`` if nothing is known by that name."""
    known = _ALSO_KNOWN_AS.get(name.casefold())
    return known or str(countries.by_name(name)) or HOME
