"""``python -m shop.make_secrets DIRECTORY``: the secrets of a shop in containers, made once.

A folder for each group of readers, in it a file for each variable, as ``payment/
PAYMENT_SECRET_KEY``: whoever runs the shop gives each role its folders and no others. What is
there stays; what follows from it (public keys, URLs) is written anew.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from extract.trust import GATEWAY, HOME, IDENTITY, RoleKeys
from shop.environment import ROLES
from shop.routes import APP_LABELS
from shop.secrets import kept

SHARED, DEFAULT = "shared", "default"
SERVERS = ("postgres", "redis", "rabbitmq", "keycloak", "prometheus", "grafana")
GROUPS = (SHARED, DEFAULT, HOME, IDENTITY, GATEWAY, *APP_LABELS, *SERVERS)
"""``shared`` is for every role, ``default`` for those that open the database of accounts, a server
for itself; any other is for the role of that name, and all roles' are for home."""
NONE = "none"
BROKERS = ("redis", "rabbitmq")
DATABASE = "shop"
OF_THE_ISSUER = ("OIDC_ISSUER", "OIDC_INTERNAL_URL", "SHOP_URL")


class Folders:
    """The groups' folders in ``directory``. Raises ``OSError``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, group: str, name: str) -> str:
        """The random secret of that name."""
        return kept(self._folder(group) / name)

    def read(self, group: str, name: str) -> str:
        """What the file says; "" without one."""
        path = self._folder(group) / name
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def put(self, group: str, name: str, text: str) -> None:
        """Whole or not at all. A server's own container has another user, so its file can be read
        by all who see the folder."""
        path = self._folder(group) / name
        draft = path.with_name(f".{name}.{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.chmod(0o444 if group in SERVERS else 0o400)
        draft.replace(path)

    def drop(self, group: str, name: str) -> None:
        (self._folder(group) / name).unlink(missing_ok=True)

    def _folder(self, group: str) -> Path:
        folder = self._directory / group
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        return folder


def make(
    folders: Folders,
    *,
    broker: str = "",
    email_url: str = "",
    sign_in: Mapping[str, str] = MappingProxyType({}),
    elasticsearch_url: str = "",
) -> None:
    """Everything that is missing. What is told changes what was said before.

    ``sign_in`` are variables of the authorization server, by name. An ``OIDC_ISSUER`` among them
    replaces all that was said of another one.
    """
    keys = {role: folders.keep(role, _key_name(role)) for role in ROLES}
    public = (f"{role}={RoleKeys(role, key).public}" for role, key in keys.items())
    folders.put(SHARED, "EXTRACT_PUBLIC_KEYS", ",".join(public))
    folders.keep(SHARED, "PAGES_SECRET_KEY")
    _make_databases(folders)
    redis_url = _make_redis(folders)
    amqp_url = _make_rabbitmq(folders)
    broker_url = {"redis": redis_url, "rabbitmq": amqp_url}.get(broker)
    if broker_url or not folders.read(SHARED, "CELERY_BROKER_URL"):
        folders.put(SHARED, "CELERY_BROKER_URL", broker_url or redis_url)
    for group, name, url in (
        (SHARED, "EMAIL_URL", email_url),
        (HOME, "ELASTICSEARCH_URL", elasticsearch_url),
    ):
        if url == NONE:
            folders.drop(group, name)
        elif url:
            folders.put(group, name, url)
    _tell_issuer(folders, sign_in)
    _make_keycloak(folders)
    folders.put("prometheus", "token", folders.keep(SHARED, "METRICS_TOKEN"))
    if not folders.read("grafana", "ADMIN_PASSWORD"):
        folders.put("grafana", "ADMIN_PASSWORD", secrets.token_urlsafe(24))


def _tell_issuer(folders: Folders, told: Mapping[str, str]) -> None:
    if client_secret := told.get("OIDC_CLIENT_SECRET"):
        folders.put(IDENTITY, "OIDC_CLIENT_SECRET", client_secret)
    if not (issuer := told.get("OIDC_ISSUER")):
        return
    for name in OF_THE_ISSUER:
        if issuer != NONE and told.get(name):
            folders.put(SHARED, name, told[name])
        else:
            folders.drop(SHARED, name)


def _key_name(role: str) -> str:
    return "SECRET_KEY" if role == HOME else f"{role.upper()}_SECRET_KEY"


def _make_databases(folders: Folders) -> None:
    """A database user for accounts and for each app, and the one that makes these users."""
    for group, user, name in (
        (DEFAULT, "home", "DATABASE_URL"),
        *((app, app, f"{app.upper()}_DATABASE_URL") for app in APP_LABELS),
    ):
        if not folders.read(group, name):
            url = f"postgresql://{user}:{secrets.token_urlsafe(24)}@postgres:5432/{DATABASE}"
            folders.put(group, name, url)
    if not (password := folders.read("postgres", "POSTGRES_PASSWORD")):
        password = secrets.token_urlsafe(24)
        folders.put("postgres", "POSTGRES_PASSWORD", password)
    admin_url = f"postgresql://postgres:{password}@postgres:5432/{DATABASE}"
    folders.put("postgres", "ADMIN_DATABASE_URL", admin_url)


def _make_redis(folders: Folders) -> str:
    """Its configuration; returns its URL."""
    if not (url := folders.read(SHARED, "REDIS_URL")):
        url = f"redis://:{secrets.token_urlsafe(24)}@redis:6379/0"
        folders.put(SHARED, "REDIS_URL", url)
    password = url.partition("//:")[2].partition("@")[0]
    folders.put(
        "redis",
        "redis.conf",
        f"requirepass {password}\nappendonly yes\ndir /data\nprotected-mode no\n",
    )
    return url


def _make_rabbitmq(folders: Folders) -> str:
    """Its configuration; returns its URL."""
    if not (conf := folders.read("rabbitmq", "20-shop.conf")):
        password = secrets.token_urlsafe(24)
        conf = f"default_user = shop\ndefault_pass = {password}\n"
        folders.put("rabbitmq", "20-shop.conf", conf)
    return f"amqp://shop:{conf.rpartition('= ')[2].strip()}@rabbitmq:5672//"


def _make_keycloak(folders: Folders) -> None:
    """Its variables, for a shell to read: the secret of the shop as a client, and the password of
    its first administrator."""
    variables = {
        "OIDC_CLIENT_SECRET": folders.keep(IDENTITY, "OIDC_CLIENT_SECRET"),
        "KC_BOOTSTRAP_ADMIN_PASSWORD": folders.keep("keycloak", "ADMIN_PASSWORD"),
    }
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    folders.put("keycloak", "keycloak.env", "".join(lines))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m shop.make_secrets", description=__doc__)
    parser.add_argument("directory", type=Path, nargs="?")
    parser.add_argument("--broker", choices=BROKERS, default="")
    parser.add_argument(
        "--email-url", default=os.environ.get("EMAIL_URL", ""),
        help="the mail server's; none: mails are kept in the shop (default: EMAIL_URL)",
    )  # fmt: skip
    parser.add_argument(
        "--oidc-issuer", default=os.environ.get("OIDC_ISSUER", ""),
        help="the authorization server's; none: accounts are kept in the shop "
        "(default: OIDC_ISSUER, with OIDC_INTERNAL_URL, SHOP_URL and OIDC_CLIENT_SECRET)",
    )  # fmt: skip
    parser.add_argument(
        "--elasticsearch-url", default=os.environ.get("ELASTICSEARCH_URL", ""),
        help="where log lines are read from; none: the processes' own files "
        "(default: ELASTICSEARCH_URL)",
    )  # fmt: skip
    parser.add_argument("--groups", action="store_true", help="name the folders and end")
    options = parser.parse_args()
    if options.groups:
        print(" ".join(GROUPS))
        return
    if options.directory is None:
        parser.error("name the directory that the secrets are made in")
    os.umask(0o022)
    told = {name: os.environ.get(name, "") for name in (*OF_THE_ISSUER, "OIDC_CLIENT_SECRET")}
    told["OIDC_ISSUER"] = options.oidc_issuer
    try:
        make(
            Folders(options.directory),
            broker=options.broker, email_url=options.email_url, sign_in=told,
            elasticsearch_url=options.elasticsearch_url,
        )  # fmt: skip
    except OSError as error:
        sys.exit(f"The secrets cannot be made: {error}.")
    print(f"The secrets are in {options.directory}.")


if __name__ == "__main__":
    main()
