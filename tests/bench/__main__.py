"""``make bench``: one table, and the same as JSON in ``var/bench.json``.

Each part runs in a process of its own, on databases of its own.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.bench.measure import Figure

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    ("calls", "sqlite"),
    ("pages", "sqlite"),
    ("pages", "postgresql"),
    ("checkouts", "sqlite"),
    ("checkouts", "postgresql"),
    ("registry", "sqlite"),
    ("gateway", "sqlite"),
    ("fleet", "sqlite"),
    ("messages", "postgresql"),
    ("claim", "sqlite"),
    ("signing_in", "sqlite"),
    ("observing", "sqlite"),
    ("traces", "sqlite"),
)
WITHOUT_SHOP = (
    *("calls", "gateway", "registry", "messages", "claim", "signing_in", "observing", "traces"),
)
"""Parts that need no demo shop, or make databases of their own."""


def main() -> None:
    """Run every part (or those named on the command line) and show what was seen."""
    chosen = [part for part in PARTS if not sys.argv[1:] or part[0] in sys.argv[1:]]
    console = Console(width=150 if not sys.stdout.isatty() else None)
    figures: list[Figure] = []
    for part, database in track(chosen, "Measuring", console=Console(stderr=True)):
        figures += measure_apart(part, database)
    console.print(table_of(figures))
    target = ROOT / "var" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    console.print(f"Written to {target.relative_to(ROOT)}.")


def measure_apart(part: str, database: str) -> list[Figure]:
    """Run one part in a process of its own."""
    from tests import components
    from tests.postgres import Cluster

    cluster = None
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as directory:
        env = {**os.environ, "DATA_DIR": directory, "THROTTLE": "off", "DATABASE_URL": ""}
        if database == "postgresql":
            found = components.postgresql()
            if found is None:
                print("PostgreSQL is not installed: its figures are left out.", file=sys.stderr)
                return []
            cluster = Cluster(found)
            env["DATABASE_URL"] = cluster.create()
        try:
            code = f"from tests.bench.__main__ import measure_here; measure_here({part!r})"
            done = subprocess.run(
                [sys.executable, "-c", code], cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE
            )
        finally:
            if cluster is not None:
                cluster.stop()
    figures = msgspec.json.decode(done.stdout.splitlines()[-1], type=list[Figure])
    for figure in figures:
        if database not in figure.name:
            figure.name += f" ({database})" if part == "pages" else ""
    return figures


def measure_here(part: str) -> None:
    """Prepare the databases that the environment names, run the part, print JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    import logging

    import django
    from django.core.management import call_command

    django.setup()
    logging.disable(logging.WARNING)
    with open(os.devnull, "w") as nowhere:
        call_command("migrate", verbosity=0, stdout=nowhere)
        if part not in WITHOUT_SHOP:
            call_command("demo", stdout=nowhere)
    figures = importlib.import_module(f"tests.bench.{part}").run()
    print(msgspec.json.encode(figures).decode())


def table_of(figures: list[Figure]) -> Table:
    """The figures for people."""
    table = Table("figure", "value", "against", "baseline", "ratio", "spread", "n", "note")
    for figure in figures:
        table.add_row(
            figure.name,
            f"{figure.value:.4g} {figure.unit}",
            figure.against,
            f"{figure.baseline:.4g} {figure.unit}" if figure.baseline is not None else "",
            f"{figure.ratio:.3g}" if figure.ratio is not None else "",
            "–".join(f"{end:.3g}" for end in figure.spread) if figure.spread else "",
            str(figure.n),
            figure.note,
        )
    return table


if __name__ == "__main__":
    main()
