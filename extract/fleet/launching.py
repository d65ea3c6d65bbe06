"""What to run for a role, and in which environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from django.conf import settings

from extract.trust import RoleKeys

HOST = "127.0.0.1"


def instance_command() -> list[str]:
    """Serves as an instance of ``EXTRACT_ROLE`` at ``EXTRACT_ADDRESS``."""
    module, _, name = settings.WSGI_APPLICATION.rpartition(".")
    config = f"python:{settings.EXTRACT_GUNICORN}"
    return [
        sys.executable,
        "-m",
        "extract.fleet.instance_process",
        "-c",
        config,
        f"{module}:{name}",
    ]


def worker_command(concurrency: int) -> list[str]:
    """Empties the queues of ``EXTRACT_ROLE``, ``concurrency`` messages at a time."""
    app = settings.EXTRACT_CELERY.rpartition(".")[0]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--pool", "prefork"]
    start = [sys.executable, "-m", "celery", "--quiet", "-A", app, "worker"]
    return [*start, *quiet, "--concurrency", str(concurrency), "--loglevel", "WARNING"]


def verb_command(*arguments: str) -> list[str]:
    """``manage.py extract`` with these arguments."""
    return [sys.executable, "-m", "django", "extract", *arguments]


def environment_of(role: str, **further: str) -> dict[str, str]:
    """This process's environment, without what the role must not know, and with what it has read
    elsewhere that all processes must hear alike. ``NAME_FILE`` is another spelling of ``NAME``."""
    private = settings.EXTRACT_PRIVATE_VARIABLES
    told = {
        **settings.EXTRACT_SHARED_VARIABLES,
        "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
        "DATA_DIR": str(settings.DATA_DIR),
        "EXTRACT_ROLE": role,
        "EXTRACT_PUBLIC_KEYS": ",".join(f"{name}={key}" for name, key in public_keys().items()),
        **further,
    }
    kept = {
        name: value
        for name, value in os.environ.items()
        if role in private.get(_spelt(name), (role,)) and _spelt(name) not in told
    }
    return {**kept, **told}


def _spelt(name: str) -> str:
    return name.removesuffix("_FILE") if name != "SHOP_FILE" else name


def public_keys() -> Mapping[str, str]:
    """Every role's, as text."""
    if settings.EXTRACT_PUBLIC_KEYS:
        return dict(settings.EXTRACT_PUBLIC_KEYS)
    secrets = settings.EXTRACT_ROLE_SECRETS
    return {role: str(RoleKeys(role, secret).public) for role, secret in secrets.items()}
