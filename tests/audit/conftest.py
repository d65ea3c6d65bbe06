from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from apps.payment.models import Order


@pytest.fixture
def order(database: None, tmp_path: Path) -> Order:
    """A paid order of two lines, one piece of it refunded, in a shop at peace."""
    from tests.planting import open_shop

    return open_shop(tmp_path)
