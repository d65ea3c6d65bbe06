"""What the catalogue can be narrowed down and sorted by, the same on pages and in the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.forms import NumberInput, TextInput
from django_filters import CharFilter, ChoiceFilter, FilterSet, NumberFilter

from apps.product import queries
from apps.product.models import Product

ORDERINGS = {
    "name": ("Name, A to Z", ("name", "id")),
    "-name": ("Name, Z to A", ("-name", "-id")),
    "price": ("Price, lowest first", ("price", "name", "id")),
    "-price": ("Price, highest first", ("-price", "name", "id")),
    "-created_at": ("Newest first", ("-created_at", "-id")),
}
LONGEST_SEARCH = 100
PRICE: dict[str, Any] = {
    "field_name": "price",
    "min_value": 0,
    "max_digits": 10,
    "decimal_places": 2,
    "widget": NumberInput(attrs={"min": 0, "step": "0.01", "inputmode": "decimal"}),
}


class ProductFilter(FilterSet):
    """A bound form over ``data``; ``qs`` leaves out what the form found wrong.

    ``categories`` are all categories, read once.
    """

    search = CharFilter(
        method="matching",
        label="Search",
        max_length=LONGEST_SEARCH,
        widget=TextInput(attrs={"type": "search"}),
    )
    category = ChoiceFilter(
        method="in_category", label="Category", empty_label="All categories", choices=()
    )
    min_price = NumberFilter(lookup_expr="gte", label="Lowest price", **PRICE)
    max_price = NumberFilter(lookup_expr="lte", label="Highest price", **PRICE)
    ordering = ChoiceFilter(
        method="sorted_by",
        label="Sort by",
        empty_label=None,
        choices=[(name, label) for name, (label, _) in ORDERINGS.items()],
    )

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.categories = list(queries.categories())
        category = self.filters["category"]
        category.extra["choices"] = [(c.slug, c.name) for c in self.categories]
        # Whoever looked at the class's own field, as the schema does, has left it there built.
        vars(category).pop("_field", None)

    def matching(self, products: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        return queries.products_matching(products, value)

    def in_category(self, products: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        chosen = next(category for category in self.categories if category.slug == value)
        return products.filter(category_id=chosen.pk)

    def sorted_by(self, products: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        return products.order_by(*ORDERINGS[value][1])
