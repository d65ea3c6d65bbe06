"""Erasing a customer: the apps first, by payment's saga, then the account.

The request's row says that it was asked for, and is committed before anything happens. Any process
of home takes it up when it is due, as often as it takes; every part may be repeated.
"""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.payment.contract import PaymentContract
from extract.call import CallError, handle
from extract.identity.security_log import security_event
from extract.saga import try_again as saga_try_again
from extract.testing.kill import KillPoint
from extract.trust import HOME
from shop.accounts.models import User
from shop.accounts.sessions import sessions_of
from shop.mails import store
from shop.rights.models import Request

logger = structlog.get_logger(__name__)
payment = handle(PaymentContract)

asked = KillPoint("rights.asked")
apps_done = KillPoint("rights.apps_done")
account_ended = KillPoint("rights.account_ended")

LOOK_EVERY = 1.0
"""Seconds."""
FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0
"""Seconds until the next try: doubled each time."""


class StaffAccount(Exception):
    """An account of the staff is ended by an administrator, in the back office."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


def under_way(user: User) -> Request | None:
    """The user's erasure that has not ended, or None."""
    return _unfinished().filter(subject=user.subject).first()


def ask(user: User) -> Request:
    """Have the user erased, and go as far as it goes now; asked again, it is the same request.

    Raises ``StaffAccount``.
    """
    if user.is_staff or user.is_superuser:
        raise StaffAccount
    if (earlier := under_way(user)) is not None:
        return earlier
    try:
        with transaction.atomic():
            request = Request.objects.create(kind=Request.Kind.ERASURE, subject=user.subject)
    except IntegrityError:  # pressed twice
        return ask(user)
    security_event("customer-erasure-asked", category="iam", id=str(request.pk))
    asked()
    advance(request)
    return request


def advance_at_home() -> None:
    """The chore of every process that serves as home; accounts are home's."""
    if settings.EXTRACT_ROLE in ("", HOME):
        advance_due()


def advance_due() -> int:
    """Take up each erasure that is due; returns how many."""
    due = _unfinished().filter(due_at__lte=timezone.now())
    return sum(advance(request) for request in due)


def try_again(requests: list[Request]) -> int:
    """Have those that have not ended be due at once, in the apps as well; returns how many."""
    ids = [request.pk for request in requests]
    saga_try_again("payment", ids)
    return _unfinished().filter(pk__in=ids).update(due_at=timezone.now())


def _unfinished() -> QuerySet[Request]:
    return Request.objects.filter(kind=Request.Kind.ERASURE, state=Request.State.UNDER_WAY)


def advance(request: Request) -> bool:
    """Go on with it, unless another process does; the request is as it is afterwards."""
    delay = min(FIRST_DELAY * 2.0 ** min(request.tries, 10), LONGEST_DELAY)
    again = {"due_at": timezone.now() + timedelta(seconds=delay), "tries": request.tries + 1}
    ours = _unfinished().filter(pk=request.pk, tries=request.tries, due_at=request.due_at)
    if not ours.update(**again):
        return False
    try:
        waits_for = _go_on(request)
    except CallError as error:
        waits_for = str(error)
    except Exception as error:
        # The next try may end better; until then it stands where operators look.
        logger.exception("rights.erasure_failed", request=str(request.pk))
        waits_for = f"{type(error).__name__}: {error}"
    Request.objects.filter(pk=request.pk).update(last_error=waits_for[:1000])
    request.refresh_from_db()
    return True


def _go_on(request: Request) -> str:
    """Have the apps go on, and end the account if they are through. Returns what they wait for."""
    subject = request.subject
    assert subject is not None, "it is there until the erasure is done"
    user = User.objects.filter(subject=subject).first()
    email = user.email if user is not None and user.is_proved else ""
    apps = payment.erase(request=request.pk, subject=subject, email=email)
    if not apps.done:
        return apps.waits_for
    apps_done()
    _end(request, user)
    return ""


def _end(request: Request, user: User | None) -> None:
    """End the account, and with it what is known of who asked."""
    if user is not None and settings.OIDC_ISSUER:
        from extract.oidc.sessions import end_everywhere

        end_everywhere(user)
    if user is not None and user.is_proved and settings.EMBEDDED_MAIL:
        for mail in store.kept_to(user.email):
            mail.path.unlink(missing_ok=True)
    with transaction.atomic():
        if user is not None:
            for session, _ in sessions_of(user):
                session.delete()
            _forget_in_log(user)
            user.delete()
        ended = {"state": Request.State.DONE, "ended_at": timezone.now()}
        Request.objects.filter(pk=request.pk).update(**ended)
        Request.objects.filter(subject=request.subject).update(subject=None)
    account_ended()
    security_event("customer-erasure-done", category="iam", id=str(request.pk))


def _forget_in_log(user: User) -> None:
    """What operators changed of the account stays, without a name."""
    about = Q(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    LogEntry.objects.filter(about | Q(object_repr__icontains=user.email)).update(object_repr="")
