"""Template tags that every page may use: money, the shop's name, where the reader is."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.template import Context
from django.utils.formats import number_format
from django.utils.html import format_html
from django_countries import countries

from extract.control.links import way_of
from extract.identity.identity import STAFF
from extract.text import short_id
from extract.trace import context_if_any

SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}
CART_SIZE_COOKIE = f"{settings.COOKIE_PREFIX}cart_size"

register = template.Library()


@register.filter
def money(value: Any, currency: str = "") -> str:
    """``£1,234.50``. Takes a Money value, or an amount (then in ``currency`` or the shop's)."""
    if value is None or value == "":
        return ""
    amount = getattr(value, "amount", value)
    currency = getattr(value, "currency", currency) or settings.CURRENCY
    figures = number_format(abs(Decimal(amount)), decimal_pos=2, force_grouping=True)
    sign = "−" if Decimal(amount) < 0 else ""
    if currency in SIGNS:
        return f"{sign}{SIGNS[currency]}{figures}"
    return f"{sign}{figures} {currency}"


@register.filter
def percent(value: Any) -> str:
    """``20 %`` for 20.00, ``5.5 %`` for 5.50."""
    return f"{Decimal(value).normalize():f} %"


@register.filter
def called(uuid: UUID) -> str:
    """An order's number for people, of its id."""
    return short_id(uuid)


@register.filter
def country(code: str) -> str:
    """``United Kingdom`` for GB; a code that is none stays as it is."""
    return str(countries.name(code) or code)


@register.simple_tag
def request_id() -> dict[str, str]:
    """``text``, the id of the running request, and for staff its ``way`` in the back office; {}
    outside of any."""
    if (context := context_if_any()) is None:
        return {}
    way = way_of(context.correlation_id) if STAFF in context.roles else ""
    return {"text": context.correlation_id, "way": way}


@register.simple_tag
def shop_name() -> str:
    return str(settings.SHOP_NAME)


@register.simple_tag
def has_mails() -> bool:
    """Whether mails are kept here, and whoever looks may read them at ``/mails/``."""
    return bool(settings.EMBEDDED_MAIL and settings.MAILS_FOR_ALL)


@register.simple_tag(takes_context=True)
def here(context: Context, path: str) -> str:
    """``aria-current`` on the link to ``path`` when that, or a page below it, is being read."""
    now = getattr(context.get("request"), "path", "")
    if not now.startswith(path):
        return ""
    return format_html(' aria-current="{}"', "page" if now == path else "true")


@register.simple_tag(takes_context=True)
def cart_size(context: Context) -> int:
    """The pieces in the cart as the cart's own cookie tells; 0 if it does not say."""
    cookies = getattr(context.get("request"), "COOKIES", {})
    value = cookies.get(CART_SIZE_COOKIE, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 7 else 0


@register.simple_tag
def page_range(page: Page[Any]) -> Iterator[int | str]:
    """The page numbers worth linking to, with gaps as an ellipsis."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
