"""A ``Shelf`` that does not go together with the other: who it is, it says with a number."""

from __future__ import annotations

from extract.call import Contract, provides, repeatable
from tests.extract.call.remote.shelf import APP


class OtherShelf(Contract, app=APP, version=2):
    @repeatable()
    def who(self) -> int: ...


@provides
class OtherShelfProvider(OtherShelf):
    def who(self) -> int:
        return 2
