"""The soak of ``make soak``, for half a minute: the same kills, the same comparison.

On Redis, which promises less than RabbitMQ; the long one takes both.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from tests import components
from tests.fleets import ROOT
from tests.serving import Server

SECONDS = 240
"""After which it is ended. It takes half a minute where processes start within two seconds."""


def test_no_event_is_lost_or_doubled_while_everything_is_killed(
    serve: Callable[..., Server],
) -> None:
    components.redis_server()
    soak = subprocess.Popen(
        [sys.executable, "-m", "tests.soak", "events", "--short", "--prepared"],
        cwd=ROOT, env=serve(demo=False, started=False).env, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = soak.communicate(timeout=SECONDS)
    finally:
        soak.terminate()
        soak.wait()

    assert soak.returncode == 0, said
