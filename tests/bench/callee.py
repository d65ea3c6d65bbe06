"""WSGI for measuring: an instance of ``catalogue``, and a branch of the bare minimum before it.

``POST /bare/`` reads its body and answers the bytes that were told by ``POST /bare/answer/``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.bench.catalogue import CatalogueProvider  # noqa: F401  (it declares itself)
from tests.extract.call.remote.callee import application as instance

_answer = b""


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    global _answer
    path = environ["PATH_INFO"]
    if not path.startswith("/bare/"):
        return instance(environ, start_response)
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    if path == "/bare/answer/":
        _answer = body
    length = ("Content-Length", str(len(_answer)))
    start_response("200 OK", [length, ("Content-Type", "application/json")])
    return [_answer]
