"""Every write passes the door, and the door knows who owns the rows."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from django.db import connections, transaction

from apps.payment.models import Cart
from apps.product.models import Category
from extract.data import (
    NotMigrated,
    OutsideDoor,
    OwnedElsewhere,
    app_aliases,
    door_is_open,
    owned,
    unguarded,
)
from extract.data.door import ADVISORY_SPACE, advisory_key
from extract.data.models import Ownership
from shop.routes import APP_LABELS


def test_there_are_five_aliases(database: None) -> None:
    assert set(connections) == {"default", *APP_LABELS}
    for app in app_aliases():
        row = Ownership.objects.using(app).get()
        assert (row.app, row.database) == (app, row.here)


@pytest.mark.parametrize(
    "write",
    [
        lambda: Cart.objects.create(),
        lambda: Cart(subject="x").save(),
        lambda: Cart.objects.filter(subject="x").update(subject="y"),
        lambda: Cart.objects.filter(subject="x").delete(),
        lambda: Cart.objects.bulk_create([Cart()]),
        lambda: Cart.objects.get_or_create(subject="x"),
    ],
    ids=["create", "save", "update", "delete", "bulk_create", "get_or_create"],
)
def test_a_write_outside_the_door_is_refused(database: None, write: object) -> None:
    with pytest.raises(OutsideDoor, match=r"wrap the write in 'with owned\('payment'\):'"):
        write()  # type: ignore[operator]
    with owned("product"), pytest.raises(OutsideDoor):
        write()  # type: ignore[operator]
    assert not Cart.objects.exists()


def by_hand(sql: str, *values: Any) -> None:
    with connections["payment"].cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.parametrize(
    "write",
    [
        lambda: Cart.objects.using("payment").create(),
        lambda: Cart(subject="x").save(using="payment"),
        lambda: Cart.objects.using("payment").filter(subject="x").update(subject="y"),
        lambda: Cart.objects.using("payment").filter(subject="kept").delete(),
        lambda: Cart.objects.using("payment").bulk_create([Cart()]),
        lambda: Cart.objects.db_manager("payment").get_or_create(subject="x"),
        lambda: by_hand("DELETE FROM payment_cart"),
        lambda: by_hand("update payment_cart set subject = %s", "y"),
        lambda: by_hand(
            "WITH old AS (SELECT id FROM payment_cart) "
            "DELETE FROM payment_cart WHERE id IN (SELECT id FROM old)"
        ),
    ],
)
def test_a_write_that_names_its_alias_is_refused_outside_the_door(
    database: None, write: Callable[[], object]
) -> None:
    with owned("payment"):
        Cart.objects.create(subject="kept")
    with pytest.raises(OutsideDoor, match=r"wrap the write in 'with owned\('payment'\):'"):
        write()
    with owned("product"), pytest.raises(OutsideDoor):
        write()
    with transaction.atomic(using="payment"), pytest.raises(OutsideDoor):
        write()
    assert Cart.objects.get().subject == "kept"


def test_reading_needs_no_door(database: None) -> None:
    carts = Cart.objects.using("payment")
    assert not carts.exists()
    with transaction.atomic(using="payment"):
        assert not carts.select_for_update().filter(subject="UPDATE").exists()
    by_hand("WITH no AS (SELECT id FROM payment_cart) SELECT id AS deleted FROM no")


def test_a_context_that_was_copied_to_a_thread_opens_no_door(database: None) -> None:
    """The transaction, and with it the lock on the ownership row, stays behind."""

    def write(make: Callable[[], object]) -> None:
        try:
            assert not door_is_open("payment")
            with pytest.raises(OutsideDoor):
                make()
        finally:
            connections.close_all()

    with owned("payment"), ThreadPoolExecutor(1) as pool:
        assert door_is_open("payment")
        for make in (Cart.objects.create, Cart.objects.using("payment").create):
            pool.submit(copy_context().run, write, make).result(30)
    assert not Cart.objects.exists()


def test_a_thread_that_is_given_work_inside_a_door_can_open_its_own(database: None) -> None:
    def write() -> None:
        try:
            with owned("payment"):
                Cart.objects.create(subject="its own")
        finally:
            connections.close_all()

    with owned("product"), ThreadPoolExecutor(1) as pool:
        pool.submit(copy_context().run, write).result(30)
    assert Cart.objects.get().subject == "its own"


def test_an_exception_inside_the_door_leaves_nothing(database: None) -> None:
    def break_off() -> None:
        with owned("payment"):
            Cart.objects.create()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert not Cart.objects.exists()


def test_each_app_has_a_transaction_of_its_own(database: None) -> None:
    def break_off() -> None:
        with owned("payment"):
            Cart.objects.create()
            with owned("product"):
                Category.objects.create(name="kept", slug="kept")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert Category.objects.filter(slug="kept").exists()
    assert not Cart.objects.exists()


def test_a_database_that_no_longer_owns_the_rows_is_not_written(database: None) -> None:
    row = Ownership.objects.using("payment").get()
    try:
        with unguarded():
            Ownership.objects.using("payment").update(database=uuid.uuid4(), epoch=7)
        with pytest.raises(OwnedElsewhere, match="since epoch 7"), owned("payment"):
            Cart.objects.create()
        assert not Cart.objects.exists()
        with unguarded():
            Ownership.objects.using("payment").all().delete()
        with pytest.raises(NotMigrated, match=r"manage\.py migrate"), owned("payment"):
            Cart.objects.create()
    finally:
        with unguarded():
            Ownership.objects.using("payment").all().delete()
            row.save(using="payment", force_insert=True)


def test_a_cutover_waits_for_open_doors_and_closes_them_for_good(database: None) -> None:
    """On PostgreSQL: the exclusive lock waits for writers; who comes later sees the new epoch."""
    if connections["payment"].vendor != "postgresql":
        pytest.skip("PostgreSQL: SQLite has one writer anyway")
    opened, finish, outcomes = threading.Event(), threading.Event(), []

    def writer() -> None:
        try:
            with owned("payment"):
                Cart.objects.create(subject="early")
                opened.set()
                finish.wait(10)
            outcomes.append("committed")
        finally:
            connections.close_all()

    thread = threading.Thread(target=writer)
    thread.start()
    assert opened.wait(10)
    row = Ownership.objects.using("payment").get()
    lock = "SELECT pg_try_advisory_xact_lock(%s, %s)"
    key = [ADVISORY_SPACE, advisory_key("payment")]
    with transaction.atomic(using="payment"), connections["payment"].cursor() as cursor:
        cursor.execute(lock, key)
        assert cursor.fetchone() == (False,), "an open door holds the cutover back"
    finish.set()
    thread.join()
    assert outcomes == ["committed"]
    with transaction.atomic(using="payment"), connections["payment"].cursor() as cursor:
        cursor.execute(lock, key)
        assert cursor.fetchone() == (True,)
        with unguarded():
            Ownership.objects.using("payment").update(database=uuid.uuid4(), epoch=2)
    try:
        with pytest.raises(OwnedElsewhere), owned("payment"):
            Cart.objects.create(subject="late")
    finally:
        with unguarded():
            Ownership.objects.using("payment").update(database=row.here, epoch=1)
    assert list(Cart.objects.values_list("subject", flat=True)) == ["early"]


def test_threads_on_sqlite_take_turns_instead_of_failing(database: None) -> None:
    errors: list[Exception] = []

    def write() -> None:
        try:
            for _ in range(20):
                with owned("payment"):
                    Cart.objects.create(subject="many")
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Cart.objects.filter(subject="many").count() == 240


@pytest.mark.postgresql
def test_alone_waits_for_every_writer_and_sees_what_they_wrote(database: None) -> None:
    opened, finish = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with owned("payment"):
                Cart.objects.create(subject="early")
                opened.set()
                assert finish.wait(10)
        finally:
            connections.close_all()

    def look_alone() -> list[str]:
        try:
            with owned("payment", alone=True):
                return list(Cart.objects.values_list("subject", flat=True))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(write)
        assert opened.wait(10)
        looking = pool.submit(look_alone)
        until(lambda: waiting_for_advisory_locks() == 1)
        assert not looking.done()
        finish.set()
        writing.result(10)
        assert looking.result(10) == ["early"]


def waiting_for_advisory_locks() -> int:
    with connections["payment"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return int(cursor.fetchone()[0])


def until(holds: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < ends_at
        time.sleep(0.01)
