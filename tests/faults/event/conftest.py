"""``trial``: kill a process that has to do with one event, and see what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests import components
from tests.redis_server import RedisServer

if TYPE_CHECKING:
    from tests.faults.event.trial import Trial


@pytest.fixture(scope="module")
def _trial(_migrated: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    from tests.faults.event.trial import Trial

    broker = RedisServer(components.redis_server())
    trial = Trial(broker, tmp_path_factory.mktemp("trial"))
    yield trial
    trial.stop()
    broker.remove()


@pytest.fixture
def trial(database: None, _trial: Trial) -> Iterator[Trial]:
    yield _trial
    _trial.clear()
