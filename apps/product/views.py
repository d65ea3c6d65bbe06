"""The catalogue's pages: the list with search and filters, one product, and the pictures."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, render
from django.views import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from apps.product import queries
from apps.product.filters import ProductFilter
from apps.product.models import PICTURES

PER_PAGE = 24
NARROWING = ("category", "min_price", "max_price")
"""The filters besides the words that are searched for."""
_PICTURE = re.compile(rf"{PICTURES}/([\w-][\w.-]*\.(?:webp|jpe?g|png|gif))\Z", re.IGNORECASE)

# The page greets its reader, so no cache may share it; stock is to be seen as it is now.
fresh = cache_control(private=True, no_cache=True)


@require_safe
@fresh
def product_list(request: HttpRequest) -> HttpResponse:
    """A page of products. A filter that makes no sense is left out, and its field says why."""
    catalogue = ProductFilter(request.GET, queryset=queries.products_on_sale().defer("description"))
    page = Paginator(catalogue.qs, PER_PAGE).get_page(request.GET.get("page"))
    chosen = _chosen(request.GET, catalogue)
    context = {
        "page": page,
        "categories": catalogue.categories,
        "filters": catalogue.form,
        "instead": catalogue.instead,
        "querystring": chosen.urlencode(),
        "is_narrowed": any(name in chosen for name in NARROWING),
    }
    return render(request, "product/list.html", context)


@require_safe
@fresh
def product_detail(request: HttpRequest, slug: str) -> HttpResponse:
    product = get_object_or_404(queries.products_on_sale(), slug=slug)
    return render(request, "product/detail.html", {"product": product})


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A product's picture. A file never changes under its name, so it may be kept for long."""
    picture = _PICTURE.match(path)
    if picture is None:
        raise Http404("There is no such picture.")
    try:
        response = static.serve(request, picture[1], str(Path(settings.MEDIA_ROOT) / PICTURES))
    except OSError as error:
        raise Http404("There is no such picture.") from error
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _chosen(query: QueryDict, catalogue: ProductFilter) -> QueryDict:
    chosen = QueryDict(mutable=True)
    for name in catalogue.filters:
        if value := query.get(name, "").strip():
            chosen[name] = value
    return chosen
