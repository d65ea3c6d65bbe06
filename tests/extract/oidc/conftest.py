"""``issuer``  an authorization server of the test's own, and the one that this process asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from extract.oidc import server, tokens
from tests.extract.oidc.issuer import Issuer


@pytest.fixture
def issuer(settings: Any) -> Iterator[Issuer]:
    with Issuer() as issuer:
        settings.OIDC_ISSUER, settings.OIDC_INTERNAL_URL = issuer.url, ""
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "shop", "a-secret-of-the-tests"
        # Another one may have had this port, and been away.
        server._server.cache_clear()
        tokens._keys_of.cache_clear()
        yield issuer
