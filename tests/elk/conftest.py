"""The lines in a real Elasticsearch, by ``make test-elk``: nothing else needs one.

``elasticsearch``  one that was set up by ``docker/elk``; shared. A test's lines have trace ids of
                   its own.
``shipper``        rsyslog with the configuration of ``docker/elk``, of the test's own, not started.
``empty``          takes all lines away before the test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import components
from tests.elk.server import ElasticsearchServer, distribution
from tests.elk.shipper import Shipper
from tests.figures import figures, pytest_terminal_summary  # noqa: F401 (pytest finds them)
from tests.fleets import ROOT

collect_ignore_glob = [] if os.environ.get("TEST_ELK") else ["test_*.py"]


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[ElasticsearchServer]:
    home = components.needed("Elasticsearch (ELASTICSEARCH_HOME)", distribution())
    server = ElasticsearchServer(home)
    set_up(server)
    yield server
    server.remove()


@pytest.fixture
def empty(elasticsearch: ElasticsearchServer) -> None:
    begin_anew(elasticsearch)


@pytest.fixture
def shipper(elasticsearch: ElasticsearchServer, tmp_path: Path) -> Iterator[Shipper]:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    rsyslog = components.needed("rsyslog", shutil.which("rsyslogd", path=path))
    output = next(Path("/usr/lib").glob("*/rsyslog/omelasticsearch.so"), None)
    components.needed("rsyslog's output for Elasticsearch (rsyslog-elasticsearch)", output)
    shipper = Shipper(rsyslog, tmp_path, elasticsearch.port)
    yield shipper
    shipper.kill()


def begin_anew(server: ElasticsearchServer) -> None:
    """Without a line."""
    for alias in ("shop-logs", "shop-unparsed"):
        server.ask("DELETE", f"/{alias}-000001")
    set_up(server)


def set_up(server: ElasticsearchServer) -> str:
    """What ``docker/elk/set_up.py`` said."""
    program = ROOT / "docker" / "elk" / "set_up.py"
    done = subprocess.run(
        [sys.executable, program, "elasticsearch", server.url],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return done.stdout
