"""Home: what the shop is, and a window of what it sells."""

from __future__ import annotations

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.product.contract import ProductContract, Quote, Shelf
from extract.call import CallError, handle

logger = structlog.get_logger(__name__)
product = handle(ProductContract)

FEATURED = 8


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Opens also while the catalogue cannot be asked."""
    featured, categories = _window()
    return render(request, "pages/home.html", {"featured": featured, "categories": categories})


def _window() -> tuple[tuple[Quote, ...], tuple[Shelf, ...]]:
    try:
        return product.featured(limit=FEATURED), product.categories()
    except CallError as error:
        logger.warning("home.catalogue_away", error=str(error))
        return (), ()
