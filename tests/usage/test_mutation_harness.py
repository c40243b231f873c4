"""The harness finds what it is there to find: each reader below has one fault."""

import csv
import io
import json
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import pytest
from mutation_harness import csv_totals, json_totals, mutant, mutations, survives

from forecast.errors import UsageFormatError
from forecast.usage.formats import cells
from forecast.usage.formats.canonical import DEFAULTS
from forecast.usage.formats.protocol import Parsed, bucket_frame

SAMPLE = b"tokens,model\n10,a\n20,b\n30,c\n"
TOTALS = csv_totals({"input_tokens": {"tokens": 1}})
START = datetime.combine(date(2026, 11, 1), datetime.min.time())


def read(data, file, *, count=cells.count, keep=slice(None)):
    try:
        rows = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise UsageFormatError("is not a CSV", file=file) from None
    if any(len(row) != 2 for row in rows) or rows[:1] != [["tokens", "model"]]:
        raise UsageFormatError("has another shape", file=file, row=1)
    body = rows[1:][keep]
    columns = {name: [value] * len(body) for name, value in DEFAULTS.items()}
    columns["model"] = [row[1] for row in body]
    tokens = [row[0] for row in body]
    columns["input_tokens"] = cells.convert(tokens, count, file=file, column="tokens")
    columns["output_tokens"] = [0] * len(body)
    columns["start"], columns["seconds"] = [START] * len(body), [1] * len(body)
    columns["group"], columns["row"] = [""] * len(body), range(1, len(body) + 1)
    return Parsed(bucket_frame(columns), START, START + timedelta(days=1))


def reader(read=read):
    return SimpleNamespace(name="toy", fits=lambda head: "tokens" in head.columns, read=read)


def test_a_sound_reader_survives():
    outcome = survives(reader(), SAMPLE, n=300, totals=TOTALS)
    assert outcome.read + outcome.refused == 300
    assert outcome.rederived == outcome.read > 20


def test_a_reader_that_loses_a_row_is_found():
    def losing(data, file):
        return read(data, file, keep=slice(0, 3))

    with pytest.raises(AssertionError, match="the file holds"):
        survives(reader(losing), SAMPLE, n=300, totals=TOTALS)


def test_a_reader_that_takes_nonsense_for_zero_is_found():
    def lenient(text):
        return int(text) if text.isdigit() and len(text) < 10 else 0

    def coercing(data, file):
        return read(data, file, count=lenient)

    with pytest.raises(AssertionError, match=r"the file holds|ValueError"):
        survives(reader(coercing), SAMPLE, n=300, totals=TOTALS)


def test_a_traceback_is_found():
    def trusting(data, file):
        return read(data, file, count=int) if b"\xff" not in data else data.decode()

    with pytest.raises(AssertionError, match="Error: "):
        survives(reader(trusting), SAMPLE, n=300)


def test_a_refusal_without_a_place_is_found():
    def vague(data, file):
        try:
            return read(data, file)
        except UsageFormatError as error:
            raise UsageFormatError(error.problem, file=file) from None

    with pytest.raises(AssertionError, match="names neither row nor column"):
        survives(reader(vague), SAMPLE, n=300)
    survives(reader(vague), SAMPLE, n=300, places=False)


def test_a_refusal_without_a_file_is_found():
    def nameless(data, file):
        return read(data, None)

    with pytest.raises(AssertionError, match="names no file"):
        survives(reader(nameless), SAMPLE, n=300)


def test_a_slow_reader_is_found(monkeypatch):
    monkeypatch.setattr("mutation_harness.MAX_SECONDS", 0.0)
    with pytest.raises(AssertionError, match="took"):
        survives(reader(), SAMPLE, n=1)


def test_a_mutant_can_be_repeated_alone():
    every = list(mutations(SAMPLE, 50, seed=7))
    assert every[31] == mutant(SAMPLE, 31, seed=7)
    assert len({m.data for m in every}) > 40


def test_totals_walk_lists_and_nested_members():
    totals = json_totals({"cost": {"data[].a.b": 2, "data[].c": -1}})
    page = {"data": [{"a": {"b": "1.5"}, "c": 1}, {"c": None}]}
    assert totals(json.dumps([page, page]).encode()) == {"cost": 4}
    assert totals(b"[1") is None
