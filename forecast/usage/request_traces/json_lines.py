"""JSON lines of one request each, as Mooncake publishes serving traces.

    {"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47, …]}

`timestamp` counts milliseconds; the ids name blocks of 512 tokens, the last one cut short by the
end of the prompt. Another block size is stated with `--block-tokens`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from forecast.traces import Sender
from forecast.usage.formats.json_text import Fields
from forecast.usage.request_traces.building import ColumnNames, Request, TraceBuilder
from forecast.usage.request_traces.times import milliseconds

NAMES: Final = ColumnNames("timestamp", "input_length", "hash_ids", "--block-tokens")
BLOCK_TOKENS: Final = 512


def fits(record: Any) -> bool:
    """Tell whether a JSON value is such a request."""
    return isinstance(record, dict) and {"timestamp", "input_length", "hash_ids"} <= set(record)


def read(
    records: Iterable[Any],
    file: str,
    builder: TraceBuilder,
    platform: str,
    *,
    block_tokens: int | None = None,
) -> None:
    """Add the requests of a file.

    Raises
    ------
    UsageFormatError
        A member that is missing or cannot be; more blocks than the prompt is long, or a prompt
        that goes on for a whole block after its last id.
    """
    builder.begin(file, NAMES)
    size = block_tokens or BLOCK_TOKENS
    sender = Sender(platform, "", "")
    for row, item in enumerate(records, start=1):
        record = Fields.of(item, file, row=row)
        blocks = record.items("hash_ids")
        length = record.count("input_length")
        if block_tokens is None and length >= (len(blocks) + 1) * size:
            raise record.fault(
                "hash_ids",
                f"{len(blocks)} blocks of {size} tokens end long before the input of {length} "
                "tokens; state the block size with --block-tokens",
            )
        builder.add(
            Request(
                row=row,
                time_ms=record.read(
                    "timestamp", lambda value: milliseconds(value, per_second=1000)
                ),
                input_tokens=length,
                block_tokens=size,
                blocks=blocks,
                sender=sender,
            )
        )
