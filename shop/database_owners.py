"""A PostgreSQL user for accounts and one for each app, who owns its schema and sees no other."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

PATIENCE = 30.0
"""Seconds for which a server that is away is waited for."""


def make_owners(admin_url: str, urls: Mapping[str, str]) -> None:
    """Make, as ``admin_url``, the users of ``urls`` (by alias), with the passwords that these say.

    The user of ``default`` owns the schema ``public``, an app's user the schema of its name, which
    is all that it looks in. Raises ``psycopg.Error``.
    """
    with _reached(admin_url) as admin:
        # Of two who do this at a time, the second finds everything done.
        admin.execute("SELECT pg_advisory_xact_lock(hashtext('shop.database_owners'))")
        for alias, url in urls.items():
            schema = "public" if alias == "default" else alias
            if _owns(url, schema):
                continue
            parts = urlsplit(url)
            user, password = unquote(parts.username or ""), unquote(parts.password or "")
            _make_user(admin, user, password)
            _give_schema(admin, user, schema)


def _reached(url: str) -> psycopg.Connection:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return psycopg.connect(url, connect_timeout=4)
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
        time.sleep(0.5)


def _owns(url: str, schema: str) -> bool:
    """Whether the user may sign in, and owns the schema."""
    try:
        with psycopg.connect(url, connect_timeout=4) as there:
            found = there.execute(
                "SELECT FROM pg_namespace WHERE nspname = %s AND nspowner = current_user::regrole",
                (schema,),
            )
            return found.fetchone() is not None
    except psycopg.OperationalError:
        return False


def _make_user(admin: psycopg.Connection, user: str, password: str) -> None:
    found = admin.execute("SELECT FROM pg_roles WHERE rolname = %s", (user,)).fetchone()
    verb = sql.SQL("CREATE ROLE" if found is None else "ALTER ROLE")
    # LITERAL, since a statement that defines something takes no parameters.
    admin.execute(
        sql.SQL("{} {} LOGIN PASSWORD {}").format(verb, sql.Identifier(user), sql.Literal(password))
    )


def _give_schema(admin: psycopg.Connection, user: str, schema: str) -> None:
    names = {"user": sql.Identifier(user), "schema": sql.Identifier(schema)}
    for statement in (
        "CREATE SCHEMA IF NOT EXISTS {schema}",
        "REVOKE ALL ON SCHEMA {schema} FROM PUBLIC",
        "ALTER SCHEMA {schema} OWNER TO {user}",
        "ALTER ROLE {user} SET search_path = {schema}",
    ):
        admin.execute(sql.SQL(statement).format(**names))
