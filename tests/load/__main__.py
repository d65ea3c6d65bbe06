"""``python -m tests.load [CAMPAIGN …] [--seconds 60] [--seed N] [--rate N]``: fleets on PostgreSQL
under load; exit 1 if anything failed that must not."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests import components
from tests.fleets import Fleet
from tests.load.campaign import FORBIDDEN, SIZE, run
from tests.load.driver import Mix
from tests.load.many import many
from tests.load.receipts import RECEIPTS
from tests.postgres import Cluster
from tests.redis_server import RedisServer

OTHERS = {**RECEIPTS, "many": many}
CAMPAIGNS = (*FORBIDDEN, *OTHERS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("campaigns", nargs="*", metavar="CAMPAIGN", help=", ".join(CAMPAIGNS))
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--rate", type=float, default=Mix().rate, help="visits a second")
    parser.add_argument("--runs", type=int, default=1, help="of each, with seeds one after another")
    options = parser.parse_args()
    if unknown := set(options.campaigns) - set(CAMPAIGNS):
        parser.error(f"no such campaign: {', '.join(unknown)}; there are {', '.join(CAMPAIGNS)}")
    seeds = range(options.seed, options.seed + options.runs)
    campaigns = options.campaigns or CAMPAIGNS
    held = [_run(name, seed, options) for seed in seeds for name in campaigns]
    sys.exit(0 if all(held) else 1)


def _run(name: str, seed: int, options: argparse.Namespace) -> bool:
    if name in OTHERS:
        # Steady checkouts, half of what visitors of all kinds are.
        how = {"seconds": options.seconds, "seed": seed, "rate": options.rate / 2}
        return OTHERS[name](**how)
    directory = Path(tempfile.mkdtemp(prefix="shop-load-"))
    cluster = Cluster(components.needed("PostgreSQL", components.postgresql()))
    redis = RedisServer(components.redis_server())
    env = {
        "DATABASE_URL": cluster.create(),
        "REDIS_URL": redis.url,
        "THROTTLE": "off",
        "EXTRACT_BASIC_AUTH": "1",
        "EXTRACT_SHOW_INSTANCE": "1",
    }
    fleet = Fleet(directory, env)
    try:
        fleet.start(*SIZE)
        outcome = run(
            name, fleet, redis,
            seconds=options.seconds, seed=seed, mix=Mix(rate=options.rate),
        )  # fmt: skip
        print("\n".join(outcome.lines()), flush=True)
        return outcome.holds
    finally:
        fleet.stop()
        redis.remove()
        cluster.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
