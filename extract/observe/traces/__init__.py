"""Where the lines of a trace are read from."""

from extract.observe.traces.elasticsearch import Elasticsearch
from extract.observe.traces.source import Source, SourceAway

__all__ = ["Elasticsearch", "Source", "SourceAway"]
