"""Where to look first."""

from __future__ import annotations

from datetime import timedelta

from extract.observe.traces.hop import NEVER_ENDED, Hop, Suspect

SLOW_MS = 1000.0


def own_ms(hop: Hop) -> float:
    """Milliseconds that it took by itself.

    Only what was inside while it lasted is taken off: what an event leads to may come later.
    """
    ends = hop.started_at + timedelta(milliseconds=hop.duration_ms)
    own, done_until = hop.duration_ms, hop.started_at
    for each in sorted(hop.hops, key=lambda one: one.started_at):
        begins = max(each.started_at, done_until)
        until = min(each.started_at + timedelta(milliseconds=each.duration_ms), ends)
        own -= max((until - begins).total_seconds(), 0.0) * 1000
        done_until = max(done_until, until)
    return max(own, 0.0)


def suspect_in(hops: list[Hop]) -> Suspect | None:
    """The first that failed with nothing inside it that did; else what took longest by itself."""
    failed = [each for each in hops if each.is_fault]
    inmost = [each for each in failed if not any(one.is_fault for one in each.hops)]
    if inmost:
        first = min(inmost, key=lambda each: (each.name != NEVER_ENDED, each.started_at))
        return _suspected("failed", first)
    if not any(each.duration_ms >= SLOW_MS for each in hops):
        return None
    return _suspected("slow", max(hops, key=lambda each: each.own_ms))


def _suspected(why: str, hop: Hop) -> Suspect:
    service, instance = hop.service, hop.instance
    if hop.peer and not hop.hops:
        # Of several that were tried, the last; it has told nothing itself.
        service, _, instance = hop.peer.rpartition(", ")[2].partition("/")
    return Suspect(
        why=why,
        span_id=hop.span_id,
        service=service,
        instance=instance,
        name=hop.name,
        where=hop.where,
        error=f"{hop.error_type}: {hop.error}" if hop.error_type else "",
    )
