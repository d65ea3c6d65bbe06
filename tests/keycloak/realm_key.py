"""A key of the tests' own that the realm publishes as one of its own: what it signs is right in all
but what the test has changed."""

from __future__ import annotations

from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.extract.oidc.issuer import Key
from tests.keycloak.server import Keycloak

NAME = "of-the-tests"


class RealmKey(Key):
    """Published until ``retire``. Keycloak says what its ``kid`` is."""

    def __init__(self, keycloak: Keycloak) -> None:
        super().__init__("")
        self._keycloak = keycloak
        pem = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        component = {
            "name": NAME, "providerId": "rsa", "providerType": "org.keycloak.keys.KeyProvider",
            "config": {
                "priority": ["-1"], "enabled": ["true"], "active": ["false"],
                "algorithm": ["RS256"], "privateKey": [pem.decode()],
            },
        }  # fmt: skip
        keycloak.admin("POST", "/components", component)
        self._component = keycloak.admin("GET", f"/components?name={NAME}")[0]["id"]
        known = keycloak.admin("GET", "/keys")["keys"]
        self.kid = next(key["kid"] for key in known if key["providerId"] == self._component)

    def retire(self) -> None:
        if self._component:
            self._keycloak.admin("DELETE", f"/components/{self._component}")
            self._component = ""

    def like(self, token: str, **changed: Any) -> str:
        """What the token says, but for what is changed; ``None`` leaves a claim out."""
        said = {**claims_of(token), **changed}
        return self.sign({name: value for name, value in said.items() if value is not None})


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))
