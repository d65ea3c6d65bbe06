"""The edge in front of small views of its own."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def edge(settings: Any, database: None) -> Client:
    """A client of ``tests.edge.urls`` that checks CSRF as a browser's requests are checked."""
    settings.ROOT_URLCONF = "tests.edge.urls"
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


@pytest.fixture
def ada(database: None) -> Any:
    """A customer with an account."""
    from django.contrib.auth import get_user_model

    return get_user_model().objects.create_user("ada@example.com", "a-password")
