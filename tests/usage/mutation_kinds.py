"""Ways to damage an export: its bytes, its text, its JSON tree, its cells, its Parquet schema.

Every way takes a random generator and gives what it made of the sample; none looks at a format.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Tree = Any

NASTY_NUMBERS = (
    *("-1", "0", "1.5", "1e6", "1e400", "-0.0", "NaN", "nan", "inf", "Infinity", "-Infinity"),
    *("9" * 18, "9" * 30, "9" * 5000, "0x10", "1_000", "1,000", "1 000", "+5", "--5", "1.", ".5"),
    *("٣٤", "１２", "²", "1e-7", "9223372036854775808", "18446744073709551616"),
)
"""Numbers as a text may hold them: not finite, too large, in other digits, with separators."""

NASTY_WORDS = (
    *("", " ", "null", "None", "true", "\u00a0", "\u200b", "\u202e", "\u2028", "\ufeff", "\x7f"),
    *("\ud800", "a" * 600, "Ａ", "=1+1", "../../etc/passwd", "\r", "a\tb", "é", "e\u0301", "🜂"),
    *("2026-02-30", "0001-01-01", "9999-12-31T23:59:59Z", "2026-08-05T24:00:00Z", "2026-08-05"),
    *("1970-01-01T00:00:00+14:00", "2026-08-05T10:00:00", "1754352000", "20260805"),
)
"""Words that look empty, are not printable, or are nearly a day."""

NASTY_BYTES = (
    *(b"\xff", b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"\r", b"\n"),
    *(
        b'"',
        b'""',
        b",",
        b";",
        b"\t",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b"[" * 3000,
        b'{"a":' * 900,
    ),
    *(b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"#", b"-", b"e9", b'"\\ud800"', b"\\u0000"),
)

NASTY_VALUES: tuple[Callable[[], Tree], ...] = (
    *(lambda: None, lambda: True, lambda: -1, lambda: 1.5, lambda: float("nan"), dict, list),
    *(lambda: float("inf"), lambda: 10**16, lambda: 10**400, lambda: "12", lambda: "NaN", str),
    *(lambda: "\ud800", lambda: "٣", lambda: [[[[None]]]], lambda: {"a": {"a": None}}, lambda: 0),
    lambda: [None],
    lambda: json.loads("[" * 400 + "]" * 400),
)
"""Values of a JSON tree, of every type, where another one is expected."""


# --- bytes -----------------------------------------------------------------------------------


def span(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((0, 1, 1, 2, 8, 40, 300)))


def flip(data: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))]


def drop(data: bytes, rng: random.Random) -> bytes:
    start, end = span(data, rng)
    return data[:start] + data[end:]


def double(data: bytes, rng: random.Random) -> bytes:
    start, end = span(data, rng)
    return data[:end] + data[start:]


def splice(data: bytes, rng: random.Random) -> bytes:
    start, end = span(data, rng)
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[start:end] + data[at:]


def insert(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(NASTY_BYTES) + data[at:]


def overwrite(data: bytes, rng: random.Random) -> bytes:
    start, end = span(data, rng)
    return data[:start] + rng.randbytes(end - start) + data[end:]


def whole_twice(data: bytes, rng: random.Random) -> bytes:
    return data + rng.choice((b"", b"\n", b",", b" ")) + data


BYTE_KINDS = (flip, cut, drop, double, splice, insert, overwrite, whole_twice)


# --- text ------------------------------------------------------------------------------------


def as_text(data: bytes) -> str:
    return data.decode("utf-8-sig", errors="replace")


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogatepass")


def swap_number(data: bytes, rng: random.Random) -> bytes:
    return swap_match(data, rng, r"-?[0-9]+(?:\.[0-9]+)?", NASTY_NUMBERS)


def other_number(data: bytes, rng: random.Random) -> bytes:
    """Another number that is as good as the one before: it must be read, and summed."""
    return swap_match(data, rng, r"(?<![\w.:-])[0-9]+(?![\w.:-])", (str(rng.randrange(10**6)),))


def swap_word(data: bytes, rng: random.Random) -> bytes:
    return swap_match(data, rng, r"[A-Za-z_][A-Za-z0-9_.-]*", NASTY_WORDS)


def swap_match(data: bytes, rng: random.Random, pattern: str, by: tuple[str, ...]) -> bytes:
    text = as_text(data)
    found = list(re.finditer(pattern, text))
    if not found:
        return insert(data, rng)
    at = rng.choice(found)
    return as_bytes(text[: at.start()] + rng.choice(by) + text[at.end() :])


def shuffle_lines(data: bytes, rng: random.Random) -> bytes:
    lines = as_text(data).split("\n")
    first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
    act = rng.randrange(4)
    if act == 0:
        lines[first], lines[second] = lines[second], lines[first]
    elif act == 1:
        del lines[first]
    elif act == 2:
        lines.insert(second, lines[first])
    else:
        lines[first] += lines.pop(first + 1) if first + 1 < len(lines) else ""
    return as_bytes("\n".join(lines))


def encode_otherwise(data: bytes, rng: random.Random) -> bytes:
    text = as_text(data)
    return rng.choice(
        (
            lambda: text.encode("utf-16"),
            lambda: text.encode("utf-16-le"),
            lambda: as_bytes("\ufeff\ufeff" + text),
            lambda: text.encode("latin-1", errors="replace"),
            lambda: as_bytes(text.replace("\n", "\r\n")),
            lambda: as_bytes(text.replace("\n", "\r")),
            lambda: as_bytes(text.upper()),
            lambda: as_bytes(text.replace(",", ";")),
            lambda: as_bytes(text.replace("\n", " ")),
        )
    )()


TEXT_KINDS = (other_number, other_number, swap_number, swap_word, shuffle_lines, encode_otherwise)


# --- JSON ------------------------------------------------------------------------------------


def places(tree: Tree) -> Iterator[tuple[Any, Any]]:
    """Every container of a tree with each of its keys or positions."""
    keys = tree.keys() if isinstance(tree, dict) else range(len(tree))
    for key in list(keys):
        yield tree, key
        if isinstance(tree[key], dict | list):
            yield from places(tree[key])


def json_values(data: bytes) -> list[Tree]:
    """The values of a JSON text: one, or one after the other."""
    text, values, at = as_text(data).strip(), [], 0
    decoder = json.JSONDecoder()
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
    return values


def json_text(values: list[Tree], rng: random.Random) -> bytes:
    return as_bytes("\n".join(json.dumps(v, ensure_ascii=rng.random() < 0.5) for v in values))


def json_value(data: bytes, rng: random.Random) -> bytes:
    """Another value in one place."""
    values = json_values(data)
    container, key = rng.choice(list(places(values)))
    container[key] = rng.choice(NASTY_VALUES)()
    return json_text(values, rng)


def json_shape(data: bytes, rng: random.Random) -> bytes:
    """A member that is gone, renamed, doubled, nested, or in the place of another."""
    values = json_values(data)
    every = list(places(values))
    container, key = rng.choice(every)
    act = rng.randrange(5)
    if act == 0:
        del container[key]
    elif act == 1 and isinstance(container, dict):
        container[rng.choice((key.upper(), f"{key}s", "", "a" * 300, "\ud800"))] = container.pop(
            key
        )
    elif act == 2 and isinstance(container, list):
        container.insert(rng.randrange(len(container) + 1), copy.deepcopy(container[key]))
    elif act == 3:
        container[key] = rng.choice(([container[key]], {"value": container[key]}))
    else:
        other, place = rng.choice(every)
        container[key] = copy.deepcopy(other[place])
    return json_text(values, rng)


def json_twice_named(data: bytes, rng: random.Random) -> bytes:
    """A member that stands twice in one object, as only text can say it."""
    text = as_text(data)
    found = list(re.finditer(r'"[A-Za-z_0-9.]+"\s*:\s*(?:-?[0-9.]+|"[^"]*"|null|true|false)', text))
    if not found:
        return double(data, rng)
    at = rng.choice(found)
    return as_bytes(f"{text[: at.end()]}, {rng.choice(found).group()}{text[at.end() :]}")


JSON_KINDS = (json_value, json_value, json_shape, json_twice_named)


# --- delimited text --------------------------------------------------------------------------


def cells_of(data: bytes) -> tuple[list[list[str]], str]:
    text = as_text(data)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    return list(csv.reader(io.StringIO(text), delimiter=delimiter)), delimiter


def cells_text(rows: list[list[str]], delimiter: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return as_bytes(text.getvalue())


def cell_value(data: bytes, rng: random.Random) -> bytes:
    """Another value in one cell below the header."""
    rows, delimiter = cells_of(data)
    row = rows[rng.randrange(1, len(rows))]
    if row:
        row[rng.randrange(len(row))] = rng.choice(NASTY_NUMBERS + NASTY_WORDS)
    return cells_text(rows, delimiter)


def cell_shape(data: bytes, rng: random.Random) -> bytes:
    """A column or a row that is gone, doubled, renamed or in the place of another."""
    rows, delimiter = cells_of(data)
    width = len(rows[0])
    first, second = rng.randrange(width), rng.randrange(width)
    act = rng.randrange(6)
    if act == 0:
        rows = [row[:first] + row[first + 1 :] for row in rows]
    elif act == 1:
        rows = [[*row, *row[first : first + 1]] for row in rows]
    elif act == 2:
        rows[0][first] = rng.choice((*NASTY_WORDS, f"{rows[0][first]}_tokens", rows[0][second]))
    elif act == 3:
        rows[0][first], rows[0][second] = rows[0][second], rows[0][first]
    elif act == 4:
        rows.insert(1, [""] * width)
        rows.insert(rng.randrange(len(rows)), copy.copy(rng.choice(rows)))
    else:
        rows[rng.randrange(len(rows))].append(rng.choice(NASTY_WORDS))
    return cells_text(rows, delimiter)


CELL_KINDS = (cell_value, cell_value, cell_shape)


# --- Parquet ---------------------------------------------------------------------------------


def parquet_bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return sink.getvalue()


def parquet_column(data: bytes, rng: random.Random) -> bytes:
    """A column of another type, with other values, with gaps, gone, or doubled."""
    table = pq.read_table(io.BytesIO(data))
    at = rng.randrange(table.num_columns)
    name, n = table.schema.names[at], table.num_rows
    made: tuple[Callable[[], pa.Array], ...] = (
        lambda: pa.array([rng.choice(NASTY_NUMBERS + NASTY_WORDS[:20:2])[:50]] * n, pa.string()),
        lambda: pa.array([rng.choice((float("nan"), float("inf"), -1.0, 1e30, 2.5))] * n),
        lambda: pa.array([rng.choice((-1, 2**62, 0))] * n, pa.int64()),
        lambda: pa.array([2**64 - 1] * n, pa.uint64()),
        lambda: pa.nulls(n, rng.choice((pa.int64(), pa.string(), pa.date32(), pa.null()))),
        lambda: pa.array([None, *[5] * (n - 1)], pa.int64()),
        lambda: pa.array([b"\xff\x00"] * n, pa.binary()),
        lambda: pa.array([True] * n),
        lambda: pa.array([[1, 2]] * n),
        lambda: pa.array([{"a": 1}] * n),
        lambda: pa.array([2**62] * n, pa.timestamp(rng.choice(("s", "ms", "ns")))),
        lambda: pa.array([2**31 - 1] * n, pa.date32()),
        lambda: pa.array([1] * n, pa.time64("us")),
        lambda: pa.array(["x"] * n).dictionary_encode(),
    )
    if rng.random() < 0.1:
        return parquet_bytes(table.remove_column(at))
    if rng.random() < 0.1:
        return parquet_bytes(table.append_column(name, table.column(at)))
    if rng.random() < 0.1:
        return parquet_bytes(pa.concat_tables([table, table]))
    return parquet_bytes(table.set_column(at, name, rng.choice(made)()))


PARQUET_KINDS = (parquet_column, parquet_column, flip, flip, cut, drop, splice, insert, overwrite)
