"""Writes to the catalogue. What operators have edited is never overwritten by an import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.product.contract import UnknownSku, penny
from apps.product.models import Category, Product, Word
from apps.product.naming import CATEGORY_NAMES, category_for, slug_for
from apps.product.queries import is_sku, product_by_sku
from apps.product.sizing import picture_replaced
from apps.product.words import sort_key
from extract.data import owned
from extract.text import one_line

EDITABLE = frozenset(
    (
        "name",
        "slug",
        "description",
        "category",
        "price",
        "tax_class",
        "image",
        "is_active",
    )
)
NAMING = frozenset(("name", "description"))
"""What the words of a product come from, as far as it can be edited."""
HIGHEST_PRICE = Decimal("99999999.99")
LONGEST_NAME = 120
ROUNDS = 5


class StaleVersion(Exception):
    """Someone else edited the product first: nothing was changed."""

    def __init__(self, sku: str, version: int) -> None:
        super().__init__(
            f"Product {sku} has been edited since version {version}; "
            f"nothing was changed. Load it again and repeat the edit."
        )
        self.sku = sku
        self.version = version


class ProductDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A product to be made. ``category`` is a slug, ``stock`` the pieces it starts with.

    Empty ``slug`` and ``category`` are derived from the name.
    """

    sku: str
    name: str
    price: Decimal
    description: str = ""
    category: str = ""
    tax_class: str = Product.TaxClass.STANDARD
    slug: str = ""
    image: str = ""
    stock: int = 0


def product_edit(*, sku: str, version: int, changes: Mapping[str, Any]) -> Product:
    """Change fields of the product as it was at ``version``, and return what it is now.

    Raises ``StaleVersion`` if it has been edited since, ``UnknownSku``, and ``ValueError``
    for a field that cannot be edited.
    """
    if foreign := changes.keys() - EDITABLE:
        raise ValueError(f"{', '.join(sorted(foreign))} of a product cannot be edited.")
    with owned("product"):
        before = product_by_sku(sku, even_inactive=True) if "image" in changes else None
        is_done = _edit(Product.objects.filter(sku=sku, version=version), changes) == 1
        now = product_by_sku(sku, even_inactive=True)
        if before and now and is_done:
            picture_replaced(now, before=before.files())
        if is_done and NAMING.intersection(changes):
            Word.objects.rewrite(Product.objects.filter(sku=sku))
    if now is None:
        raise UnknownSku(sku=sku)
    if not is_done:
        raise StaleVersion(sku, version)
    return now


