"""``issuer``  an authorization server of the test's own, and the one that this process asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from extract.oidc import server, tokens
from tests.extract.oidc.issuer import Issuer


@pytest.fixture
def asked(settings: Any) -> Callable[[Issuer], Issuer]:
    """``asked(issuer)``: from now on this process asks that one."""

    def asked(issuer: Issuer) -> Issuer:
        settings.OIDC_ISSUER, settings.OIDC_INTERNAL_URL = issuer.url, ""
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "shop", "a-secret-of-the-tests"
        # Another one may have had this port, and been away.
        server._server.cache_clear()
        tokens._keys_of.cache_clear()
        return issuer

    return asked


@pytest.fixture
def issuer(asked: Callable[[Issuer], Issuer]) -> Iterator[Issuer]:
    with Issuer() as issuer:
        yield asked(issuer)
