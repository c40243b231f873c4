"""From rows of any trace format to one `RequestTrace`, refused where they contradict themselves."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from forecast.errors import UsageFormatError
from forecast.traces import Integers, RequestTrace, Sender
from forecast.usage.formats.cells import quoted

MAX_REQUESTS: Final = 1_000_000
MAX_BLOCKS: Final = 10_000_000
"""Block ids of one call; the replay holds about 60 bytes for each, 0.6 GB at the limit."""

MAX_BLOCKS_OF_A_PROMPT: Final = 65_536
"""A prompt of a million tokens in blocks of 16 has 62,500."""

MAX_PROMPT_TOKENS: Final = 100_000_000
MAX_SPAN_MS: Final = 10 * 366 * 86_400_000
"""Ten years: times further apart are in another unit, and would not fit beside a block id."""

MAX_ID_LENGTH: Final = 200
_INT64: Final = 2**63


@dataclass(frozen=True)
class ColumnNames:
    """What a format calls its columns, for messages."""

    time: str
    input_tokens: str
    blocks: str
    block_tokens: str


@dataclass(frozen=True)
class Request:
    """One request as a format reads it."""

    row: int
    time_ms: int
    input_tokens: int
    block_tokens: int
    blocks: Sequence[object]
    """Ids, all of them whole numbers or all of them texts."""
    sender: Sender
    session: str | None = None
    whole_blocks: bool = False
    """No block is cut short by the end of the prompt."""


class TraceBuilder:
    """Collects requests, file by file, within bounds.

    >>> builder = TraceBuilder()
    >>> names = ColumnNames("t", "in", "hash_ids", "block_size")
    >>> builder.begin("a.json", names)
    >>> builder.add(Request(1, 0, 100, 64, [7], Sender("anthropic", "", "m")))
    >>> builder.add(Request(2, 0, 100, 64, [7, 8, 9], Sender("anthropic", "", "m")))
    Traceback (most recent call last):
    forecast.errors.UsageFormatError: a.json, row 2, column hash_ids: 3 blocks of 64 tokens are \