def products_introduce(drafts: Iterable[ProductDraft]) -> tuple[str, ...]:
    """Make the products that do not exist yet and return their SKUs, in the order given.

    Those that exist are left as they are. Raises ``ValueError``, before anything is made,
    for a draft that cannot be a product.
    """
    wanted = {draft.sku: draft for draft in drafts}
    for draft in wanted.values():
        _check(draft)
    made: list[str] = []
    # Another process may take a slug in between; then that product is tried again.
    for _ in range(ROUNDS):
        with owned("product"):
            known = set(Product.objects.filter(sku__in=wanted).values_list("sku", flat=True))
            missing = [draft for draft in wanted.values() if draft.sku not in known]
            if not missing:
                return tuple(dict.fromkeys(made))
            Product.objects.bulk_create(_rows(missing), ignore_conflicts=True)
            # One that another process has made in between may have its words already.
            words = Word.objects.filter(product=OuterRef("pk"))
            Word.objects.rewrite(Product.objects.filter(~Exists(words), sku__in=wanted))
            made += (draft.sku for draft in missing)
    raise RuntimeError(f"No free slug was found for {missing[0].sku}; give it one by hand.")


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did with how many products."""

    made: int = 0
    updated: int = 0
    unchanged: int = 0
    kept: int = 0
    """Not touched, because a person has edited them."""


def products_import(drafts: Iterable[ProductDraft]) -> Imported:
    """Make the products that do not exist; give the others the drafts' name and price.

    Others than those that a person made or has edited since the last import: they are left
    as they are. Stock and slug of a product that exists are never touched.
    """
    wanted = {draft.sku: draft for draft in drafts}
    made = set(products_introduce(wanted.values()))
    counts = dict.fromkeys(("updated", "unchanged", "kept"), 0)
    with owned("product"):
        for known in Product.objects.filter(sku__in=wanted.keys() - made).order_by("id"):
            counts[_refresh(known, wanted[known.sku])] += 1
    return Imported(made=len(made), **counts)


def _refresh(known: Product, draft: ProductDraft) -> str:
    if known.version != known.import_version:
        return "kept"
    price = penny(draft.price)
    name = _name(draft)
    if (known.name, known.price) == (name, price):
        return "unchanged"
    changes = {"name": name, "price": price, "import_version": known.version + 1}
    rows = Product.objects.filter(pk=known.pk, version=known.version)
    if not _edit(rows, changes):
        return "kept"
    if known.name != name:
        Word.objects.rewrite(Product.objects.filter(pk=known.pk))
    return "updated"


def _name(draft: ProductDraft) -> str:
    return (one_line(draft.name) or draft.sku)[:LONGEST_NAME]


def _edit(rows: QuerySet[Product], changes: Mapping[str, Any]) -> int:
    if "name" in changes:
        changes = {**changes, "sort_key": sort_key(changes["name"])}
    return rows.update(**changes, version=F("version") + 1, updated_at=timezone.now())


def category_ensure(*, slug: str, name: str = "") -> Category:
    """The category of that slug, or else of that name, made if there is neither."""
    name = name or CATEGORY_NAMES.get(slug, slug)
    if found := Category.objects.filter(Q(slug=slug) | Q(name=name)).first():
        return found
    position = list(CATEGORY_NAMES).index(slug) + 1 if slug in CATEGORY_NAMES else 99
    with owned("product"):
        category, _ = Category.objects.get_or_create(
            slug=slug, defaults={"name": name, "position": position}
        )
    return category


def _check(draft: ProductDraft) -> None:
    if not is_sku(draft.sku):
        raise ValueError(f"{draft.sku!r} cannot be a SKU: 1 to 40 letters, digits, '.', '_', '-'.")
    if not (draft.price.is_finite() and 0 <= draft.price <= HIGHEST_PRICE):
        raise ValueError(f"{draft.price} cannot be the price of {draft.sku}.")
    if not 0 <= draft.stock < 2**31:
        raise ValueError(f"{draft.stock} cannot be the stock of {draft.sku}.")


def _rows(drafts: list[ProductDraft]) -> list[Product]:
    names = {draft.sku: _name(draft) for draft in drafts}
    slugs_wanted = {draft.slug or slug_for(draft.sku, names[draft.sku]) for draft in drafts}
    slugs_wanted |= {slug_for(d.sku, names[d.sku], slugs_wanted) for d in drafts}
    taken = set(Product.objects.filter(slug__in=slugs_wanted).values_list("slug", flat=True))
    categories: dict[str, Category] = {}
    rows = []
    for draft in drafts:
        name = names[draft.sku]
        slug = draft.slug if draft.slug and draft.slug not in taken else ""
        slug = slug or slug_for(draft.sku, name, taken)
        taken.add(slug)
        of = draft.category or category_for(name)
        category = categories.get(of) or categories.setdefault(of, category_ensure(slug=of))
        rows.append(
            Product(
                sku=draft.sku,
                slug=slug,
                name=name,
                sort_key=sort_key(name),
                description=draft.description,
                category=category,
                price=penny(draft.price),
                tax_class=draft.tax_class,
                image=draft.image,
                initial=draft.stock,
                on_hand=draft.stock,
                import_version=1,
            )
        )
    return rows
