"""Who may sign in: by e-mail address, known to the apps as a random subject."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import cached_property

from extract.text import email_address
from extract.text.model_fields import EmailField, LineField

LONGEST_NAME = 254


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
