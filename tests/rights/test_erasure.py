"""Who is erased is nowhere any more, but on the documents that the law keeps."""

from __future__ import annotations

import pytest

from extract.audit import audit
from shop.accounts.models import User
from shop.mails import store
from tests.rights.scene import Customer, erased, found, open_shop

pytestmark = pytest.mark.usefixtures("database")

KEPT_BY_LAW = frozenset({"invoice_document"})


def test_nothing_of_them_is_left(binding: str) -> None:
    open_shop()
    ada, bo = Customer("Zenobia", "Quillfeather"), Customer("Thorvald", "Mixwright")
    ada.has_a_history()
    bo.has_a_history()
    before = {trace: found(trace) for trace in bo.traces}
    assert all(found(trace) for trace in ada.traces)
    erased(ada)
    assert {
        trace: places for trace in ada.traces if (places := found(trace, but=KEPT_BY_LAW))
    } == {}
    assert {trace: found(trace) for trace in bo.traces} == before
    assert audit(delays=(0, 0)) == ()
    assert not User.objects.filter(email=ada.email).exists()
    assert not store.kept_to(ada.email)
    assert store.kept_to(bo.email)
