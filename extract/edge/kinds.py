"""The kinds of problem that every service answers with; apps declare theirs beside their views."""

from extract.edge.problem import Problem


class MalformedBody(Problem):
    """The body is not JSON: it must be valid UTF-8, without NaN, not nested beyond reason."""

    status, type, title = 400, "malformed-body", "Malformed body"


class MissingKey(Problem):
    """This request needs an Idempotency-Key header."""

    status, type, title = 400, "idempotency-key-missing", "Idempotency key missing"


class MalformedKey(Problem):
    """An Idempotency-Key is 1 to 255 printable ASCII characters."""

    status, type, title = 400, "idempotency-key-malformed", "Idempotency key malformed"


class BadRequest(Problem):
    """The request cannot be understood."""

    status, type = 400, "bad-request"


class NotAuthenticated(Problem):
    """Sign in first: by session cookie, or by HTTP Basic where it is allowed."""

    status, type, title = 401, "not-authenticated", "Not authenticated"


class WrongCredential(Problem):
    """The credential that was sent is not right."""

    status, type, title = 401, "wrong-credential", "Wrong credential"


class InvalidIdentity(Problem):
    """What came as a signed identity is not valid, so nothing was done."""

    status, type, title = 401, "invalid-identity", "Invalid identity"


class Forbidden(Problem):
    """You may not do this."""

    status, type = 403, "forbidden"


class CsrfFailed(Problem):
    """A write with a session cookie needs its CSRF token, and no foreign Origin."""

    status, type, title = 403, "csrf-failed", "CSRF check failed"


class NotFound(Problem):
    """There is nothing here, or nothing that you may see."""

    status, type = 404, "not-found"


class MethodNotAllowed(Problem):
    """This method is not offered here."""

    status, type = 405, "method-not-allowed"


class NotAcceptable(Problem):
    """The answer cannot be given in the form that the Accept header asks for."""

    status, type = 406, "not-acceptable"


class RequestTimeout(Problem):
    """The request did not come in full in the time that it may take."""

    status, type, title = 408, "request-timeout", "Request timed out"


class TooLarge(Problem):
    """The body is larger than what is taken here."""

    status, type, title = 413, "too-large", "Body too large"


class UrlTooLong(Problem):
    """The URL is longer than what is taken here."""

    status, type, title = 414, "url-too-long", "URL too long"


class UnsupportedMediaType(Problem):
    """A body must be application/json."""

    status, type = 415, "unsupported-media-type"


class UnsupportedCoding(Problem):
    """A body must be sent as it is, without a Content-Encoding."""

    status, type, title = 415, "unsupported-coding", "Unsupported content coding"


class ExpectationFailed(Problem):
    """Of the Expect header only 100-continue is understood."""

    status, type = 417, "expectation-failed"


class Invalid(Problem):
    """Some fields are missing, unknown or wrong."""

    status, type, title = 422, "invalid", "Invalid fields"


class Throttled(Problem):
    """Too many requests; try again after the seconds in Retry-After."""

    status, type = 429, "too-many-requests"


class HeadersTooLarge(Problem):
    """The headers are more or longer than what is taken here."""

    status, type, title = 431, "headers-too-large", "Headers too large"


class InternalError(Problem):
    """Something broke here, and was noted under the id in X-Request-ID."""

    status, type = 500, "internal-error"


class NotImplementedHere(Problem):
    """The request uses a part of HTTP that is not offered here."""

    status, type, title = 501, "not-implemented", "Not implemented"


class Unavailable(Problem):
    """A part of the shop does not answer at the moment; try again shortly."""

    status, type = 503, "unavailable"
