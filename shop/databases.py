"""Where each alias's rows are: a SQLite file each, a PostgreSQL schema each, or a database each."""

from __future__ import annotations

from typing import Any

import dj_database_url

from shop.environment import Environment
from shop.process_roles import aliases_of
from shop.routes import APP_LABELS

ALIASES = ("default", *APP_LABELS)

SERVING_THREADS = 8

WORKER_THREADS = 6

POOL = {
    "min_size": 0,
    "max_size": SERVING_THREADS + WORKER_THREADS,
    "timeout": 30,
    "max_idle": 60,
}
"""Per alias and process: each thread that serves or works in the background finds a connection,
and five aliases stay well below PostgreSQL's usual 100."""

# A process that hangs inside a transaction would keep its locks from all others.
PATIENCE = "-c idle_in_transaction_session_timeout=10s"

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}


def databases(environment: Environment) -> dict[str, dict[str, Any]]:
    """Django's ``DATABASES``: ``default`` and one alias per app.

    One that the process's role has no business with is there without an engine: Django refuses
    every query to it.
    """
    opened = aliases_of(environment)
    return {alias: _database(environment, alias) if alias in opened else {} for alias in ALIASES}


def _database(environment: Environment, alias: str) -> dict[str, Any]:
    own = environment.database_url(alias)
    shared = environment.DATABASE_URL
    if own:
        return _parsed(own, schema="")
    if shared.startswith("sqlite") and alias != "default":
        # One file cannot hold five migration records: the apps' files lie beside it.
        name = dj_database_url.parse(shared)["NAME"]
        return _sqlite(f"{name}.{alias}")
    if shared:
        return _parsed(shared, schema="public" if alias == "default" else alias)
    return _sqlite(str(environment.DATA_DIR / f"{alias}.sqlite3"))


def _sqlite(name: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        # Opening the file at each request, and folding its log at the last close, costs a
        # fifth of a page; PostgreSQL has its pool.
        "CONN_MAX_AGE": None,
        "OPTIONS": dict(SQLITE_OPTIONS),
    }


def _parsed(url: str, *, schema: str) -> dict[str, Any]:
    parsed: dict[str, Any] = dict(dj_database_url.parse(url))
    if parsed["ENGINE"].endswith("sqlite3"):
        return _sqlite(parsed["NAME"])
    options = parsed.setdefault("OPTIONS", {})
    options["pool"] = dict(POOL)
    options["options"] = PATIENCE + (f" -c search_path={schema}" if schema else "")
    return parsed
