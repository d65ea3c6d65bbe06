"""What the catalogue can be narrowed down and sorted by, the same on pages and in the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.forms import HiddenInput, NumberInput
from django_filters import CharFilter, ChoiceFilter, FilterSet, NumberFilter

from apps.product import queries
from apps.product.models import Product
from apps.product.search import products_found

ORDERINGS = {
    "name": ("Name, A to Z", ("sort_key", "id")),
    "-name": ("Name, Z to A", ("-sort_key", "-id")),
    "price": ("Price, lowest first", ("price", "sort_key", "id")),
    "-price": ("Price, highest first", ("-price", "sort_key", "id")),
    "-created_at": ("Newest first", ("-created_at", "-id")),
}
BY_FIT = "Best match"
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

    ``categories`` are all categories, read once. ``instead`` tells, once ``qs`` is there, which
    near words were taken for those that no product has. What is searched for comes best first,
    unless an ordering is chosen.
    """

    search = CharFilter(
        method="matching",
        label="Search",
        max_length=LONGEST_SEARCH,
        # Written into the field at the head of every page.
        widget=HiddenInput,
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
        self.instead: dict[str, tuple[str, ...]] = {}
        self._change("category", choices=[(c.slug, c.name) for c in self.categories])
        if self.data.get("search", "").strip():
            self._change("ordering", empty_label=BY_FIT)

    def _change(self, name: str, **options: Any) -> None:
        self.filters[name].extra |= options
        # Whoever looked at the class's own field, as the schema does, has left it there built.
        vars(self.filters[name]).pop("_field", None)

    def matching(self, products: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        found = products_found(products, value, self.categories)
        self.instead = found.instead
        return found.products

    def in_category(self, products: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        chosen = next(category for category in self.categories if category.slug == value)
        return products.filter(category_id=chosen.pk)

    def sorted_by(self, products: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        return products.order_by(*ORDERINGS[value][1])
