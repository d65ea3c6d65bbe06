"""``python -m tests.soak events [--broker redis|rabbitmq] [--events 10000] [--seed N]``: events
from product to payment while relays, workers and the broker are killed, and Redis is flushed
once; exit 1 if one is lost, took effect twice or out of order, or the audit is broken.

``--short`` is a run of half a minute; ``--prepared`` takes the databases that the environment
names, instead of a PostgreSQL of its own.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests import components
from tests.fleets import ROOT
from tests.postgres import Cluster
from tests.rabbit_server import RabbitServer
from tests.redis_server import RedisServer
from tests.soak.plan import SHORT, Plan


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("what", choices=["events"])
    parser.add_argument("--broker", choices=["redis", "rabbitmq"], default="redis")
    parser.add_argument("--events", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--prepared", action="store_true")
    options = parser.parse_args()
    plan = SHORT if options.short else Plan()
    if options.events:
        plan = dataclasses.replace(plan, events=options.events)
    # What was started is ended also then.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as started:
        if not options.prepared:
            _prepare(started)
        holds = _run(plan, options.broker, options.seed, started)
    sys.exit(0 if holds else 1)


def _run(plan: Plan, broker: str, seed: int, started: ExitStack) -> bool:
    redis = RedisServer(components.redis_server())
    started.callback(redis.remove)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.soak.settings",
        "REDIS_URL": redis.url,
        "CELERY_BROKER_URL": redis.url,
        "THROTTLE": "off",
        **plan.environment(),
    }
    crash, start = redis.stop, redis.start
    if broker == "rabbitmq":
        rabbit = RabbitServer(components.rabbitmq())
        started.callback(rabbit.remove)
        os.environ["CELERY_BROKER_URL"] = rabbit.url
        crash, start = rabbit.kill, rabbit.start

    import django

    django.setup()
    from tests.soak.soak import Soak

    print(f"events by {broker}: seed {seed}, at least {plan.events}", flush=True)
    return Soak(plan, seed, crash=crash, start=start, flush=redis.flush).run()


def _prepare(started: ExitStack) -> None:
    directory = Path(tempfile.mkdtemp(prefix="shop-soak-"))
    started.callback(shutil.rmtree, directory, ignore_errors=True)
    cluster = Cluster(components.needed("PostgreSQL", components.postgresql()))
    started.callback(cluster.stop)
    os.environ |= {"DATA_DIR": str(directory), "DATABASE_URL": cluster.create()}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
