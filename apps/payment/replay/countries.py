"""The country behind a name in the file, for its VAT."""

from __future__ import annotations

import functools
import unicodedata

from babel import Locale
from babel.core import get_global
from babel.localedata import locale_identifiers
from django_countries import countries

from apps.payment.validators import COUNTRIES


@functools.cache
def country_code(name: str) -> str:
    """ISO 3166 alpha-2 of the country, or "" if no country, or more than one, is called so.

    Known are the names of today and of old in English, the official codes, and what countries are
    called in any language of the Unicode CLDR (Babel's data): Holland, EIRE, Deutschland.
    """
    return str(countries.by_name(name)) or _names().get(_folded(name), "")


@functools.cache
def _names() -> dict[str, str]:
    """Folded names and codes, each with its country; those of several are left out."""
    codes: dict[str, set[str]] = {}
    for language in locale_identifiers():
        if "_" not in language:
            for code, name in Locale.parse(language).territories.items():
                codes.setdefault(_folded(name), set()).add(code)
    for alias, replaced_by in get_global("territory_aliases").items():
        codes.setdefault(_folded(alias), set()).update(replaced_by)
    for code in COUNTRIES:
        codes.setdefault(_folded(code), set()).add(code)
    return {
        name: next(iter(found))
        for name, found in codes.items()
        if len(found) == 1 and found <= COUNTRIES.keys()
    }


def _folded(name: str) -> str:
    """Letters and digits alone, without accents."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in parts if sign.isalnum())
