"""What is said of the changes of a contract: one sentence of each, in the order of time."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta

from extract.call.compatible import Description, incompatibilities
from tests.extract.call.contracts import (
    Colour,
    MoreColours,
    Tree,
    described,
    error,
    event,
    struct,
)


class HeavyTree(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    children: tuple[HeavyTree, ...] = ()
    weight: float


SENTENCES: list[tuple[Description, Description, tuple[str, ...]]] = [
    (described(), described(version=9), ()),
    (described(), described(method="see"), ("product.look: the method is gone",)),
    (described(may_repeat=False), described(), ()),
    (
        described(),
        described(may_repeat=False),
        ("product.look: the method was repeatable and is once",),
    ),
    (
        described(),
        described(arguments={"sku": str}),
        ("product.look: argument 'sku' is new and required",),
    ),
    (described(), described(arguments={"sku": str}, defaults={"sku": ""}), ()),
    (described(arguments={"sku": str}), described(), ("product.look: argument 'sku' is gone",)),
    (
        described(arguments={"sku": str}, defaults={"sku": ""}),
        described(arguments={"sku": str}),
        ("product.look: argument 'sku' was optional and is required",),
    ),
    (
        described(arguments={"items": tuple[struct(quantity=int), ...]}),
        described(arguments={"items": tuple[struct(quantity=str), ...]}),
        ("product.look: argument 'items[].quantity' was int and is str",),
    ),
    (
        described(arguments={"items": tuple[struct(quantity=int, note=str), ...]}),
        described(arguments={"items": tuple[struct(quantity=int), ...]}),
        ("product.look: argument 'items[].note' is gone",),
    ),
    (
        described(result=Decimal),
        described(result=Decimal | None),
        ("product.look: result was Decimal and is Decimal | None",),
    ),
    (
        described(result=tuple[struct("Quote", price=Decimal), ...] | None),
        described(result=tuple[struct("Quote", price=str, more=int), ...] | None),
        ("product.look: result '[].price' was Decimal and is str",),
    ),
    (
        described(result=struct(a=int, b=int)),
        described(result=struct(a=(int, 0))),
        (
            "product.look: result 'a' was required and is optional",
            "product.look: result 'b' was required and is gone",
        ),
    ),
    (
        described(result=Colour),
        described(result=MoreColours),
        ("product.look: result was 'blue' | 'red' and is 'blue' | 'green' | 'red'",),
    ),
    (
        described(result=struct("Holder", held=Annotated[str, Meta(max_length=5)])),
        described(result=struct("Holder", held=str)),
        ("product.look: result 'held' was str (maxLength 5) and is str",),
    ),
    (
        described(result=Tree),
        described(result=HeavyTree),
        (),
    ),
    (
        described(arguments={"tree": Tree}),
        described(arguments={"tree": HeavyTree}),
        ("product.look: argument 'tree.weight' is new and required",),
    ),
    (described(errors=(error(),)), described(), ()),
    (described(), described(errors=(error(),)), ("product.look: error Short is new",)),
    (
        described(errors=(error(left=int),)),
        described(errors=(error(left=int | None),)),
        ("product.look: error Short, field 'left' was int and is int | None",),
    ),
    (described(), described(events=(event(),)), ()),
    (described(events=(event(),)), described(), ("product.Moved: the event is gone",)),
    (
        described(events=(event(part=UUID),)),
        described(events=(event(part=str),)),
        ("product.Moved: field 'part' was UUID and is str",),
    ),
    # The caller is the newer one: the same changes, told in the order of time.
    (described(version=2), described(method="see"), ("product.look: the method is new",)),
    (described(version=2), described(errors=(error(),)), ("product.look: error Short is gone",)),
    (
        described(version=2, arguments={"sku": int}),
        described(arguments={"sku": str, "limit": int}),
        (
            "product.look: argument 'sku' was str and is int",
            "product.look: argument 'limit' was required and is gone",
        ),
    ),
    (
        described(version=2, arguments={"sku": str}),
        described(),
        ("product.look: argument 'sku' is new",),
    ),
]


@pytest.mark.parametrize(("caller", "provider", "said"), SENTENCES)
def test_each_change_is_one_sentence(
    caller: Description, provider: Description, said: tuple[str, ...]
) -> None:
    assert incompatibilities(caller=caller, provider=provider) == said
