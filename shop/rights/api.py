"""A customer's rights over the API."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response
from rest_framework.views import APIView

from extract.edge import IgnoreAccept, Problem
from extract.edge.kinds import Throttled
from extract.edge.schema import problems
from extract.identity.tries import TooManyTries, reserve
from shop.accounts import brake
from shop.accounts.fresh import is_fresh
from shop.accounts.models import User
from shop.rights import erasure
from shop.rights.export import export
from shop.rights.models import Request
from shop.rights.views import FILENAME

PROBLEMS = {
    400: "The request cannot be understood.",
    401: "Not signed in, or a wrong credential.",
    404: "There is no such account any more.",
    429: "Too many requests: five an hour are answered.",
    503: "A part of the shop is away; try again.",
}


class FreshLoginNeeded(Problem):
    """Sign in anew for this: it takes a login that is no older than five minutes."""

    status, type, title = 403, "fresh-login-needed", "Fresh login needed"


class StaffAccount(Problem):
    """An account of the staff is ended by an administrator, in the back office."""

    status, type, title = 409, "staff-account", "Account of the staff"


class ErasureOut(serializers.Serializer[Request]):
    """``state`` is "under way" until the account is gone; it goes on by itself."""

    state = serializers.ChoiceField(choices=Request.State.values)
    asked_at = serializers.DateTimeField()


class RightsView(APIView):
    # No docstring: the schema would say it of every operation.
    permission_classes = [IsAuthenticated]

    def asking(self, request: ApiRequest) -> User:
        return get_object_or_404(User, subject=request.user.pk, is_active=True)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, TooManyTries):
            exc = Throttled(headers={"Retry-After": str(exc.limit.seconds)})
        elif isinstance(exc, erasure.StaffAccount):
            exc = StaffAccount()
        return super().handle_exception(exc)


class Export(RightsView):
    """Answers application/zip whatever ``Accept`` says."""

    content_negotiation_class = IgnoreAccept

    @extend_schema(
        operation_id="account_export",
        summary="All that is held about the account: JSON files and documents, as a ZIP",
        responses={(200, "application/zip"): OpenApiTypes.BINARY, **problems(PROBLEMS)},
    )
    def get(self, request: ApiRequest) -> FileResponse:
        user = self.asking(request)
        reserve([brake.on_request(Request.Kind.EXPORT, user.subject)])
        return FileResponse(export(user), as_attachment=True, filename=FILENAME)


class Erasure(RightsView):
    @extend_schema(
        operation_id="account_erase",
        summary="Have the account erased; asked again, how far that is",
        request=None,
        responses={
            202: ErasureOut,
            **problems(
                {
                    **PROBLEMS,
                    403: "The login is not fresh, or the CSRF token is missing.",
                    406: "Only application/json is answered.",
                    409: "The account is one of the staff.",
                }
            ),
        },
    )
    def post(self, request: ApiRequest, *args: Any) -> Response:
        user = self.asking(request)
        if not is_fresh(request._request):
            raise FreshLoginNeeded
        if erasure.under_way(user) is None:
            reserve([brake.on_request(Request.Kind.ERASURE, user.subject)])
        return Response(ErasureOut(erasure.ask(user)).data, status=202)
