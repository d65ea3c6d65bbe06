"""The way of a request through all processes, read from the lines that each of them wrote."""

from extract.observe.traces.finding import Found, find, names_of, source
from extract.observe.traces.hop import Hop, Note, Trace
from extract.observe.traces.source import Source, SourceAway

__all__ = [
    "Found",
    "Hop",
    "Note",
    "Source",
    "SourceAway",
    "Trace",
    "find",
    "names_of",
    "source",
]
