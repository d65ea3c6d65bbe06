"""Where a request's identity comes from, which decides what else must be checked."""

import enum


class Source(enum.Enum):
    """NONE: nobody signed in. BEARER: an access token. REFUSED: a credential was sent and is wrong.
    BRAKED: a credential was sent and not looked at, after too many wrong ones from the same
    address. INVALID: what came as a signed identity is none. UNKNOWN: whom a credential proves
    cannot be told now."""

    NONE = "none"
    SESSION = "session"
    BASIC = "basic"
    BEARER = "bearer"
    REFUSED = "refused"
    BRAKED = "braked"
    INVALID = "invalid"
    UNKNOWN = "unknown"
