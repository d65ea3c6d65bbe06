"""``manage.py link_account``: an account from before is somebody's at the authorization server."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from shop.accounts.linking import AnothersAlready, link
from shop.accounts.models import User


class Command(BaseCommand):
    help = (
        "Let whoever has the account SUB at the authorization server be the user EMAIL here, with "
        "all orders. Make sure that they are one person: nothing here can."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the user's address here")
        parser.add_argument("sub", help="the account's id there (Keycloak: the user's ID)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.OIDC_ISSUER:
            raise CommandError("OIDC_ISSUER names no authorization server; set it first.")
        try:
            user = User.objects.get_by_natural_key(options["email"])
        except User.DoesNotExist:
            raise CommandError(f"There is no user {options['email']}.") from None
        try:
            is_new = link(user, settings.OIDC_ISSUER, options["sub"])
        except AnothersAlready as error:
            raise CommandError(str(error)) from error
        said = "is" if is_new else "was already"
        self.stdout.write(f"{user.email} {said} the account {options['sub']}.")
