"""Two descriptions of one app's contract: what keeps the one from calling the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from extract.call.compatible.fitting import mismatches

Description = dict[str, Any]
"""What ``describe`` says of a contract, also after it was JSON."""


class _Method(msgspec.Struct, frozen=True):
    repeatable: bool
    arguments: dict[str, Any]
    result: dict[str, Any]
    errors: dict[str, dict[str, Any]]


class _Event(msgspec.Struct, frozen=True):
    payload: dict[str, Any]


class _Contract(msgspec.Struct, frozen=True):
    app: str
    version: int
    methods: dict[str, _Method]
    events: dict[str, _Event]


class _Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the two sides see differently; None where a side has no such thing."""

    subject: str
    caller: str | None
    provider: str | None

    def sentence(self, *, caller_is_newer: bool) -> str:
        was, is_ = self.caller, self.provider
        if caller_is_newer:
            was, is_ = is_, was
        if was is None:
            return f"{self.subject} is new and {is_}" if is_ else f"{self.subject} is new"
        if is_ is None:
            return f"{self.subject} was {was} and is gone" if was else f"{self.subject} is gone"
        return f"{self.subject} was {was} and is {is_}"


def incompatibilities(*, caller: Description, provider: Description) -> tuple[str, ...]:
    """Why a caller with the one contract must not call a provider with the other.

    One sentence per change, () if they are compatible; nothing else is to be read from the
    sentences. What the caller may send must be read and known by the provider; what the
    provider may send, as result, error or event, must be readable to the caller. Version
    numbers decide nothing but the wording: "was" is said of the lower one, or the caller's.

    Raises ``ValueError`` for descriptions of different apps, or what is no description.
    """
    try:
        ours = msgspec.convert(caller, _Contract)
        theirs = msgspec.convert(provider, _Contract)
        if ours.app != theirs.app:
            raise ValueError(f"The contracts of {ours.app} and {theirs.app} cannot be compared.")
        changes = [*_methods(ours, theirs), *_events(ours, theirs)]
    except (msgspec.ValidationError, *_MALFORMED) as error:
        raise ValueError(f"This is no description of a contract: {error!r}.") from error
    newer = ours.version > theirs.version
    return tuple(dict.fromkeys(each.sentence(caller_is_newer=newer) for each in changes))


_MALFORMED = (AttributeError, IndexError, KeyError, RecursionError, TypeError)
"""What reading a schema ends in that is none."""


def _methods(ours: _Contract, theirs: _Contract) -> Iterator[_Change]:
    for name, known in ours.methods.items():
        where = f"{ours.app}.{name}"
        offered = theirs.methods.get(name)
        if offered is None:
            yield _Change(subject=f"{where}: the method", caller="", provider=None)
            continue
        if known.repeatable and not offered.repeatable:
            yield _Change(subject=f"{where}: the method", caller="repeatable", provider="once")
        yield from _differences(
            f"{where}: argument", known.arguments, offered.arguments, sender="caller"
        )
        yield from _differences(f"{where}: result", known.result, offered.result, sender="provider")
        for error, fields in offered.errors.items():
            if error in known.errors:
                field = f"{where}: error {error}, field"
                yield from _differences(field, known.errors[error], fields, sender="provider")
            else:
                yield _Change(subject=f"{where}: error {error}", caller=None, provider="")


def _events(ours: _Contract, theirs: _Contract) -> Iterator[_Change]:
    for name, known in ours.events.items():
        published = theirs.events.get(name)
        if published is None:
            yield _Change(subject=f"{name}: the event", caller="", provider=None)
        else:
            yield from _differences(
                f"{name}: field", known.payload, published.payload, sender="provider"
            )


def _differences(
    subject: str,
    caller: dict[str, Any],
    provider: dict[str, Any],
    *,
    sender: Literal["caller", "provider"],
) -> Iterator[_Change]:
    """Where what the sender may send does not fit; a provider must know all that it is sent."""
    if sender == "caller":
        found = mismatches(sent=caller, taken=provider, strict=True)
    else:
        found = mismatches(sent=provider, taken=caller, strict=False)
    for each in found:
        sides = {"caller": each.sent, "provider": each.taken}
        if sender == "provider":
            sides = {"caller": each.taken, "provider": each.sent}
        yield _Change(subject=f"{subject} {each.path!r}" if each.path else subject, **sides)
