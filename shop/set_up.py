"""``python -m shop.set_up [--demo]``: all that must be there before the first instance starts.

The databases' owners, if ``ADMIN_DATABASE_URL`` names who may make them; tables; with ``--demo``
the demo shop. Nothing is done twice.
"""

from __future__ import annotations

import argparse
import os
import sys

import django
import psycopg
from django.conf import settings

from shop.database_owners import make_owners
from shop.environment import read_environment
from shop.routes import APP_LABELS
from shop.secret_files import told_by_files
from shop.start import prepare

ADMIN = "ADMIN_DATABASE_URL"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m shop.set_up", description=__doc__)
    parser.add_argument(
        "--demo", nargs="?", choices=("on", "off"), const="on", default="off",
        help="load the demo shop, too",
    )  # fmt: skip
    options = parser.parse_args()
    told, mistakes = told_by_files([ADMIN])
    if mistakes:
        sys.exit("\n".join(mistakes))
    if admin_url := os.environ.get(ADMIN) or told.get(ADMIN, ""):
        try:
            make_owners(admin_url, _urls())
        except psycopg.Error as error:
            sys.exit(f"The databases' owners cannot be made as {ADMIN} says: {error}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    django.setup()
    prepare(demo=options.demo == "on")
    print(f"The databases are ready for version {settings.EXTRACT_VERSION}.", flush=True)


def _urls() -> dict[str, str]:
    """By alias, of those that have one of their own."""
    environment, _ = read_environment()
    urls = {alias: environment.database_url(alias) for alias in APP_LABELS}
    return {"default": environment.DATABASE_URL, **{a: url for a, url in urls.items() if url}}


if __name__ == "__main__":
    main()
