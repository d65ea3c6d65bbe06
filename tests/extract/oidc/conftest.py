"""``issuer``  an authorization server of the test's own, and the one that this process asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.extract.oidc.issuer import Issuer


@pytest.fixture
def issuer(settings: Any) -> Iterator[Issuer]:
    with Issuer() as issuer:
        settings.OIDC_ISSUER, settings.OIDC_INTERNAL_URL = issuer.url, ""
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = "shop", "a-secret-of-the-tests"
        yield issuer
