"""One JSON document per session, as kv-cache-tester writes agent sessions.

    {"block_size": 64, "requests": [{"t": 0.0, "model": "claude-…", "in": 130, "hash_ids": [1, 2]}]}

`t` counts seconds from the start of the session, `in` is the whole prompt, `hash_ids` names its
whole blocks of `block_size` tokens. Times of two sessions cannot be compared, so sessions never
share a prefix here, whatever `hash_id_scope` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from forecast.traces import Sender
from forecast.usage.formats import cells
from forecast.usage.formats.json_text import Fields
from forecast.usage.request_traces.building import ColumnNames, Request, TraceBuilder
from forecast.usage.request_traces.times import milliseconds

NAMES: Final = ColumnNames("t", "in", "hash_ids", "block_size")
PLAIN_TYPES: Final = frozenset({"", "n", "s"})
"""A streamed request, or one that is not; anything else holds requests of its own."""


def fits(document: Any) -> bool:
    """Tell whether a JSON value is such a session."""
    return isinstance(document, dict) and isinstance(document.get("requests"), list)


def read(document: Mapping[str, Any], file: str, builder: TraceBuilder, platform: str) -> None:
    """Add the requests of a session.

    Raises
    ------
    UsageFormatError
        A member that is missing or cannot be, with its row and name.
    """
    builder.begin(file, NAMES)
    top = Fields.of(document, file)
    block_tokens = top.count("block_size")
    whole_models = document.get("models")
    only = whole_models[0] if isinstance(whole_models, list) and len(whole_models) == 1 else ""
    if top.has("hash_id_scope") and top.text("hash_id_scope") == "global":
        builder.note(
            "every session counts its time from 0, so a prefix that sessions share is taken as "
            "not shared: the true hit share is at least this one"
        )
    for row, item in enumerate(document["requests"], start=1):
        request = Fields.of(item, file, row=row, path="")
        if (kind := request.text("type")) not in PLAIN_TYPES:
            raise request.fault(
                "type",
                f"is {cells.quoted(kind)}; give the requests within it as a session of their own",
            )
        builder.add(
            Request(
                row=row,
                time_ms=request.read("t", lambda value: milliseconds(value, per_second=1)),
                input_tokens=request.count("in"),
                block_tokens=block_tokens,
                blocks=request.items("hash_ids"),
                sender=Sender(platform, "", request.text("model") or str(only), file),
                session=file,
            )
        )
