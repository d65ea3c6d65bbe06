"""What product does outside any request: the sizes of its pictures."""

from __future__ import annotations

from datetime import timedelta

import structlog

from apps.product.sizing import SIZE, sizes_make, sizes_make_missing
from extract.event.beat import periodic
from extract.event.work import work

logger = structlog.get_logger(__name__)


@work("product", SIZE)
def make_sizes(key: str) -> None:
    """Those of one product's picture; ``key`` is the product's id."""
    sizes_make(int(key))


@periodic("product", "make_missing_sizes", every=timedelta(hours=1))
def make_missing_sizes(key: str) -> None:
    """Those that nobody asked for: of pictures of an earlier release, of imports."""
    for sku, wrong in sizes_make_missing():
        if wrong:
            logger.warning("picture.not_sized", sku=sku, reason=wrong)
