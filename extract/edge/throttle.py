"""How much of the API one client may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from extract.identity.bucket import Bucket

if TYPE_CHECKING:  # DRF's views import their throttles
    from rest_framework.views import APIView

api_bucket = Bucket(per_minute=3000, burst=1000)


class ApiThrottle(BaseThrottle):
    """One bucket for each signed-in subject, and for each address without one."""

    bucket = api_bucket
    waiting = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:
        client = request.user.pk or request.META.get("REMOTE_ADDR", "")
        self.waiting = self.bucket.take(str(client))
        return not self.waiting

    def wait(self) -> float:
        return self.waiting
