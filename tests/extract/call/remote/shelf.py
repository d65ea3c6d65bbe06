"""A contract whose provider does what tests of remote calls need to see done."""

from __future__ import annotations

import collections
import os
import signal
import time
from decimal import Decimal

import msgspec

from extract.call import Contract, DeclaredError, current_context, once, provides, repeatable

APP = "shelf"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    price: Decimal
    tags: tuple[str, ...] = ()


class Missing(DeclaredError):
    """There are only {left} of {sku}."""

    sku: str
    left: int


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    correlation_id: str
    trace: str
    subject: str
    roles: tuple[str, ...]
    token: str
    time_left: float


class Shelf(Contract, app=APP):
    @repeatable()
    def item(self, *, item: Item) -> Item: ...

    @once(raises=(Missing,))
    def take(self, *, sku: str, left: int) -> None: ...

    @repeatable()
    def who(self) -> str: ...

    @once()
    def who_once(self) -> str: ...

    @repeatable()
    def nap(self, *, seconds: float) -> str: ...

    @once()
    def nap_once(self, *, seconds: float) -> str: ...

    @repeatable()
    def shaky(self, *, number: int) -> None: ...

    @repeatable()
    def stumble(self) -> None: ...

    @once()
    def stumble_once(self) -> None: ...

    @repeatable()
    def die(self, *, victim: str) -> str: ...

    @once()
    def die_once(self, *, victim: str) -> str: ...

    @repeatable()
    def surroundings(self) -> Seen: ...


begun: collections.Counter[str] = collections.Counter()


def here() -> str:
    """The id of the instance that this runs in; "" in the process of the tests."""
    return os.environ.get("CALLEE_ID", "")


@provides
class ShelfProvider(Shelf):
    def item(self, *, item: Item) -> Item:
        return item

    def take(self, *, sku: str, left: int) -> None:
        raise Missing(sku=sku, left=left)

    def who(self) -> str:
        return here()

    def who_once(self) -> str:
        return here()

    def nap(self, *, seconds: float) -> str:
        begun["nap"] += 1
        time.sleep(seconds)
        return here()

    def nap_once(self, *, seconds: float) -> str:
        begun["nap_once"] += 1
        time.sleep(seconds)
        return here()

    def shaky(self, *, number: int) -> None:
        if number % 3 == 0:
            raise ZeroDivisionError

    def stumble(self) -> None:
        raise ZeroDivisionError

    def stumble_once(self) -> None:
        raise ZeroDivisionError

    def die(self, *, victim: str) -> str:
        if victim in (here(), "anyone"):
            os.kill(os.getpid(), signal.SIGKILL)
        return here()

    def die_once(self, *, victim: str) -> str:
        return self.die(victim=victim)

    def surroundings(self) -> Seen:
        context = current_context()
        return Seen(
            correlation_id=context.correlation_id,
            trace=context.traceparent.split("-")[1],
            subject=context.subject,
            roles=context.roles,
            token=context.token,
            time_left=context.time_left,
        )
