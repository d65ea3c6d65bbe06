"""Answers for the product contract."""

from __future__ import annotations

from uuid import UUID

from apps.product import queries, rights, services, stock
from apps.product.contract import Item, NewProduct, ProductContract, Quote, Shelf
from apps.product.naming import title_case
from extract.call import provides
from extract.subject import Held


@provides
class ProductProvider(ProductContract):
    def quote(self, *, skus: tuple[str, ...]) -> tuple[Quote, ...]:
        return queries.quotes(skus)

    def featured(self, *, limit: int) -> tuple[Quote, ...]:
        return queries.featured(limit)

    def categories(self) -> tuple[Shelf, ...]:
        return tuple(Shelf(slug=each.slug, name=each.name) for each in queries.categories())

    def reserve(self, *, checkout: UUID, items: tuple[Item, ...]) -> None:
        stock.stock_reserve(checkout=checkout, items=items)

    def release(self, *, checkout: UUID) -> None:
        stock.stock_release(checkout=checkout)

    def sell(self, *, checkout: UUID) -> None:
        stock.stock_sell(checkout=checkout)

    def restock(self, *, reference: UUID, items: tuple[Item, ...]) -> None:
        stock.stock_restock(reference=reference, items=items)

    def introduce(self, *, products: tuple[NewProduct, ...]) -> None:
        services.products_introduce(
            services.ProductDraft(sku=new.sku, name=title_case(new.name), price=new.price)
            for new in products
        )

    def held_about(self, *, subject: UUID, orders: tuple[UUID, ...] = (), after: str = "") -> Held:
        return rights.held_about(subject=subject, orders=orders, after=after)

    def forget(self, *, subject: UUID, orders: tuple[UUID, ...]) -> None:
        rights.forget(subject=subject, orders=orders)
