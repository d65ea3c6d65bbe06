"""Whose account at the authorization server is whose here, and who is signed in."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class Account(models.Model):
    """An account at an issuer, mapped once to a user: by ``sub``, never by an address.

    ``roles`` are those that the user was last given, sorted, one a line.
    """

    issuer = models.CharField(max_length=255)
    sub = models.CharField(max_length=255)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="oidc_accounts"
    )
    roles = models.TextField(blank=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "account at the authorization server"
        verbose_name_plural = "accounts at the authorization server"
        constraints = [
            models.UniqueConstraint(fields=["issuer", "sub"], name="extract_oidc_sub_once")
        ]

    def __str__(self) -> str:
        return f"{self.sub} at {self.issuer}"


class SignIn(models.Model):
    """A browser that is signed in, by its Django session. The tokens stay here.

    ``sid`` is the session at the authorization server. Until ``refreshing_until`` somebody
    refreshes the tokens, and nobody else does.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sign_ins")
    sid = models.CharField(max_length=255, blank=True, db_index=True)
    access_token = models.TextField()
    refresh_token = models.TextField()
    id_token = models.TextField()
    access_expires_at = models.DateTimeField()
    refreshing_until = models.DateTimeField(null=True, blank=True)
    browser = models.CharField(max_length=200, blank=True)
    began_at = models.DateTimeField(auto_now_add=True)
    renewed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-began_at"]

    def __str__(self) -> str:
        return f"sign-in of {self.began_at:%Y-%m-%d %H:%M}"
