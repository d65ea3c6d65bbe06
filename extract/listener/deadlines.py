"""How long clients may take, in seconds: to send a request, to take its answer, to go."""

HEAD_SECONDS = 10.0
"""From a connection's opening, or the first byte after an answer, to the end of the headers."""
BODY_SECONDS = 20.0
"""From the end of the headers to that of the body, and a second more for ``SLOWEST`` bytes."""
SLOWEST = 1000
SEND_SECONDS = 30.0
"""For which a client may take nothing of its answer."""
LINGER = 2.0
"""For which a client may still send after its last answer: closed before, it could miss it."""
