"""Whether the servers that the environment names can be used, asked before anything is started.

What waiting cannot mend (a wrong password, a missing database) is refused at once, all of it
together. A server that is away is waited for, and said to be.
"""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from urllib.parse import urlsplit

import kombu
import psycopg
import redis
from amqp.exceptions import AMQPError
from django.conf import settings
from django.core.mail import get_connection
from django.db import connections

PATIENCE = 30.0
"""Seconds for which servers that are away are waited for."""
ANSWER = 4
"""Seconds within which a server answers, or is away."""
AGAIN = 0.5
"""Seconds between two tries."""
SMTP = "django.core.mail.backends.smtp.EmailBackend"
NO_SCHEMAS = (
    "it does not take the connection option search_path, as PgBouncer does not, and each app's "
    "tables are in a schema which that option names. Name PostgreSQL itself, not its pooler"
)
PASSING = ("starting up", "shutting down", "recovery", "too many", "connection slots")
"""What PostgreSQL says when it refuses a connection now and not later."""

Try = Callable[[], None]


class Away(Exception):
    """The server may answer later; the text is what was seen."""


class Unusable(Exception):
    """Waiting does not help; the text is why."""


def reach_servers(say: Callable[[str], None]) -> list[str]:
    """Try everything until it answers, for ``PATIENCE`` at most; what cannot be used, a sentence
    each. Mail that cannot be sent yet is only told: its queue tries again."""
    waited_for = dict(_tries())
    until = time.monotonic() + PATIENCE
    told: set[str] = set()
    while True:
        refused, away = _tried(waited_for)
        if away.keys() == {"EMAIL_URL"}:
            say(f"Mails wait until EMAIL_URL can be reached ({away['EMAIL_URL']}).")
            return refused
        if refused or not away:
            return refused
        for name in away.keys() - told:
            say(f"Waiting for {name} ({away[name]}) …")
        told |= away.keys()
        if time.monotonic() > until:
            waited = f"after {PATIENCE:g} s"
            return [f"{name} does not answer {waited}: {why}." for name, why in away.items()]
        waited_for = {name: waited_for[name] for name in away}
        time.sleep(AGAIN)


def _tried(tries: Mapping[str, Try]) -> tuple[list[str], dict[str, str]]:
    """Each once: a sentence for what refuses, and by name why others do not answer."""
    refused: list[str] = []
    away: dict[str, str] = {}
    for name, attempt in tries.items():
        try:
            attempt()
        except Unusable as error:
            refused.append(f"{name} cannot be used: {str(error).rstrip('.')}.")
        except Away as error:
            away[name] = str(error)
    return refused, away


def _tries() -> Iterator[tuple[str, Try]]:
    named: set[str] = set()
    for alias in connections:
        database = settings.DATABASES[alias]
        if not database.get("ENGINE", "").endswith("postgresql"):
            continue
        own = "search_path" not in database["OPTIONS"]["options"]
        name = f"{alias.upper()}_DATABASE_URL" if own else "DATABASE_URL"
        if own or name not in named:
            yield name, partial(_postgresql, alias)
        named.add(name)
    if settings.REDIS_URL:
        yield "REDIS_URL", partial(_redis, settings.REDIS_URL)
    if settings.CELERY_BROKER_URL and settings.CELERY_BROKER_URL != settings.REDIS_URL:
        yield "CELERY_BROKER_URL", partial(_broker, settings.CELERY_BROKER_URL)
    if settings.EMAIL_BACKEND == SMTP:
        yield "EMAIL_URL", _mail


def _postgresql(alias: str) -> None:
    database = settings.DATABASES[alias]
    options = {name: value for name, value in database["OPTIONS"].items() if name != "pool"}
    where = {
        "host": database["HOST"], "port": database["PORT"], "dbname": database["NAME"],
        "user": database["USER"], "password": database["PASSWORD"],
    }  # fmt: skip
    told = {name: value for name, value in where.items() if value}
    try:
        with psycopg.connect(**told, **options, connect_timeout=ANSWER, autocommit=True) as there:
            if "search_path" in options["options"]:
                _check_schemas(there, where["user"])
    except psycopg.OperationalError as error:
        raise _refusal(error) from error


def _refusal(error: psycopg.OperationalError) -> Away | Unusable:
    """PostgreSQL says FATAL if it was reached; libpq gives no code before there is a session."""
    said = " ".join(str(error).split())
    _, is_answer, reason = said.partition("FATAL: ")
    if "unsupported startup parameter" in reason:
        return Unusable(NO_SCHEMAS)
    if is_answer and not any(word in reason for word in PASSING):
        return Unusable(reason.strip())
    return Away((reason or said.rpartition("failed: ")[2]).strip())


def _check_schemas(connection: psycopg.Connection, user: str) -> None:
    path = connection.execute("SHOW search_path").fetchone()
    if path is None or "$user" in path[0]:
        raise Unusable(NO_SCHEMAS)
    # Once the tables are there, nobody needs the right to make schemas.
    found = connection.execute(
        "SELECT current_database(), has_database_privilege(current_database(), 'CREATE')"
        " OR EXISTS (SELECT FROM pg_namespace WHERE nspname = 'payment')"
    ).fetchone()
    if found is not None and not found[1]:
        raise Unusable(
            f"the role {user} may not create schemas in the database {found[0]}; as its owner, "
            f'say: GRANT CREATE ON DATABASE "{found[0]}" TO "{user}"'
        )


def _redis(url: str) -> None:
    times = {"socket_connect_timeout": ANSWER, "socket_timeout": ANSWER}
    try:
        with redis.Redis.from_url(url, **times) as client:
            client.ping()
    except redis.BusyLoadingError as error:
        raise Away(_peer(url, error)) from error
    except (redis.AuthenticationError, redis.ResponseError) as error:
        raise Unusable(_peer(url, error)) from error
    except redis.RedisError as error:
        raise Away(_peer(url, error)) from error


def _broker(url: str) -> None:
    if url.startswith(("redis", "unix")):
        return _redis(url)
    try:
        with kombu.Connection(url, connect_timeout=ANSWER) as connection:
            connection.connect()
    except AMQPError as error:
        if error.reply_code:
            raise Unusable(_peer(url, error.reply_text)) from error
        raise Away(_peer(url, error)) from error
    except OSError as error:
        raise Away(_peer(url, error)) from error


def _mail() -> None:
    try:
        connection = get_connection(timeout=ANSWER)
        connection.open()
        connection.close()
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
        raise Unusable(f"{settings.EMAIL_HOST} refused the sign-in ({error})") from error
    except (smtplib.SMTPException, OSError) as error:
        raise Away(f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}: {error}") from error


def _peer(url: str, error: object) -> str:
    """Where it was looked for, without the password."""
    parts = urlsplit(url)
    return f"{parts.hostname or parts.path}:{parts.port or ''} {error}".strip()
