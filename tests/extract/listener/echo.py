"""An application that says how long a body was; ``/much`` is more than any buffer holds."""

from collections.abc import Iterable
from typing import Any

import django

django.setup()

MUCH = 64 * 1024 * 1024


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    said = bytes(MUCH) if environ["PATH_INFO"] == "/much" else b"%d" % len(body)
    start_response("200 OK", [("Content-Length", str(len(said)))])
    return [said]
