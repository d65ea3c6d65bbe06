"""One app out of the running shop, more of it, one of it lost, and home again: under load."""

from __future__ import annotations

from tests.docker.stack import Stack, UnderLoad, wait_until


def test_payment_moves_out_grows_loses_one_and_comes_home(
    shop: Stack, under_load: UnderLoad, figures: list[str]
) -> None:
    seen: list[str] = []

    def change() -> None:
        assert shop.serving("payment") == "home"
        shop.move_out("payment")
        wait_until(lambda: shop.serving("payment") == "payment")
        seen.append("out")
        shop.move_out("payment", 3)
        seen.append("three")
        shop.docker("kill", shop.ids("payment")[0])
        wait_until(lambda: len(shop.served_by("payment")) == 2)
        assert shop.serving("payment") == "payment"
        seen.append("two")
        shop.compose("stop", "payment", "payment-worker")
        wait_until(lambda: shop.serving("payment") == "home")
        seen.append("home")

    log = under_load(change)
    assert seen == ["out", "three", "two", "home"]
    served = {name.partition("/")[0] for name in log.served_by()}
    assert served == {"home", "payment"}
    figures.append(
        f"payment out, three, one killed, home: {len(log.failures())} of {len(log.entries)} "
        f"requests failed, {len(log.orders)} orders"
    )
