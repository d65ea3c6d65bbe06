"""The authorization server, asked over HTTP: seldom, briefly, by few at a time.

``settings.OIDC_ISSUER`` names it to browsers and in tokens, ``OIDC_INTERNAL_URL`` is where this
process reaches it; both are base URLs of the realm, without a slash at the end.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar

import msgspec
import requests
import structlog
from django.conf import settings
from requests.adapters import HTTPAdapter

from extract.identity import LoginUnknown

logger = structlog.get_logger(__name__)

CONNECT_SECONDS = 0.5
READ_SECONDS = 1.2
"""The gateway waits some 2 seconds for the identity of a request."""
AT_ONCE = 4
"""Requests to the server at a time, of one process: most of its threads stay for others."""
REST_SECONDS = 1.0
"""After it was away it is not asked for so long, then by one at first."""
DISCOVERED_FOR = 3600.0


Found = TypeVar("Found")


class ServerAway(LoginUnknown):
    """The authorization server does not answer, so it cannot be told who somebody is."""


class Refused(Exception):
    """The authorization server refused what was asked; ``error`` is OAuth's word for it."""

    def __init__(self, error: str) -> None:
        super().__init__(f"The authorization server refused: {error}.")
        self.error = error


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """Of the discovery document (OpenID Connect Discovery 1.0), what is used here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    introspection_endpoint: str
    end_session_endpoint: str
    jwks_uri: str
    authorization_response_iss_parameter_supported: bool = False


class _KeySet(msgspec.Struct, frozen=True):
    """RFC 7517, 5."""

    keys: list[Any]


class Server:
    """Thread-safe. Every method raises ``ServerAway``."""

    def __init__(self, issuer: str, reached_at: str, client_id: str, client_secret: str) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._reached_at = reached_at
        self._credential = (client_id, client_secret)
        self._session = requests.Session()
        # Neither a proxy nor a password from the environment; a certificate authority, as OpenSSL
        # is told of one.
        self._session.trust_env = False
        self._session.verify = os.environ.get("SSL_CERT_FILE") or True
        # What one person's answer sets must not go along with another's question.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=2 * AT_ONCE)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._rests_until = 0.0
        self._was_away = False
        self._found: tuple[float, Endpoints] | None = None

    def endpoints(self) -> Endpoints:
        """As they were published an hour ago at most; older ones if the server is away now."""
        if self._found and time.monotonic() - self._found[0] < DISCOVERED_FOR:
            return self._found[1]
        try:
            endpoints = self._discovered()
        except ServerAway:
            if self._found:
                return self._found[1]
            raise
        self._found = time.monotonic(), endpoints
        return endpoints

    def ask(self, url: str, data: Mapping[str, str], *, seconds: float = READ_SECONDS) -> Any:
        """What the endpoint answers to this form, with the client's credential.

        Raises ``Refused`` where the answer is an error of OAuth's (RFC 6749, 5.2).
        """
        status, said = self._send(
            "POST", url, _answer, data=dict(data), auth=self._credential, seconds=seconds
        )
        if 400 <= status < 500:
            raise Refused(str(said.get("error", status)))
        return said

    def signing_keys(self) -> list[dict[str, Any]]:
        """The public keys that it signs with, as JWKs."""
        url = self.endpoints().jwks_uri
        found = self._send("GET", url, lambda answer: _published(answer, _KeySet))
        return [key for key in found.keys if isinstance(key, dict)]

    def _discovered(self) -> Endpoints:
        return self._send(
            "GET", f"{self._reached_at}/.well-known/openid-configuration", self._own_endpoints
        )

    def _own_endpoints(self, answer: requests.Response) -> Endpoints:
        endpoints = _published(answer, Endpoints)
        if endpoints.issuer != self.issuer:
            raise ServerAway(
                f"{self._reached_at} is the issuer {endpoints.issuer}, not {self.issuer}; "
                f"check OIDC_ISSUER and the server's host name."
            )
        return endpoints

    def _send(
        self,
        method: str,
        url: str,
        read: Callable[[requests.Response], Found],
        *,
        seconds: float = READ_SECONDS,
        **more: Any,
    ) -> Found:
        """What ``read`` makes of the answer. One that it cannot read is as good as none."""
        with self._turn():
            try:
                answer = self._session.request(
                    method, url, timeout=(CONNECT_SECONDS, seconds), allow_redirects=False, **more
                )
                if answer.status_code >= 500:
                    raise ServerAway(f"The authorization server answers {answer.status_code}.")
                found = read(answer)
            except requests.RequestException as error:
                self._note_away(type(error).__name__)
                raise ServerAway("The authorization server does not answer.") from error
            except ServerAway as error:
                self._note_away(str(error))
                raise
        self._note_there()
        return found

    @contextmanager
    def _turn(self) -> Any:
        """One of the slots; nobody waits long for it, and nobody at all while the server rests."""
        with self._lock:
            if time.monotonic() < self._rests_until:
                raise ServerAway("The authorization server did not answer just now.")
            if self._was_away:  # this one looks; the others go on resting
                self._rests_until = time.monotonic() + CONNECT_SECONDS + READ_SECONDS
        if not self._slots.acquire(timeout=READ_SECONDS):
            raise ServerAway("Too many are waiting for the authorization server.")
        try:
            yield
        finally:
            self._slots.release()

    def _note_away(self, why: str) -> None:
        with self._lock:
            is_new, self._was_away = not self._was_away, True
            self._rests_until = time.monotonic() + REST_SECONDS
        if is_new:
            logger.error("oidc.server_away", issuer=self.issuer, error=why)

    def _note_there(self) -> None:
        if self._was_away:
            with self._lock:
                self._was_away, self._rests_until = False, 0.0
            logger.info("oidc.server_back", issuer=self.issuer)


def _answer(answer: requests.Response) -> tuple[int, dict[str, Any]]:
    """Status and JSON object; nothing at all is an empty one, unless it is an error."""
    if not answer.content and answer.status_code < 400:
        return answer.status_code, {}
    return answer.status_code, _decoded(answer, dict[str, Any])


def _published(answer: requests.Response, kind: type[Found]) -> Found:
    if answer.status_code != 200:
        raise ServerAway(f"{answer.url} answers {answer.status_code}.")
    return _decoded(answer, kind)


def _decoded(answer: requests.Response, kind: type[Found]) -> Found:
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ServerAway(f"What {answer.url} answers cannot be read: {error}.") from error


def server() -> Server:
    """This process's, by Django's settings."""
    return _server(
        settings.OIDC_ISSUER,
        settings.OIDC_INTERNAL_URL or settings.OIDC_ISSUER,
        settings.OIDC_CLIENT_ID,
        settings.OIDC_CLIENT_SECRET,
    )


@cache
def _server(issuer: str, reached_at: str, client_id: str, client_secret: str) -> Server:
    return Server(issuer, reached_at, client_id, client_secret)
