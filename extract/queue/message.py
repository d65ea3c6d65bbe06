"""What a queue carries: an envelope for one subscriber, and the signature of who relays it.

Whoever can write to the broker can put anything there; only what the publishing app (or home,
which relays for all) has signed is taken for an event.
"""

from __future__ import annotations

import base64
import binascii
from typing import Self

import msgspec

from extract.event.envelope import Envelope
from extract.trust import HOME, NotTrusted, Trust


class Message(msgspec.Struct, frozen=True):
    """``envelope`` is JSON text, ``sender`` the role that signed it for ``subscriber``."""

    subscriber: str
    envelope: str
    sender: str
    signature: str

    @classmethod
    def of(cls, subscriber: str, envelope: Envelope, trust: Trust) -> Self:
        """Signed by this process's role."""
        text = msgspec.json.encode(envelope).decode()
        signature = base64.b64encode(trust.own.sign(_signed(subscriber, text))).decode()
        return cls(subscriber, text, trust.own.role, signature)

    def open(self, trust: Trust) -> Envelope:
        """The envelope. Raises ``NotTrusted`` if it is malformed, or the app that publishes such
        events did not sign it, nor did home."""
        try:
            envelope = msgspec.json.decode(self.envelope, type=Envelope)
            signature = base64.b64decode(self.signature, validate=True)
        except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
            raise NotTrusted(f"the message is malformed: {error}") from error
        publisher = envelope.type.partition(".")[0]
        if self.sender not in (publisher, HOME):
            raise NotTrusted(f"{self.sender} speaks for {publisher}")
        trust.public(self.sender).verify(signature, _signed(self.subscriber, self.envelope))
        return envelope


def _signed(subscriber: str, envelope: str) -> bytes:
    return f"event for {subscriber}\n{envelope}".encode()
