"""Whether this machine's nginx can do what the gateway asks of it: tried, not guessed."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from extract.gateway.render import modules, nginx

SECONDS = 10.0
"""In which nginx starts or says why not."""

_CONF = """
{modules}
daemon off;
master_process off;
pid {directory}/pid;
error_log {directory}/error.log;
events {{}}
http {{
    lua_package_cpath "{cpath}";
    init_by_lua_block {{ require "cjson.safe" }}
    server {{ listen unix:{directory}/socket; }}
}}
"""


def check(*, cpath: str = ";;") -> None:
    """Raises ``ImproperlyConfigured`` where nginx, its Lua module or Lua's cjson is missing, or
    cannot be used. ``cpath`` is where Lua looks for libraries; ";;" is nginx's own choice."""
    executable, loaded = nginx(), modules()
    with tempfile.TemporaryDirectory(prefix="gateway-") as name:
        directory = Path(name)
        conf = directory / "nginx.conf"
        load = "\n".join(f"load_module {module};" for module in loaded)
        conf.write_text(_CONF.format(modules=load, directory=directory, cpath=cpath))
        log = directory / "error.log"
        process = subprocess.Popen(
            [executable, "-c", conf, "-p", directory, "-e", log],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            if not _is_there(process, directory / "socket"):
                raise ImproperlyConfigured(_sentence(log))
        finally:
            process.kill()
            process.wait()


def _is_there(process: subprocess.Popen[bytes], socket: Path) -> bool:
    until = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < until:
        # It listens before Lua is asked, and is there to stay once it has a pid file.
        if socket.exists() and (socket.parent / "pid").exists():
            return True
        time.sleep(0.01)
    return False


def _sentence(log: Path) -> str:
    said = log.read_text(errors="replace").strip() if log.exists() else ""
    if "cjson" in said:
        return "Lua's cjson is not installed; on Debian: apt-get install lua-cjson"
    last = said.splitlines()[-1] if said else f"it said nothing for {SECONDS:g} s"
    return f"nginx cannot be started with its Lua module: {last[:300]}"
