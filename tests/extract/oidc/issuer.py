"""An authorization server as far as its published documents go, on a port of its own: it signs
whatever it is told to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections import Counter
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

DISCOVERY = "/realms/test/.well-known/openid-configuration"
KEYS = "/realms/test/keys"
ANSWER_SECONDS = 30.0


class Key:
    """``kid`` names it among the published ones."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self.private: RSAPrivateKey = generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def jwk(self) -> dict[str, Any]:
        public = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "use": "sig", "alg": "RS256"}

    def sign(self, said: dict[str, Any], **header: Any) -> str:
        return jwt.encode(said, self.private, "RS256", headers={"kid": self.kid, **header})

    def pretend(self, said: dict[str, Any]) -> str:
        """HS256, with the published key as the secret."""
        pem = self.private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        header = {"alg": "HS256", "typ": "JWT", "kid": self.kid}
        signed = ".".join(_part(json.dumps(each).encode()) for each in (header, said))
        return f"{signed}.{_part(hmac.digest(pem, signed.encode(), hashlib.sha256))}"

    def leave_unsigned(self, said: dict[str, Any]) -> str:
        """``alg: none``."""
        return jwt.encode(said, None, "none", headers={"kid": self.kid})


@cache
def _first() -> Key:
    """Making one takes longer than most tests do."""
    return Key("first")


class Issuer:
    """``with Issuer() as issuer``: at ``issuer.url``, publishing ``issuer.key``.

    ``asked`` counts requests by path. ``published`` are the JWKs, ``named`` is the issuer that
    discovery tells of. ``answers`` are bodies, or statuses, instead of the documents by path;
    ``hangs`` leaves every request without an answer. ``tls`` is the directory of a certificate for
    ``localhost``.
    """

    def __init__(self, tls: Path | None = None) -> None:
        self.key = _first()
        self.published: Any = [self.key.jwk]
        self.asked: Counter[str] = Counter()
        self.answers: dict[str, bytes | int] = {}
        self.hangs = False
        self._over = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._http.server_port}"
        if tls is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
            self.base_url = f"https://localhost:{self._http.server_port}"
        self.url = self.named = f"{self.base_url}/realms/test"

    def __enter__(self) -> Issuer:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._over.set()
        self._http.shutdown()
        self._http.server_close()

    def claims(self, **changed: Any) -> dict[str, Any]:
        """What all kinds of token for the client ``shop`` say; ``None`` leaves a claim out."""
        now = int(time.time())
        good = {
            "iss": self.url, "aud": "shop", "sub": "somebody", "sid": "a-session",
            "iat": now, "exp": now + 60, "jti": "a-token", **changed,
        }  # fmt: skip
        return {name: value for name, value in good.items() if value is not None}

    def _document(self, path: str) -> dict[str, Any] | None:
        if path == KEYS:
            return {"keys": self.published}
        if path != DISCOVERY:
            return None
        endpoints = (
            "authorization", "token", "introspection", "end_session", "revocation"
        )  # fmt: skip
        told = {f"{name}_endpoint": f"{self.url}/{name}" for name in endpoints}
        return {**told, "issuer": self.named, "jwks_uri": f"{self.base_url}{KEYS}"}

    def _answer(self, path: str) -> tuple[int, bytes]:
        self.asked[path] += 1
        if self.hangs:
            self._over.wait(ANSWER_SECONDS)
        instead = self.answers.get(path)
        if isinstance(instead, int):
            return instead, b'{"error": "as told"}'
        if instead is not None:
            return 200, instead
        document = self._document(path)
        return (404 if document is None else 200), json.dumps(document).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answer(self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        return Handler


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
