"""HTTP as one visitor's browser speaks it: one kept-alive connection, and cookies."""

from __future__ import annotations

import http.client
import string
from collections.abc import Mapping
from http.cookies import SimpleCookie
from urllib.parse import quote, urlsplit

from tests.scenarios.shop import Answer

TIMEOUT = 60.0
_AS_IT_IS = string.punctuation


class HttpTransport:
    """Requests to ``base_url``. Nothing is sent a second time: failures are the caller's.

    Raises what ``http.client`` raises: ``OSError`` or ``HTTPException``.
    """

    def __init__(self, base_url: str, *, timeout: float = TIMEOUT) -> None:
        where = urlsplit(base_url)
        assert where.hostname is not None
        self.origin = base_url
        self._connection = http.client.HTTPConnection(where.hostname, where.port, timeout=timeout)
        self._cookies: dict[str, str] = {}

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        sent = {**headers, "Content-Length": str(len(body))}
        if self._cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        try:
            # Beyond ASCII, a path is sent as browsers send it.
            self._connection.request(method, quote(path, _AS_IT_IS), body=body, headers=sent)
            answered = self._connection.getresponse()
            content = answered.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise
        for header in answered.headers.get_all("Set-Cookie", []):
            self._keep(SimpleCookie(header))
        found = {name.lower(): value for name, value in answered.headers.items()}
        return Answer(status=answered.status, headers=found, body=content)

    def close(self) -> None:
        self._connection.close()

    def _keep(self, cookies: SimpleCookie) -> None:
        for name, morsel in cookies.items():
            if morsel["max-age"] == "0" or not morsel.value:
                self._cookies.pop(name, None)
            else:
                self._cookies[name] = morsel.value
