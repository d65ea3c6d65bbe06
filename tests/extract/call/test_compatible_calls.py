"""A provider does nothing with arguments that it does not know all of."""

from __future__ import annotations

import pytest

from extract.call import Contract, new_context, once, provides
from extract.call.endpoint import BAD_ARGUMENTS, OK, answer, headers_of

done: list[str] = []


class Shelves(Contract, app="product"):
    @once()
    def put(self, *, sku: str, note: str = "") -> None: ...


@provides
class ShelvesProvider(Shelves):
    def put(self, *, sku: str, note: str = "") -> None:
        done.append(sku)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"sku": "a"}', OK),
        (b'{"sku": "a", "note": "b"}', OK),
        (b'{"sku": "a", "colour": "red"}', BAD_ARGUMENTS),
        (b'{"sku": "a", "notes": ""}', BAD_ARGUMENTS),
    ],
)
def test_an_argument_that_the_provider_does_not_know_is_refused_before_anything_is_done(
    body: bytes, status: int
) -> None:
    done.clear()
    given, said = answer(Shelves.methods["put"], headers_of(new_context()), body)
    assert given == status, said
    assert done == (["a"] if status == OK else [])
    if status == BAD_ARGUMENTS:
        assert b"unknown field" in said
