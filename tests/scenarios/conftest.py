"""Where the scenarios take place: in this process, with every app bound ``local`` and ``wire``.

``place``     the placement: stock, accounts, faults, ``settle`` and a look at the mails.
``shop``      a guest, with LAMP (10 pieces at 10.00) and VASE (5 at 3.50) on sale.
``customer``, ``operator``   visitors signed in over the API.

Every scenario ends with all work done and every invariant intact.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.scenarios.in_process import InProcess
    from tests.scenarios.shop import Shop


@pytest.fixture(autouse=True)
def place(database: None, binding: str, settings: Any) -> Iterator[InProcess]:
    from tests.scenarios.in_process import InProcess

    # Verifying a password slowly is not what scenarios are about.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    place = InProcess()
    yield place
    place.settle()
    assert place.broken() == ()


@pytest.fixture
def shop(place: InProcess) -> Shop:
    place.stock("LAMP", 10, price="10.00")
    place.stock("VASE", 5, price="3.50")
    return place.visitor()


@pytest.fixture
def customer(place: InProcess, shop: Shop) -> Shop:
    return place.visitor().sign_in(place.account("ada@example.com"))


@pytest.fixture
def operator(place: InProcess, shop: Shop) -> Shop:
    return place.visitor().sign_in(place.account("operator@example.com", is_staff=True))
