"""Template tags of the back office."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.utils.safestring import SafeString, mark_safe

from apps.payment.models import Order
from shop.operations.order_life import Life
from shop.operations.order_life import life_of as read_life
from shop.operations.reading import way_of as read_way

register = template.Library()


@register.filter
def with_main_landmark(page: SafeString) -> SafeString:
    """The page's body with its main part told of as such, which Unfold leaves out."""
    return mark_safe(page.replace('<div id="main"', '<div id="main" role="main"', 1))


@register.filter
def by_app(models: list[dict[str, Any]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Names and paths of the layer's tables by the app that they are of; others come first."""
    found: dict[str, list[tuple[str, str]]] = {"": []}
    for model in models:
        app, _, name = str(model["name"]).rpartition(": ")
        found.setdefault(app, []).append((name, model["admin_url"]))
    return [(app or "the shop", tables) for app, tables in found.items() if tables]


@register.simple_tag(takes_context=True)
def life_of(context: Context, order: Order) -> Life:
    """What has happened to the order, as the reader may see it."""
    return read_life(order, context["request"])


@register.simple_tag(takes_context=True)
def way_of(context: Context, id: object) -> str:
    """The path of the page with the whole way of what is called ``id``, or ""."""
    return read_way(id, context["request"]) if id else ""
