"""Strict JSON: what it refuses is a 400, whatever the bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from extract.edge.kinds import MalformedBody


class StrictJSONParser(BaseParser):
    """UTF-8 only, as RFC 8259 has it, whatever charset the header names; no NaN, no Infinity."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            text = stream.read().decode("utf-8")
            parsed = json.loads(text, parse_constant=_refuse)
            if "\\ud" in text.lower():
                # Half a surrogate pair can be escaped, but neither stored nor sent back.
                json.dumps(parsed, ensure_ascii=False).encode("utf-8")
        except (ValueError, RecursionError):
            raise MalformedBody from None
        return parsed


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
