"""What payment may answer is in the API's description."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.usefixtures("database")
TYPES = (
    "declined",
    "out-of-stock",
    "cart-ordered",
    "cart-empty",
    "in-progress",
    "key-reused",
    "not-refundable",
    "nothing-to-refund",
    "already-refunded",
    "refund-refused",
    "unknown-line",
)


@pytest.mark.parametrize("slug", TYPES)
def test_every_problem_of_payment_is_listed(client: Client, slug: str) -> None:
    assert f"`/problems/{slug}`" in client.get("/api/schema/").json()["info"]["description"]


def test_the_checkout_documents_each_of_its_answers(client: Client) -> None:
    checkout = client.get("/api/schema/").json()["paths"]["/api/checkout/"]["post"]
    assert {"201", "400", "402", "404", "409", "422", "503"} <= set(checkout["responses"])
    header = next(p for p in checkout["parameters"] if p["name"] == "Idempotency-Key")
    assert header["required"] is True
