"""What an e-mail address is, and when two are one."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from extract.text import email_address


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Ada.L+shop@Example.COM ", "Ada.L+shop@example.com"),
        ("u@bücher.example", "u@xn--bcher-kva.example"),
        ("u@XN--BCHER-KVA.example", "u@xn--bcher-kva.example"),
        ("u@bu\u0308cher。example", "u@xn--bcher-kva.example"),
        ("u@faß.example", "u@xn--fa-hia.example"),
        (f"{'x' * 64}@example.com", f"{'x' * 64}@example.com"),
    ],
)
def test_one_mailbox_has_one_spelling(written: str, kept: str) -> None:
    assert email_address(written) == email_address(kept) == kept


@pytest.mark.parametrize(
    "written",
    [
        "a@localhost",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@shop.local",
        f"{'x' * 65}@example.com",
        "admın@example.com",
        "teſt@example.com",
        "K\u212a@example.com",
        "a\u200bb@example.com",
        '"a b"@example.com',
        "Ada <a@example.com>",
        "a@example.com\nBcc: b@example.com",
        "a@xn--a.example",
        "a@ex\u202eample.com",
        "a@" + ".".join(["x" * 60] * 5),
        "a@@example.com",
        "@example.com",
        "",
    ],
    ids=ascii,
)
def test_what_is_no_address_of_the_internet_is_refused(written: str) -> None:
    with pytest.raises(ValidationError) as caught:
        email_address(written)
    assert len(caught.value.messages) == 1
