"""What search engines find of the catalogue."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet

from apps.product.models import Product
from apps.product.queries import products_on_sale


class Products(Sitemap):  # type: ignore[type-arg]
    """Every product on sale, 5,000 to a file."""

    limit = 5_000

    def items(self) -> QuerySet[Product]:
        return products_on_sale().order_by("pk").select_related(None).only("slug", "updated_at")

    def lastmod(self, item: Product) -> datetime:
        return item.updated_at
