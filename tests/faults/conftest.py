"""``served``: a stocked shop as a process, one for all tests of a module.

When the module is through, all work must end and every invariant hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.served import Served
from tests.serving import Server

# What a dead process held is taken over soon.
SHORT_LEASES = {"EXTRACT_LEASE": "1", "EXTRACT_RELAY_LEASE": "1", "EXTRACT_STEP_SECONDS": "3"}
STOCK = {"LAMP": 20, "VASE": 1000}


@pytest.fixture(scope="module")
def served(_template: Any) -> Iterator[Served]:
    data_dir, where = _template.copy(demo=False)
    server = Server(data_dir=data_dir, env={"ALLOWED_HOSTS": "", **where, **SHORT_LEASES})
    served = Served(server, **STOCK)
    server.start()
    try:
        served.spend_the_day()
        yield served
        if not server.is_alive():
            server.start()
        served.settle()
        assert served.broken() == []
    finally:
        server.kill()
