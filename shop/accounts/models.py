"""Who may sign in: by e-mail address, known to the apps as a random subject."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any, ClassVar

import structlog
from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager, Group
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import cached_property
from django.utils.text import slugify

from extract.oidc.claims import Claims
from extract.text import email_address
from extract.text.model_fields import EmailField, LineField

LONGEST_NAME = 254
UNREACHABLE = "account.invalid"
"""The host of the addresses of users who have no proved one (RFC 2606)."""

logger = structlog.get_logger(__name__)


def account_name(text: str) -> str:
    """The one spelling of an account's e-mail address, all in lower case: one person has one
    account. Raises Django's ``ValidationError`` for what is no address.
    """
    return email_address(text).lower()


def account_key(text: str) -> str:
    """The same, and of what is no address its lower case: whatever an account is found by."""
    try:
        return account_name(text)
    except ValidationError:
        return text.strip().lower()


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return account_key(email or "")

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A customer, unless ``fields`` say more. Raises ``ValidationError`` for no address."""
        user = self.model(email=account_name(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Whoever may run this knows whose the address is: it counts as proved."""
        roles = {"is_staff": True, "is_superuser": True, "proved_email": account_name(email)}
        return self.create_user(email, password, **roles, **fields)

    def make_for(self, claims: Claims) -> User:
        """A new user for an account at the authorization server, without a password here."""
        user = self.model()
        user.set_unusable_password()
        user.take(claims)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """By any spelling of the address. Two accounts that have had it in two spellings since
        before there was one are told apart by them.
        """
        written = (username or "").strip().lower()
        found = list(self.filter(email__in={written, account_key(written)}))
        return found[0] if len(found) == 1 else self.get(email=written)


class User(AbstractUser):
    """``subject`` is all that apps ever learn of a user's identity.

    ``proved_email`` is the address that its owner has shown to read; "" for none yet.
    """

    username = None  # type: ignore[assignment]
    first_name = LineField("first name", max_length=150, blank=True)
    last_name = LineField("last name", max_length=150, blank=True)
    email = EmailField("e-mail address", unique=True)
    proved_email = models.EmailField("proved address", blank=True, editable=False)
    subject = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()  # type: ignore[assignment,misc]

    class Meta(AbstractUser.Meta):
        permissions = (("read_mails", "Can read the mails that are kept here"),)

    def __str__(self) -> str:
        return self.email

    def take(self, claims: Claims) -> None:
        """Name and address as the authorization server has them, saved if they are new.

        The address is the user's if it is proved there and nobody else's here. Else the user has
        one that no mail reaches: who has an address is not decided by who came first.
        """
        address = _proved_address(claims)
        taken = address and User.objects.filter(email=address).exclude(pk=self.pk).exists()
        if taken:
            logger.warning("accounts.address_taken", subject=str(self.subject))
        mine = "" if taken else address
        said = {
            "first_name": claims.given_name[:150],
            "last_name": claims.family_name[:150],
            "email": mine or f"{self.subject}@{UNREACHABLE}",
            "proved_email": mine,
        }
        changed = {name: value for name, value in said.items() if getattr(self, name) != value}
        if self.pk and not changed:
            return
        for name, value in changed.items():
            setattr(self, name, value)
        self.save(update_fields=list(changed) if self.pk else None)

    def take_roles(self, roles: Collection[str]) -> None:
        """What the authorization server's roles allow here. A role that is called like a group,
        as addresses spell it, puts the user into that group."""
        self.is_superuser = settings.OIDC_SUPERUSER_ROLE in roles
        self.is_staff = self.is_superuser or settings.OIDC_STAFF_ROLE in roles
        self.save(update_fields=["is_superuser", "is_staff"])
        self.groups.set(group for group in Group.objects.all() if slugify(group.name) in roles)
        for name in ("groups_limit", "limited_to"):
            self.__dict__.pop(name, None)

    @property
    def is_reachable(self) -> bool:
        """Whether the address is one that mails reach."""
        return not self.email.endswith(f"@{UNREACHABLE}")

    @cached_property
    def groups_limit(self) -> bool:
        return not self.is_superuser and self.groups.exists()

    @cached_property
    def limited_to(self) -> tuple[str, ...] | None:
        """The apps that somebody of the staff runs; None for all of them.

        Who is in a group may do what the groups allow. Somebody who may change anything of an app
        there runs it.
        """
        if not self.groups_limit:
            return None
        may = (name.partition(".") for name in self.get_all_permissions())
        changed = {app for app, _, action in may if not action.startswith("view_")}
        return tuple(app for app in settings.APP_LABELS if app in changed)

    @property
    def is_proved(self) -> bool:
        """Whether the account is its address's owner's: an address that was changed is not."""
        return bool(self.email) and self.email == self.proved_email


def _proved_address(claims: Claims) -> str:
    """In the one spelling; "" for none, or none that is proved."""
    if not claims.email_verified:
        return ""
    try:
        return account_name(claims.email)
    except ValidationError:
        return ""
