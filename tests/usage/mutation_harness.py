"""Run a format module through thousands of damaged exports.

Use it from the test of a format, with a small valid sample in the vendor's shape (two to five
records: 10,000 of them are read)::

    from mutation_harness import MUTANTS, json_totals, survives

    @pytest.mark.parametrize("n", MUTANTS)
    def test_damaged_exports_are_refused_or_read_right(n):
        survives("openai_usage", SAMPLE, n=n, totals=json_totals({
            "output_tokens": {"data[].results[].output_tokens": 1},
            "input_tokens": {
                "data[].results[].input_tokens": 1,
                "data[].results[].input_cached_tokens": -1,
            },
        }))

`survives(kind, sample, n, seed, totals, places)` damages the sample `n` times and reads every
mutant as `kind` (a module, or its name in `forecast.usage.formats`). A mutant is

* refused with an `InputError` that names the file, and with a row or a column when the damage
  was done to one value (`places=False` where the format cannot know); or
* read into a `Parsed` whose rows keep `USAGE_ROWS` and lie within the span it declares, whose
  cost lines keep `COST_LINES`, and whose totals are those that `totals` derives from the same
  bytes by another road.

Nothing else may be raised, a warning is an error, and no mutant takes more than `MAX_SECONDS`
of processor time. What survives is returned as a `Survival`, so that a test can also say that
some mutants must have been read and some refused.

`totals` is a function of the bytes that gives `{column: sum}`, or None where it cannot read
them. `json_totals`, `csv_totals` and `parquet_totals` build one from a map: column of
`BUCKET_ROWS` → {source column or path: factor}. A path such as `data[].results[].tokens` walks
every value of the text, and a list at the top is walked too. Columns of `COST_LINES` work alike:
sums are Decimal and exact, and a factor of `Decimal("0.01")` reads cents.

`mutations(sample, n, seed)` gives the mutants alone, each with its story. Mutant `i` of a seed
is always the same, so a failure names the call that repeats it:
`mutant(sample, i, seed)`.

`MUTANTS` are the two sizes: 300 in the quick gate, and marked slow 1,500, or what the environment
variable COMMITMENT_MUTANTS says: 10,000 before a release (`COMMITMENT_MUTANTS=10000 pytest -m slow
tests/usage`, about 20 minutes on two idle cores).
"""

from __future__ import annotations

import csv
import importlib
import io
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

import pandas as pd
import pyarrow.parquet as pq
import pytest
from mutation_kinds import (
    BYTE_KINDS,
    CELL_KINDS,
    JSON_KINDS,
    PARQUET_KINDS,
    TEXT_KINDS,
    cell_value,
    json_value,
    json_values,
)

from forecast.errors import InputError
from forecast.tables import COST_LINES, USAGE_ROWS, check
from forecast.usage.formats.head import Head
from forecast.usage.formats.protocol import Parsed

FUZZED = int(os.environ.get("COMMITMENT_MUTANTS", "1500"))
MUTANTS = (300, pytest.param(FUZZED, marks=(pytest.mark.slow, pytest.mark.timeout(3600))))
MAX_SECONDS = 2.0
"""Of processor time, all threads together, so that a busy machine decides nothing."""

FILE = "export"

Totals = Callable[[bytes], dict[str, Decimal] | None]
Sources = Mapping[str, Mapping[str, int | Decimal]]


class Mutant(NamedTuple):
    """A damaged sample, how it was damaged, and whether it was done to one value."""

    data: bytes
    story: str
    one_value: bool


@dataclass
class Survival:
    """What became of the mutants; `reasons` are the refusals without what they quote."""

    refused: int = 0
    read: int = 0
    rederived: int = 0
    slowest_seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)