longer than the input of 100 tokens; check block_size
    """

    def __init__(self) -> None:
        self._time_ms = array("q")
        self._input = array("q")
        self._block_tokens = array("q")
        self._n_blocks = array("q")
        self._blocks = array("q")
        self._sender = array("q")
        self._session = array("q")
        self._senders: dict[Sender, int] = {}
        self._places: list[tuple[str, int]] = []
        self._sessions: dict[tuple[int, str], int] = {}
        self._texts: dict[str, int] = {}
        self._notes: list[str] = []
        self._named = True
        self._n_files = 0
        self._file = ""
        self._names = ColumnNames("", "", "", "")
        self._last_ms: int | None = None

    def begin(self, file: str, names: ColumnNames) -> None:
        """Start a file; its rows must come in the order of time."""
        self._file, self._names = file, names
        self._n_files += 1
        self._last_ms = None

    def note(self, sentence: str) -> None:
        """Keep a remark on what was read, once."""
        if sentence not in self._notes:
            self._notes.append(sentence)

    def fault(self, row: int, column: str, problem: str) -> UsageFormatError:
        """Make the error of one cell of the file in hand."""
        return UsageFormatError(problem, file=self._file, row=row, column=column)

    def add(self, request: Request) -> None:
        """Take one request.

        Raises
        ------
        UsageFormatError
            With file, row and column: a time that is negative or earlier than the row before,
            blocks longer than the input, ids that are neither whole numbers nor texts, or more
            than the bounds of this module.
        """
        self._check(request)
        blocks = self._codes(request)
        sender = request.sender
        if request.blocks and isinstance(request.blocks[0], str):
            sender = sender._replace(id_space=f"{sender.id_space} texts")
        self._blocks.extend(blocks)
        self._n_blocks.append(len(blocks))
        self._time_ms.append(request.time_ms)
        self._input.append(request.input_tokens)
        self._block_tokens.append(request.block_tokens)
        if sender not in self._senders:
            self._senders[sender] = len(self._senders)
            self._places.append((self._file, request.row))
        self._sender.append(self._senders[sender])
        self._named = self._named and request.session is not None
        session = f"row {request.row}" if request.session is None else f"named {request.session}"
        key = (self._n_files if request.session is None else 0, session)
        self._session.append(self._sessions.setdefault(key, len(self._sessions)))

    def _check(self, request: Request) -> None:
        names, row = self._names, request.row
        if request.time_ms < 0:
            raise self.fault(row, names.time, f"is negative: {request.time_ms / 1000:g} s")
        if self._last_ms is not None and request.time_ms < self._last_ms:
            raise self.fault(
                row, names.time, "is earlier than the row before; sort the trace by time"
            )
        self._last_ms = request.time_ms
        if not 0 <= request.input_tokens <= MAX_PROMPT_TOKENS:
            raise self.fault(
                row, names.input_tokens, f"is no length of a prompt: {request.input_tokens}"
            )
        n, size = len(request.blocks), request.block_tokens
        if n and size <= 0:
            raise self.fault(
                row, names.block_tokens, f"is no length of a block: {request.block_tokens}"
            )
        shortest = n * size if request.whole_blocks else (n - 1) * size + 1
        if n and shortest > request.input_tokens:
            raise self.fault(
                row,
                names.blocks,
                f"{'one block' if n == 1 else f'{n} blocks'} of {size} tokens "
                f"{'is' if n == 1 else 'are'} longer than the input of {request.input_tokens} "
                f"tokens; check {names.block_tokens}",
            )
        if n > MAX_BLOCKS_OF_A_PROMPT:
            raise self.fault(
                row, names.blocks, f"has {n} ids; at most {MAX_BLOCKS_OF_A_PROMPT} a prompt"
            )
        if len(self._time_ms) >= MAX_REQUESTS or len(self._blocks) + n > MAX_BLOCKS:
            raise self.fault(
                row,
                names.blocks,
                f"brings the trace beyond {MAX_REQUESTS} requests or {MAX_BLOCKS} block ids; "
                "replay fewer days, or a sample of the sessions",
            )

    def _codes(self, request: Request) -> Sequence[int]:
        kinds = set(map(type, request.blocks))
        if kinds <= {int}:
            ids: Sequence[int] = request.blocks  # type: ignore[assignment]
            if ids and not (min(ids) >= -_INT64 and max(ids) < _INT64):
                raise self.fault(request.row, self._names.blocks, "holds an id beyond 64 bits")
            return ids
        if kinds == {str}:
            texts: Sequence[str] = request.blocks  # type: ignore[assignment]
            if "" in texts or max(map(len, texts)) > MAX_ID_LENGTH:
                raise self.fault(
                    request.row,
                    self._names.blocks,
                    f"holds an id that is empty or longer than {MAX_ID_LENGTH} characters",
                )
            return [self._texts.setdefault(text, len(self._texts)) for text in texts]
        odd = next(
            b
            for b in request.blocks
            if type(b) is not type(request.blocks[0]) or type(b) not in (int, str)
        )
        raise self.fault(
            request.row,
            self._names.blocks,
            f"ids are whole numbers or texts, not {quoted(odd)}",
        )

    def build(self) -> RequestTrace:
        """Give everything that was added, in the order of time.

        Raises
        ------
        UsageFormatError
            No requests at all, or times more than `MAX_SPAN_MS` apart.
        """
        time_ms = _integers(self._time_ms)
        if not len(time_ms):
            raise UsageFormatError("holds no requests", file=self._file or None)
        if int(time_ms.max() - time_ms.min()) > MAX_SPAN_MS:
            raise UsageFormatError(
                "times are more than ten years apart; check their unit",
                file=self._file,
                column=self._names.time,
            )
        order = np.argsort(time_ms, kind="stable")
        lengths = _integers(self._n_blocks)
        blocks, offsets = _integers(self._blocks), _starts(lengths)
        if (np.diff(order) != 1).any():
            starts = offsets[:-1][order]
            lengths = lengths[order]
            offsets = _starts(lengths)
            places = np.repeat(starts - offsets[:-1], lengths) + np.arange(len(blocks))
            blocks = blocks[places]
        return RequestTrace(
            time_ms=time_ms[order],
            input_tokens=_integers(self._input)[order],
            block_tokens=_integers(self._block_tokens)[order],
            offsets=offsets,
            blocks=blocks,
            sender=_integers(self._sender)[order],
            senders=tuple(self._senders),
            session=_integers(self._session)[order],
            sessions_named=self._named,
            sender_places=tuple(self._places),
            notes=tuple(self._notes),
        )


def _integers(values: array[int]) -> Integers:
    return np.frombuffer(values, dtype=np.int64) if len(values) else np.zeros(0, dtype=np.int64)


def _starts(lengths: Integers) -> Integers:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)])
