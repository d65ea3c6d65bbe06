"""Home: what the shop is, and a window of what it sells. And the pages in the footer."""

from __future__ import annotations

from email.utils import parseaddr

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps.product.contract import ProductContract, Quote, Shelf
from extract.call import CallError, handle
from shop.pages.models import StandingPage

logger = structlog.get_logger(__name__)
product = handle(ProductContract)

FEATURED = 8
NAMING_THE_SELLER = ("imprint", "contact")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Opens also while the catalogue cannot be asked."""
    featured, categories = _window()
    return render(request, "pages/home.html", {"featured": featured, "categories": categories})


@require_safe
def standing_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Terms, privacy and the like, as the operator has written them."""
    context = {
        "page": get_object_or_404(StandingPage, slug=slug),
        "names_seller": slug in NAMING_THE_SELLER,
        "seller": settings.SELLER,
        "email": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
    }
    return render(request, "pages/standing.html", context)


def _window() -> tuple[tuple[Quote, ...], tuple[Shelf, ...]]:
    try:
        return product.featured(limit=FEATURED), product.categories()
    except CallError as error:
        logger.warning("home.catalogue_away", error=str(error))
        return (), ()
