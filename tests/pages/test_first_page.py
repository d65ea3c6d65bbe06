"""The operator's first page: figures, each with the list of just those, and a week's sales."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.payment import queries
from apps.payment.models import Order, Refund
from apps.product.models import Category, Product
from apps.receipt.models import Receipt
from extract.data import owned
from extract.event.models import InboxEvent
from shop.accounts.models import User
from shop.operations import audits
from shop.operations.models import Audit

pytestmark = pytest.mark.usefixtures("database")
HOUR = timedelta(hours=1)
WHOLE = Order.Status.PAID


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_user("op@example.com", "x", is_staff=True))
    return client


def now() -> datetime:
    return timezone.now()


def noon(days_ago: int) -> datetime:
    """Of a day in the shop's time zone; today's is at a time that is over."""
    day = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    return min(day - timedelta(days=days_ago), now())


def order(name: str = "Ada", **fields: Any) -> Order:
    values = {
        "name": name,
        "status": WHOLE,
        "currency": "GBP",
        "net": 10,
        "vat": 2,
        "total": 12,
        "invoice_number": f"N-{uuid.uuid4().hex[:8]}",
        "placed_at": now(),
    }
    with owned("payment"):
        return Order.objects.create(**(values | fields))


def refund(of: Order, *, at: datetime, **fields: Any) -> Refund:
    values = {"order": of, "status": Refund.Status.DONE, "amount": 5, "currency": "GBP"}
    with owned("payment"):
        made = Refund.objects.create(**(values | fields))
        Refund.objects.filter(pk=made.pk).update(created_at=at)
    return made


def receipt(document: str, status: str, *, at: datetime) -> Receipt:
    ids = {"reference": uuid.uuid4(), "order": uuid.uuid4(), "message_id": f"<{uuid.uuid4()}@x>"}
    with owned("receipt"):
        made = Receipt.objects.create(
            **ids, kind="payment", document=document, status=status, amount=12, currency="GBP"
        )
        Receipt.objects.filter(pk=made.pk).update(created_at=at)
    return made


def product(sku: str, **fields: Any) -> Product:
    with owned("product"):
        category, _ = Category.objects.get_or_create(name="Lamps", slug="lamps")
        values = {"sku": sku, "slug": sku, "name": sku, "category": category, "price": 1}
        return Product.objects.create(**(values | fields))


def dead_letter(app: str, aggregate: str, state: str = "dead") -> InboxEvent:
    with owned(app):
        return InboxEvent.objects.using(app).create(
            consumer=app, type="payment.OrderPaid", version=1, aggregate=aggregate, sequence=1,
            occurred_at=now(), correlation_id="request-7", payload="{}", state=state,
        )  # fmt: skip


def figure(client: Client, name: str) -> tuple[str, str]:
    """What the first page says of it, and where it leads."""
    page = client.get("/admin/").content.decode()
    found = re.search(rf'href="([^"]+)"><b>([^<]+)</b> {re.escape(name)}<', page)
    assert found, f"there is no figure {name}"
    return found[2], unescape(found[1])


def listed(client: Client, path: str) -> str:
    """The rows of a list."""
    page = client.get(path).content.decode()
    return page.partition('id="result_list"')[2].partition("</table>")[0]


def test_orders_that_are_under_way_too_long(operator: Client) -> None:
    order("Stuck", status=Order.Status.PENDING, placed_at=now() - HOUR)
    order("Fresh", status=Order.Status.PENDING)
    order("Paid", placed_at=now() - HOUR)
    count, link = figure(operator, "Orders under way too long")
    assert count == "1"
    rows = listed(operator, link)
    assert "Stuck" in rows
    assert "Fresh" not in rows
    assert "Paid" not in rows


def test_invoices_that_are_late(operator: Client) -> None:
    order("Waiting", invoice_number="", placed_at=now() - HOUR)
    order("Fresh", invoice_number="")
    order("Cancelled", invoice_number="", placed_at=now() - HOUR, status="cancelled")
    order("Done", placed_at=now() - HOUR)
    count, link = figure(operator, "Invoices that are late")
    assert count == "1"
    rows = listed(operator, link)
    assert "Waiting" in rows
    assert not re.search("Fresh|Cancelled|Done", rows)


def test_refunds_that_are_under_way_too_long(operator: Client) -> None:
    paid = order()
    refund(paid, at=now() - HOUR, status=Refund.Status.PENDING, amount=Decimal("7.77"))
    refund(paid, at=now(), status=Refund.Status.PENDING, amount=Decimal("8.88"))
    refund(paid, at=now() - HOUR, amount=Decimal("9.99"))
    count, link = figure(operator, "Refunds under way too long")
    assert count == "1"
    rows = listed(operator, link)
    assert "7.77" in rows
    assert not re.search(r"8\.88|9\.99", rows)


def test_mails_that_failed_or_wait(operator: Client) -> None:
    receipt("FAILED", "failed", at=now() - HOUR)
    receipt("LONG-AGO", "failed", at=now() - timedelta(days=15))
    receipt("WAITING", "queued", at=now() - HOUR)
    receipt("FRESH", "queued", at=now())
    receipt("SENT", "sent", at=now() - HOUR)
    for name, document in (
        ("Mails that failed, in two weeks", "FAILED"),
        ("Mails that wait too long", "WAITING"),
    ):
        count, link = figure(operator, name)
        assert count == "1"
        assert re.findall("FAILED|LONG-AGO|WAITING|FRESH|SENT", listed(operator, link)) == [
            document
        ]


def test_stock_that_runs_out(operator: Client) -> None:
    product("none-left")
    product("off-sale", is_active=False)
    product("few-left", initial=9, on_hand=9)
    product("many-left", initial=10, on_hand=10)
    for name, sku in (("Products sold out", "none-left"), ("Products running low", "few-left")):
        count, link = figure(operator, name)
        assert count == "1"
        rows = set(re.findall("(?:none|few|many)-left|off-sale", listed(operator, link)))
        assert rows == {sku}


def test_dead_letters_of_each_app(operator: Client) -> None:
    dead_letter("receipt", "dead-one")
    dead_letter("receipt", "waiting-one", "waiting")
    dead_letter("invoice", "elsewhere")
    count, link = figure(operator, "Dead letters of receipt")
    assert count == "1"
    rows = listed(operator, link)
    assert "dead-one" in rows
    assert not re.search("waiting-one|elsewhere", rows)
    assert figure(operator, "Dead letters of payment")[0] == "0"


def test_what_needs_somebody_is_summed_up(operator: Client) -> None:
    assert "Nothing needs you" in operator.get("/admin/").content.decode()
    dead_letter("receipt", "one")
    order(status=Order.Status.PENDING, placed_at=now() - HOUR)
    assert "2 things to look at" in operator.get("/admin/").content.decode()


def cells(client: Client, day: str) -> list[tuple[str, str]]:
    """The sums of a day and where they lead: of sales and refunds, each with the week before."""
    page = client.get("/admin/").content.decode()
    row = re.search(rf"<tr[^>]*>\s*<th[^>]*>{day}[^<]*</th>(.*?)</tr>", page, re.DOTALL)
    assert row, f"there is no row of {day}"
    found = re.findall(r'<td[^>]*>(?:<a[^>]*href="([^"]+)">)?([^<]+)', row[1])
    return [(text, unescape(link)) for link, text in found]


def test_sales_and_refunds_by_day_beside_the_week_before(operator: Client) -> None:
    for total in (10, 20):
        order(f"Now {total}", total=total, placed_at=noon(1))
    order("Midnight", total=3, placed_at=noon(1).replace(hour=0, minute=0))
    order("Unpaid", total=99, placed_at=noon(1), status=Order.Status.PENDING)
    order("Before", total=7, placed_at=noon(8), status=Order.Status.REFUNDED)
    long_ago = order("Long ago", total=88, placed_at=noon(40))
    refund(long_ago, at=noon(1), amount=Decimal("4.50"))
    refund(long_ago, at=noon(8), amount=Decimal("2.50"))
    refund(long_ago, at=noon(1), amount=99, status=Refund.Status.CANCELLED)
    sums = cells(operator, f"{noon(1):%a} {noon(1).day} {noon(1):%b}")
    assert [text for text, _ in sums] == ["£33.00", "£7.00", "£4.50", "£2.50"]
    people = "Now 10|Now 20|Midnight|Unpaid|Before|Long ago"
    assert sorted(re.findall(people, listed(operator, sums[0][1]))) == [
        "Midnight",
        "Now 10",
        "Now 20",
    ]
    assert re.findall(people, listed(operator, sums[1][1])) == ["Before"]
    assert re.findall(r"4\.50|2\.50|99\.00", listed(operator, sums[2][1])) == ["4.50"]
    assert re.findall(r"4\.50|2\.50|99\.00", listed(operator, sums[3][1])) == ["2.50"]
    assert [text for text, _ in cells(operator, "Together")] == [
        "£33.00",
        "£7.00",
        "£4.50",
        "£2.50",
    ]


def test_bars_are_as_long_as_the_sums(operator: Client) -> None:
    order(total=30, placed_at=noon(1))
    order(total=10, placed_at=noon(8))
    page = operator.get("/admin/").content.decode()
    bars = re.findall(
        r'<rect class="([\w-]+)" x="\d+" y="([\d.]+)" width="40" height="([\d.]+)"', page
    )
    assert sorted(bars) == [("sales", "0.00", "200.00"), ("sales-before", "133.33", "66.67")]


def test_only_what_the_reader_may_see(client: Client, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
    somebody = User.objects.create_user("sam@example.com", "x", is_staff=True)
    client.force_login(somebody)
    page = client.get("/admin/").content.decode()
    for figure in ("too long", "Dead letters", "Products", "Audit", "Seven days", "Queues"):
        assert figure not in page
    somebody.user_permissions.add(Permission.objects.get(codename="view_refund"))
    order(total=31, placed_at=noon(1))
    page = client.get("/admin/").content.decode()
    assert "Refunds under way too long" in page
    assert "Orders under way" not in page
    assert "Sales" not in page
    assert "31.00" not in page


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("app", "unknown"),
    [("receipt", "Mails that wait too long"), ("payment", "Invoices that are late")],
)
def test_a_database_that_is_away_is_said_so(
    operator: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, app: str, unknown: str
) -> None:
    dead_letter("invoice", "one")
    connections[app].close()
    with monkeypatch.context() as gone:
        gone.setitem(connections[app].settings_dict, "NAME", tmp_path / "gone" / "file")
        assert figure(operator, unknown)[0] == "Not known"
        assert figure(operator, "Dead letters of invoice")[0] == "1"
        page = operator.get("/admin/").content.decode()
    assert f"The database of {app} does not answer" in page
    assert ("Seven days" in page) == (app != "payment")


@contextmanager
def counted() -> Iterator[Callable[[], int]]:
    with ExitStack() as stack:
        captures = [stack.enter_context(CaptureQueriesContext(c)) for c in connections.all()]
        yield lambda: sum(len(capture) for capture in captures)


def test_it_costs_the_same_however_much_there_is(operator: Client) -> None:
    operator.get("/admin/")
    with counted() as before:
        operator.get("/admin/")
        few = before()
    for number in range(12):
        paid = order(placed_at=noon(number))
        order(status=Order.Status.PENDING, placed_at=now() - HOUR)
        refund(paid, at=noon(number))
        dead_letter("receipt", str(number))
        receipt(f"R{number}", "failed", at=now())
    with counted() as after:
        operator.get("/admin/")
        assert after() == few <= 20


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (lambda: Order.objects.filter(queries.under_way_too_long()), "status"),
        (lambda: Order.objects.filter(queries.invoice_is_late()), "payment_invoice_to_come"),
        (lambda: Refund.objects.filter(queries.refund_under_way_too_long()), "status"),
        (
            lambda: Order.objects.filter(status__in=Order.PAID_STATES, placed_at__gte=now()),
            "status",
        ),
        (lambda: Refund.objects.filter(status=Refund.Status.DONE, created_at__gte=now()), "status"),
    ],
)
def test_an_index_finds_what_is_counted(rows: Callable[[], Any], index: str) -> None:
    plan = rows().order_by().explain()
    assert re.search(rf"USING (COVERING )?INDEX \w*{index}\w* \(.*_at[<>]", plan), plan


def test_the_layers_tables_are_reached_from_one_place(operator: Client) -> None:
    page = operator.get("/admin/").content.decode()
    assert "outboxevent" not in page
    assert 'href="/admin/operations/"' in page
    inner = operator.get("/admin/operations/").content.decode()
    for app in ("product", "payment", "invoice", "receipt"):
        assert f'href="/admin/operations/{app}outboxevent/"' in inner


def test_the_last_audit_is_told_with_what_it_found(operator: Client) -> None:
    order("Free rider", invoice_number="N-1", placed_at=now())
    assert "Not yet" in operator.get("/admin/").content.decode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("extract.audit.reading.time.sleep", lambda seconds: None)
        audit = audits.audit_if_due()
    assert audit is not None
    page = operator.get("/admin/").content.decode()
    assert re.search(
        rf'is-bad" href="/admin/operations/audit/{audit.pk}/change/"><b>\d+ broken', page
    )
    shown = operator.get(f"/admin/operations/audit/{audit.pk}/change/").content.decode()
    assert "A paid order was charged." in shown
    assert "paid without a charge" in shown


def test_one_process_audits_in_each_period() -> None:
    first = audits.audit_if_due()
    assert first is not None
    assert (first.outcome, first.is_bad) == ("all invariants hold", False)
    assert audits.audit_if_due() is None
    Audit.objects.filter(pk=first.pk).update(
        period=first.pk - 1000, started_at=now() - timedelta(days=100)
    )
    assert audits.audit_if_due() is not None
    assert Audit.objects.count() == 1


def test_only_home_audits(settings: Any) -> None:
    settings.EXTRACT_ROLE = "payment"
    audits.audit_at_home()
    assert not Audit.objects.exists()
    settings.EXTRACT_ROLE = "home"
    audits.audit_at_home()
    assert Audit.objects.exists()


def test_an_audit_that_could_not_be_done_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("no ink")

    monkeypatch.setattr(audits, "audit", broken)
    with pytest.raises(RuntimeError):
        audits.audit_if_due()
    audit = Audit.objects.get()
    assert (audit.outcome, audit.error) == ("could not be done", "RuntimeError: no ink")
