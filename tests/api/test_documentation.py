"""What is written for clients of the API: its page, and the how-to."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.scenarios.shop import Shop

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "buy-with-curl.md"


def test_a_purchase_with_curl_goes_as_the_how_to_says(served: str, tmp_path: Path) -> None:
    script = re.search(r"^```bash\n(.*?)^```$", HOW_TO.read_text(), re.M | re.S)
    assert script
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script[1]],
        cwd=tmp_path, env={**os.environ, "SHOP": served}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    bought, order = map(json.loads, done.stdout.splitlines())
    assert bought["status"] == order["status"] == "paid"
    assert order["lines"][0]["quantity"] == 2
    assert (tmp_path / "invoice.pdf").read_bytes().startswith(b"%PDF")


def test_the_apis_page_tells_all_of_it_without_scripts(visitor: Callable[..., Shop]) -> None:
    shop = visitor()
    page = shop.page("/api/docs/").text
    for path, operations in shop.request("GET", "/api/schema/").json["paths"].items():
        for method in operations:
            assert f"{method.upper()} {path}</code></h2>" in page
    for said in ("Idempotency-Key", "address.country", "/problems/out-of-stock", "items[].sku"):
        assert said in page
    assert len(page) < 80_000
    assert "swagger" in shop.page("/api/docs/try/").text.lower()
