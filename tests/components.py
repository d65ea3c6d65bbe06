"""Real components that tests need: found where Debian puts them, or skipped by name."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

IN_CI = os.environ.get("CI", "").lower() in ("1", "true")


def needed(component: str, found: str | Path | None) -> Path:
    """Where the component is. Without it the test is skipped, or fails where ``CI=true``."""
    if found:
        return Path(found)
    message = f"{component} is not installed on this machine"
    if IN_CI:
        pytest.fail(message)
    pytest.skip(message)


def chromium() -> Path:
    """The browser's executable."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return needed("Chromium", next(filter(None, map(shutil.which, names)), None))


def postgresql() -> Path | None:
    """The directory of ``initdb`` and ``postgres``, the newest version's; None without them."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(found, key=lambda path: float(path.parts[-3]))
    if newest:
        return newest[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def redis_server() -> Path:
    """The executable of Redis."""
    return needed("Redis", shutil.which("redis-server"))


def pgbouncer() -> Path:
    """The executable of PostgreSQL's connection pooler."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    return needed("PgBouncer", shutil.which("pgbouncer", path=path))


def prometheus() -> Path:
    """The executable of Prometheus."""
    return needed("Prometheus", shutil.which("prometheus"))


def promtool() -> Path:
    """What checks Prometheus' files, and comes with it."""
    return needed("Prometheus", shutil.which("promtool"))


def rabbitmq() -> Path:
    """RabbitMQ's own script: Debian's, which is on the path, changes the user."""
    script = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    return needed("RabbitMQ", script if script.exists() else None)


def nginx() -> Path | None:
    """nginx's executable, if its Lua module is there too."""
    modules = ("/usr/lib/nginx/modules", "/usr/share/nginx/modules", "/usr/lib64/nginx/modules")
    if not any((Path(each) / "ngx_http_lua_module.so").exists() for each in modules):
        return None
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return Path(found) if found else None


def kustomize() -> list[str]:
    """The command that renders a folder of Kubernetes' manifests, but for the folder."""
    if found := shutil.which("kustomize"):
        return [found, "build"]
    return [str(needed("kustomize or kubectl", shutil.which("kubectl"))), "kustomize"]


def kube_score() -> Path:
    """The linter of Kubernetes' manifests."""
    return needed("kube-score", shutil.which("kube-score"))
