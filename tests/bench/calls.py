"""A contract call against the plain function: what ``local`` and ``wire`` cost."""

from __future__ import annotations

from extract.call import LOCAL, Wire, bound, handle, new_context, using_context
from tests.bench.measure import Figure, compare


def run() -> list[Figure]:
    from tests.bench.catalogue import QUOTES, Catalogue, quote_plainly

    catalogue = handle(Catalogue)
    skus = tuple(quote.sku for quote in QUOTES)
    figures = []
    with using_context(new_context(seconds=600)):
        for name, binding, note in (
            ("contract call, local", LOCAL, "guards: no transaction, deadline, declared errors"),
            ("contract call, wire, one delivery", Wire(deliveries=1), "encode, endpoint, decode"),
            ("contract call, wire, as in tests", Wire(), "delivered twice"),
        ):
            with bound(binding, Catalogue.app):
                figures.append(
                    compare(
                        name,
                        lambda: catalogue.quote(skus=skus),
                        "the plain function",
                        lambda: quote_plainly(skus=skus),
                        rounds=25,
                        times=1000,
                        note=note,
                    )
                )
    return figures
