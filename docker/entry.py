#!/opt/venv/bin/python
"""What a container of the shop is, by its command: ``shop ROLE``.

It takes secrets from files, finds the address at which the others reach it, and becomes the role.
The standard library is all it needs: ``health`` runs every few seconds.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

USAGE = """\
shop home | serve APP | worker APP | relay APP | identity | agent   one process of the fleet
shop migrate [--demo]         prepare the databases; --demo: fill them for a first look
shop secrets DIRECTORY …      make the secrets that are missing there
shop manage …                 manage.py, with this container's secrets
shop health                   exit 0 if the process of this container answers"""

SECRETS = Path("/run/secrets")
PORT = 8000
NOWHERE = "192.0.2.1"
"""An address of nobody's (RFC 5737): the way to it is the way out of this container."""
PATIENCE = 30.0
"""Seconds for which the name in ``EXTRACT_TOWARDS`` may be unknown: that container starts too."""


def main(words: list[str]) -> None:
    take_secrets()
    match words:
        case ["home" | "identity" as role]:
            become_process("serve", role)
        case ["serve" | "worker" as verb, app]:
            become_process(verb, app)
        case ["relay", app]:
            become_extract("home", "relay", app)
        case ["agent"]:
            become_extract(
                "gateway", "agent", "--directory", "/run/gateway", "--listen", "0.0.0.0:8080"
            )
        case ["migrate", *options]:
            become("-m", "shop.set_up", *options)
        case ["secrets", *options]:
            become("-m", "shop.make_secrets", *options)
        case ["manage", *arguments]:
            become("manage.py", *arguments)
        case ["health"]:
            sys.exit(health())
        case _:
            sys.exit(f"There is no role {' '.join(words)!r}. There are:\n{USAGE}")


def take_secrets() -> None:
    """Each file below ``/run/secrets`` that has a variable's name tells that variable."""
    for file in sorted(SECRETS.rglob("*")):
        # Kubernetes keeps each version in a folder like "..2026_01_31", and links the files.
        is_version = any(part.startswith(".") for part in file.parts)
        if file.name.isupper() and file.name not in os.environ and not is_version:
            os.environ.setdefault(f"{file.name}_FILE", str(file))


def become_process(verb: str, role: str) -> None:
    os.environ.setdefault("EXTRACT_ADDRESS", f"{own_host()}:{PORT}")
    become_extract(role, verb, role)


def become_extract(role: str, *arguments: str) -> None:
    os.environ["EXTRACT_ROLE"] = role
    become("manage.py", "extract", *arguments)


def become(*arguments: str) -> None:
    os.chdir(Path(__file__).resolve().parents[1])
    os.execv(sys.executable, [sys.executable, *arguments])


def own_host() -> str:
    """This container's address on the network of ``EXTRACT_TOWARDS``, else on its way out."""
    name = os.environ.get("EXTRACT_TOWARDS") or NOWHERE
    for found in waited_for(name):
        family, kind, protocol, _, where = found
        with socket.socket(family, kind, protocol) as towards:
            towards.connect(where)  # sends nothing: it is UDP
            host = str(towards.getsockname()[0])
            return f"[{host}]" if ":" in host else host
    sys.exit(f"{name}, the EXTRACT_TOWARDS of this container, is no name of a host here.")


def waited_for(name: str) -> Iterator[tuple[int, int, int, str, tuple[str, int]]]:
    until = time.monotonic() + PATIENCE
    told = False
    while True:
        try:
            yield from socket.getaddrinfo(name, PORT, type=socket.SOCK_DGRAM)  # type: ignore[misc]
            return
        except socket.gaierror:
            if time.monotonic() > until:
                return
        if not told:
            told = True
            print(f"Waiting for the host {name} …", flush=True)
        time.sleep(0.2)


def health() -> int:
    address = os.environ.get("EXTRACT_ADDRESS") or f"{own_host()}:{PORT}"
    asking = HTTPConnection(address, timeout=2)
    try:
        asking.request("GET", "/health/live/", headers={"Host": "localhost"})
        status = asking.getresponse().status
    except (OSError, HTTPException) as error:
        print(f"{address} does not answer: {error}")
        return 1
    print(f"{address} answers {status}")
    return 0 if status == 200 else 1


if __name__ == "__main__":
    main(sys.argv[1:])
