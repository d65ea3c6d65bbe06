"""The subscriber that most tests here want."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.extract.event.scene import Counter


@pytest.fixture
def counter(database: None) -> Iterator[Counter]:
    """Payment subscribes to what product counts."""
    from extract.event.subscription import withdraw
    from tests.extract.event.scene import Counter

    counter = Counter()
    yield counter
    withdraw(counter.subscription)
