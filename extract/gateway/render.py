"""nginx's configuration, written once: routes from settings, instances from the agent later."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Engine

from extract.observe.processors import ECS_VERSION

HERE = Path(__file__).parent
SOCKET = "table.sock"
"""Where the agent tells nginx of the instances, in the gateway's directory."""

CLEARED = (
    "Authorization", "Connection-Id", "Forwarded", "Keep-Alive", "Path-Info", "Proxy",
    "Proxy-Authorization", "Remote-User", "Script-Name", "TE", "Trailer", "Upgrade",
    "X-Contract", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix",
    "X-Forwarded-Protocol", "X-Forwarded-Scheme", "X-Forwarded-Server", "X-Forwarded-Ssl",
    "X-Forwarded-User", "X-Instance", "X-Instance-Signature", "X-Original-Host",
    "X-Original-Uri", "X-Original-Url", "X-Real-Ip", "X-Rewrite-Url", "X-Roles", "X-Subject",
    "X-Time-Left",
)  # fmt: skip
"""Headers that no instance shall ever see from outside."""

_MODULES = ("/usr/lib/nginx/modules", "/usr/share/nginx/modules", "/usr/lib64/nginx/modules")
_NEEDED = ("ndk_http_module.so", "ngx_http_lua_module.so")
_PATH_LIMIT = 100


def render(
    directory: Path, *, host: str, port: int, workers: int | str = "auto", contained: bool = False
) -> Path:
    """Write ``nginx.conf`` into ``directory``, which is the gateway's own: pid, logs, temporary
    files and the agent's socket are there too. Returns the file's path.

    ``contained``: nginx runs in a container beside this one. It sees the same paths, has its
    modules where Debian puts them, and its errors are for the container's log.

    Raises ``ImproperlyConfigured`` if something that nginx needs is not on this machine.
    """
    directory = directory.absolute()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket = directory / SOCKET
    if len(str(socket)) > _PATH_LIMIT:
        raise ImproperlyConfigured(
            f"The gateway's directory {directory} has too long a path for a socket; "
            f"choose one of at most {_PATH_LIMIT - len(SOCKET) - 1} characters."
        )
    template = Engine(autoescape=False).from_string((HERE / "nginx.conf.template").read_text())
    conf = directory / "nginx.conf"
    conf.write_text(
        template.render(
            Context(
                {
                    "directory": directory,
                    "socket": socket,
                    "listen": f"{host}:{port}",
                    "workers": workers,
                    "log": "stderr" if contained else directory / "error.log",
                    "modules": _debian_modules() if contained else modules(),
                    "user": "" if os.geteuid() else "root",
                    "lua": HERE / "lua",
                    **_limits(),
                    **_from_settings(),
                }
            )
        )
    )
    return conf


def command(conf: Path) -> list[str]:
    """What starts nginx in the foreground. SIGQUIT ends it gracefully, SIGTERM at once.

    It must be the leader of a process group of its own: workers outlive a master that was
    killed, so whoever restarts it ends the group first.
    """
    return [sys.executable, str(HERE / "start.py"), nginx(), str(conf)]


def nginx() -> str:
    """nginx's executable. Raises ``ImproperlyConfigured`` where there is none.

    Debian keeps it in ``sbin``, beside a ``bin`` that is on everybody's ``PATH``.
    """
    path = [Path(each) for each in os.get_exec_path() if each]
    path += [each.with_name("sbin") for each in path if each.name == "bin"]
    found = shutil.which("nginx", path=os.pathsep.join(map(str, path)))
    if found is None:
        raise ImproperlyConfigured(
            "nginx is not installed; on Debian: "
            "apt-get install nginx libnginx-mod-http-lua lua-cjson"
        )
    return found


def modules() -> list[Path]:
    """nginx's modules for Lua. Raises ``ImproperlyConfigured`` where they are missing."""
    for directory in map(Path, _MODULES):
        found = [directory / name for name in _NEEDED]
        if all(path.exists() for path in found):
            return found
    raise ImproperlyConfigured(
        "nginx has no Lua module here; on Debian: apt-get install libnginx-mod-http-lua lua-cjson"
    )


def _debian_modules() -> list[Path]:
    return [Path(_MODULES[0]) / name for name in _NEEDED]


def _limits() -> dict[str, int]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    # A proxied request is two connections.
    return {"files": files, "connections": min(8192, files // 2)}


def _from_settings() -> dict[str, object]:
    return {
        "routes": settings.EXTRACT_ROUTES,
        "public_pages": settings.EXTRACT_PUBLIC_PAGES,
        "slashless": _slashless(),
        "session_cookie": settings.SESSION_COOKIE_NAME,
        "proxies": settings.TRUSTED_PROXIES,
        "scheme": settings.BASE_SCHEME,
        "identity_seconds": settings.EXTRACT_IDENTITY_CACHE,
        "identities": (("session", "2s"), ("password", "8s")),
        "tells": settings.EXTRACT_LOG_SPANS,
        "version": settings.EXTRACT_VERSION,
        "ecs_version": ECS_VERSION,
        "home_cap": settings.EXTRACT_HOME_CAP,
        "largest_body": settings.UPLOAD_MAX_SIZE,
        "cleared": CLEARED,
        "static_url": settings.STATIC_URL,
        "static": _collected(Path(settings.STATIC_ROOT)),
        "media_url": settings.MEDIA_URL,
        "media": _there(Path(settings.MEDIA_ROOT)),
    }


def _slashless() -> list[str]:
    """The API's prefixes as they are without their last slash."""
    prefixes = (prefix for route in settings.EXTRACT_ROUTES for prefix in route.prefixes)
    return [prefix.removesuffix("/") for prefix in prefixes if prefix.startswith("/api/")]


def _collected(root: Path) -> Path | None:
    """The static files if they were collected with hashed names; else home serves them."""
    return root if (root / "staticfiles.json").exists() else None


def _there(root: Path) -> Path | None:
    """The media if they are on this machine; else their app serves them."""
    return root if root.is_dir() else None
