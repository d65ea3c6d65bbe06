"""Requests made up from the API's own description: whatever comes in, the answers are as described.

``SCHEMA_EXAMPLES=500 SCHEMA_SEED=7`` makes it a longer campaign, or another one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import ACCOUNTS, SKU, order
from tests.scenarios.shop import Shop

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "6"))
IS_LONG = EXAMPLES > 50
PHASES = {"guest": "examples,coverage,fuzzing"}
"""In a short run. What is wrong in form is refused whoever sends it; who is signed in gets
further."""
SEED = int(os.environ.get("SCHEMA_SEED", "20240229"))


@pytest.mark.parametrize("caller", ["guest", "ada", "operator"])
def test_answers_are_as_described(
    served: str, visitor: Callable[..., Shop], caller: str, tmp_path: Path
) -> None:
    shop = visitor() if caller == "guest" else visitor(caller)
    config = tmp_path / "schemathesis.toml"
    stays = STAYS if caller == "ada" else ""
    config.write_text(configured(real_values(shop, visitor("operator"))) + stays)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
        *(f"{served}/api/schema/", "--no-color", "--seed", str(SEED)),
        *("--max-examples", str(EXAMPLES)),
    ]
    if not IS_LONG:
        command += ["--phases", PHASES.get(caller, "fuzzing,stateful")]
    if caller in ACCOUNTS:
        command += ["--auth", ":".join(ACCOUNTS[caller])]
    done = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"seed {SEED}, as {caller}\n{done.stdout}\n{done.stderr}"


def real_values(shop: Shop, operator: Shop) -> dict[str, list[Any]]:
    """What exists, by the names that the description has for it."""
    mine, another, paid_back = order(shop), order(operator), order(shop)
    assert operator.refund(paid_back["order"]).status == 201
    lines = operator.order(mine["order"]).json["lines"]
    orders = (mine, another, paid_back)
    return {
        "path.sku": [SKU, "BK-402"],
        "path.cart_id": [shop.create_cart(), shop.filled_cart(**{SKU: 1}), mine["cart"]],
        "path.order_id": [bought["order"] for bought in orders],
        "path.order": [bought["order"] for bought in orders],
        "path.number": [bought["invoice"] for bought in orders],
        "query.access": [bought["access"] for bought in orders],
        "query.category": [shop.product(SKU).json["category"]],
        "header.If-Match": ["*", shop.product(SKU).headers["etag"]],
        "body.cart": [shop.filled_cart(**{SKU: 1}) for _ in range(5)],
        "body.email": ["ada@example.com"],
        "body.name": ["Ada Lovelace", "<b>Ada</b>"],
        "body.price.amount": ["12.34"],
        "body.price.currency": ["GBP"],
        "body.category": [shop.product(SKU).json["category"]],
        "body.address.country": ["GB", "DE"],
        "body.payment.token": ["tok_visa", "tok_declined", "tok_twice"],
        "body.lines[*].line": [line["id"] for line in lines],
        "body.lines[*].quantity": [1],
    }


SETTINGS = """
request-timeout = 60.0
cache.enabled = false

[generation]
database = "none"
with-security-parameters = false  # it takes the session's cookie for a duty
allow-extra-parameters = false  # they make URLs that the server refuses before the shop sees them

[checks]  # all of them, but that what is right in form may still be refused
positive_data_acceptance.enabled = false
missing_required_header.expected-statuses = [400, 401, 403, 404, 406, 428]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 406, 409, 412, 415, 422, 428]

[[operations]]
include-operation-id = ["products_list", "order_list"]
checks.negative_data_rejection.enabled = false  # a parameter without a value is as good as none
"""


STAYS = """
[[operations]]
include-operation-id = ["account_erase"]
enabled = false  # it would end the account that the other operations are tried with
"""


def configured(values: dict[str, list[Any]]) -> str:
    """Nothing is kept from one run to the next; what exists comes up more often than not."""
    lines = [SETTINGS, "[dictionaries]"]
    lines += [f"{name(key)}.values = {json.dumps(found)}" for key, found in values.items()]
    lines += ["[parameters]"]
    for key in values:
        probability = 0.95 if key.startswith("body.") else 0.6
        binding = f'{{ dictionary = "{name(key)}", probability = {probability} }}'
        lines.append(f'"{key}" = {binding}')
    return "\n".join(lines)


def name(key: str) -> str:
    return "".join(character if character.isalnum() else "-" for character in key)


def test_the_description_has_no_mistakes(server: Any) -> None:
    done = server.manage("spectacular", "--validate", "--fail-on-warn")
    assert done.returncode == 0, done.stderr


def test_one_way_to_sign_in_is_enough(visitor: Callable[..., Shop]) -> None:
    paths = visitor().request("GET", "/api/schema/").json["paths"]
    ways = paths["/api/orders/"]["get"]["security"]
    assert {"session": []} in ways
    assert {"basic": []} in ways
    assert all(len(way) <= 1 for way in ways)
