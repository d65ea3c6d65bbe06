"""One ring of keys, trusted; tests that rotate make their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from extract.identity import Verifier, trust_keys
from extract.identity.key import Key
from extract.identity.keyring import Keyring
from tests.extract.identity.tokens import by_kid


@pytest.fixture(scope="session")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return Keyring(tmp_path_factory.mktemp("ring") / "keys")


@pytest.fixture(scope="session")
def key(ring: Keyring) -> Key:
    return ring.signing_key()


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Key:
    """A key that nobody published."""
    return Keyring(Path(tmp_path_factory.mktemp("stranger"))).signing_key()


@pytest.fixture(scope="session")
def verifier(ring: Keyring) -> Verifier:
    return Verifier(lambda: by_kid(ring))


@pytest.fixture
def trusted(ring: Keyring) -> Iterator[None]:
    """The process trusts the ring, and nobody afterwards."""
    trust_keys(lambda: by_kid(ring))
    yield
    trust_keys(dict)