def mutant(sample: bytes, i: int, seed: int = 0) -> Mutant:
    """Give mutant `i` of a sample."""
    rng = random.Random(f"{seed}:{i}")
    kinds = _kinds(sample)
    steps = [rng.choice(kinds) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    data, done = sample, []
    for step in steps:
        try:
            data = step(data, rng)
        except (ValueError, IndexError, RecursionError, OSError, TypeError, csv.Error):
            continue  # the step before left nothing of this structure to damage
        done.append(step.__name__)
    one_value = done in ([cell_value.__name__], [json_value.__name__]) and _is_text(data)
    return Mutant(data, f"mutant(sample, {i}, {seed}): {' then '.join(done)}", one_value)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def mutations(sample: bytes, n: int, seed: int = 0) -> Iterator[Mutant]:
    """Give `n` damaged samples."""
    return (mutant(sample, i, seed) for i in range(n))


def _kinds(sample: bytes) -> tuple[Callable[[bytes, random.Random], bytes], ...]:
    if sample.startswith(b"PAR1"):
        return PARQUET_KINDS
    if sample.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[")):
        return (*BYTE_KINDS, *TEXT_KINDS, *JSON_KINDS, *JSON_KINDS, *JSON_KINDS)
    return (*BYTE_KINDS, *TEXT_KINDS, *CELL_KINDS, *CELL_KINDS, *CELL_KINDS, *CELL_KINDS)


def survives(
    kind: Any,
    sample: bytes | str,
    *,
    n: int,
    seed: int = 0,
    totals: Totals | None = None,
    places: bool = True,
) -> Survival:
    """Damage `sample` `n` times and read each mutant as `kind`; see the module.

    Raises
    ------
    AssertionError
        With the story of the mutant that was neither refused nor read right.
    """
    if isinstance(kind, str):
        kind = importlib.import_module(f"forecast.usage.formats.{kind}")
    data = sample.encode() if isinstance(sample, str) else sample
    assert kind.fits(Head.of(data, FILE)), f"the sample is not of the format {kind.name}"
    _check_read(kind.read(data, FILE), data, totals, "the sample itself")
    outcome = Survival()
    for damaged in mutations(data, n, seed):
        _judge(kind, damaged, totals, places, outcome)
    return outcome


def _judge(
    kind: Any, damaged: Mutant, totals: Totals | None, places: bool, outcome: Survival
) -> None:
    started = time.process_time()
    answer = _read_or_refuse(kind, damaged)
    if isinstance(answer, Parsed):
        outcome.read += 1
        outcome.rederived += _check_read(answer, damaged.data, totals, damaged.story)
    else:
        outcome.refused += 1
        outcome.reasons[answer.problem.split(":")[0][:60]] += 1
        assert answer.file == FILE, f"{damaged.story}: the refusal names no file: {answer}"
        if places and damaged.one_value and kind.fits(Head.of(damaged.data, FILE)):
            placed = answer.row is not None or answer.column is not None
            assert placed, f"{damaged.story}: the refusal names neither row nor column: {answer}"
    spent = time.process_time() - started
    outcome.slowest_seconds = max(outcome.slowest_seconds, spent)
    assert spent <= MAX_SECONDS, f"{damaged.story}: took {spent:.1f} s"


def _read_or_refuse(kind: Any, damaged: Mutant) -> Parsed | InputError:
    try:
        assert kind.fits(Head.of(damaged.data, FILE)) in (True, False)
        return kind.read(damaged.data, FILE)
    except InputError as refusal:
        return refusal
    except Exception as fault:
        raise AssertionError(f"{damaged.story}: {type(fault).__name__}: {fault}") from fault


def _check_read(parsed: Parsed, data: bytes, totals: Totals | None, story: str) -> bool:
    """Check what was read; True when its totals were derived a second time."""
    rows = parsed.rows
    try:
        check(rows[USAGE_ROWS.names], USAGE_ROWS)
    except InputError as broken:
        raise AssertionError(
            f"{story}: read into rows that break their contract: {broken}"
        ) from None
    assert parsed.first < parsed.last, f"{story}: an empty span"
    if len(rows):
        ends = rows["start"] + pd.to_timedelta(rows["seconds"], unit="s")
        assert rows["start"].min() >= parsed.first, f"{story}: a row before the first bucket"
        assert ends.max() <= parsed.last, f"{story}: a row after the last bucket"
        assert (rows["day"] == rows["start"].dt.normalize()).all(), story
        assert rows["row"].is_unique, f"{story}: two rows of one place"
    try:
        check(parsed.costs, COST_LINES)
    except InputError as broken:
        raise AssertionError(
            f"{story}: read into cost lines that break their contract: {broken}"
        ) from None
    with localcontext(prec=100):
        derived = totals(data) if totals else None
    for column, total in (derived or {}).items():
        frame = rows if column in rows else parsed.costs
        with localcontext(prec=100):
            found = sum((Decimal(str(v)) for v in frame[column].dropna()), Decimal(0))
        assert found == total, f"{story}: {column} is {found}, the file holds {total}"
    return derived is not None


def json_totals(columns: Sources) -> Totals:
    """Derive totals by walking the paths of every JSON value of a text."""

    def derive(data: bytes) -> dict[str, Decimal] | None:
        try:
            values = json_values(data)
        except (ValueError, RecursionError):
            return None
        try:
            return {
                column: sum(
                    (factor * _walk(values, f"[].{path}") for path, factor in paths.items()),
                    Decimal(0),
                )
                for column, paths in columns.items()
            }
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            return None

    return derive


def _walk(value: Any, path: str) -> Decimal:
    head, _, rest = path.partition(".")
    if head == "[]" and isinstance(value, list):
        return sum(
            (_walk(item, path if isinstance(item, list) else rest) for item in value), Decimal(0)
        )
    name, listed = head.removesuffix("[]"), head.endswith("[]")
    inner = value.get(name)
    if inner is None:
        return Decimal(0)
    if listed:
        return sum((_walk(item, rest) for item in inner), Decimal(0))
    return _walk(inner, rest) if rest else Decimal(str(inner))


def csv_totals(columns: Sources) -> Totals:
    """Derive totals by adding up the columns of a delimited text."""

    def derive(data: bytes) -> dict[str, Decimal] | None:
        try:
            text = data.decode("utf-8-sig")
            delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            rows = [row for row in lines if any(row)]
            names = [name.strip() for name in rows[0]]
            records = [dict(zip(names, row, strict=False)) for row in rows[1:]]
            return {
                column: sum(
                    (
                        factor * Decimal(record.get(source, "").strip().replace(",", "") or 0)
                        for source, factor in sources.items()
                        for record in records
                    ),
                    Decimal(0),
                )
                for column, sources in columns.items()
            }
        except (ValueError, ArithmeticError, IndexError, csv.Error):
            return None

    return derive


def parquet_totals(columns: Sources) -> Totals:
    """Derive totals by adding up the columns of a Parquet file."""

    def derive(data: bytes) -> dict[str, Decimal] | None:
        frame = pq.read_table(io.BytesIO(data)).to_pydict()
        return {
            column: sum(
                (
                    factor * Decimal(str(value))
                    for source, factor in sources.items()
                    for value in frame.get(source, ())
                    if value is not None and value == value
                ),
                Decimal(0),
            )
            for column, sources in columns.items()
        }

    return derive


def pages(*documents: Any) -> bytes:
    """Write JSON values one after the other."""
    return "\n".join(json.dumps(document) for document in documents).encode()
