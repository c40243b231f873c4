"""Damaged exports: the result is a table that keeps its contract, or an error of the domain."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutation_harness import MUTANTS, csv_totals, json_totals, parquet_totals, survives
from usage_samples import CANONICAL, CONSOLE, day_bucket, page, result, usage_rows

from forecast.errors import InputError
from forecast.tables import USAGE_ROWS, check
from forecast.usage.formats import canonical
from forecast.usage.formats.canonical import KEY, write_canonical
from forecast.usage.reading import read_usage

JSON_PAGES = "\n".join(
    json.dumps(p)
    for p in (
        page(day_bucket(1, result(), result(model="b")), more=True),
        page(day_bucket(2, result(service_tier="batch"))),
    )
)
SAMPLES = {
    "anthropic_usage_report": JSON_PAGES.encode(),
    "anthropic_console_usage": CONSOLE.encode(),
    "canonical": CANONICAL.encode(),
}
TOKENS = [
    *(b"-1", b"1e9", b"NaN", b"Infinity", b"9" * 5000, b"1.5", b"null", b"true", b'""', b"[]"),
    *(b"{}", b"[" * 3000, b'"', b",", b"\n", b"\r\n", b"\xff", b"\x00", b"\xef\xbb\xbf"),
    *("\u0663".encode(), "\u2028".encode(), b"2026-08-05T10:00", b"0001-01-01T00:00:00+23:59"),
]


@st.composite
def damaged(draw, data):
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 1, 1, 2, 8, 40, 300]))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            data = data[:at] + draw(st.binary(min_size=1, max_size=4)) + data[at + length :]
        elif kind == 1:
            data = data[:at] + draw(st.sampled_from(TOKENS)) + data[at + length :]
        elif kind == 2:
            data = data[:at] + data[at : at + length] + data[at:]
        else:
            data = data[:at]
    return data


def read_or_refuse(path, data, format_name):
    path.write_bytes(data)
    try:
        usage = read_usage([path], format_name=format_name)
    except InputError as refused:
        where = (refused.file, refused.column)
    else:
        where = (path.name, None)
        check(usage.rows, USAGE_ROWS, key=KEY)
        assert len(usage.rows)
    assert where != (None, None)


SETTINGS = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("name", SAMPLES)
@given(data=st.data(), by_name=st.booleans())
@SETTINGS
def test_a_damaged_text_never_ends_in_a_traceback(tmp_path, name, data, by_name):
    content = data.draw(damaged(SAMPLES[name]))
    read_or_refuse(tmp_path / "export", content, name if by_name else None)


@pytest.fixture(scope="module")
def parquet(tmp_path_factory):
    path = tmp_path_factory.mktemp("sample") / "usage.parquet"
    write_canonical(usage_rows(*({"tag": f"t{i}", "input_tokens": i} for i in range(50))), path)
    return path.read_bytes()


@given(data=st.data())
@SETTINGS
def test_a_damaged_parquet_never_ends_in_a_traceback(tmp_path, parquet, data):
    content = data.draw(damaged(parquet))
    read_or_refuse(tmp_path / "export", content, data.draw(st.sampled_from([None, "canonical"])))


@given(data=st.data())
@settings(SETTINGS, max_examples=100)
def test_flipped_bits_in_a_parquet_change_no_number_unseen(tmp_path, parquet, data):
    at = data.draw(st.integers(0, len(parquet) - 1))
    flipped = bytearray(parquet)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    (tmp_path / "export").write_bytes(bytes(flipped))
    try:
        rows = read_usage([tmp_path / "export"]).rows
    except InputError:
        return
    assert sorted(rows["input_tokens"]) == list(range(50))


SUMMED = {
    "anthropic_usage_report": json_totals(
        {
            "input_tokens": {"data[].results[].uncached_input_tokens": 1},
            "cache_write_5m_tokens": {
                "data[].results[].cache_creation.ephemeral_5m_input_tokens": 1
            },
            "cache_write_1h_tokens": {
                "data[].results[].cache_creation.ephemeral_1h_input_tokens": 1
            },
            "cache_read_tokens": {"data[].results[].cache_read_input_tokens": 1},
            "output_tokens": {"data[].results[].output_tokens": 1},
            "web_searches": {"data[].results[].server_tool_use.web_search_requests": 1},
        }
    ),
    "anthropic_console_usage": csv_totals(
        {
            "input_tokens": {"usage_input_tokens_no_cache": 1},
            "cache_write_5m_tokens": {"usage_input_tokens_cache_write_5m": 1},
            "cache_write_1h_tokens": {"usage_input_tokens_cache_write_1h": 1},
            "cache_read_tokens": {"usage_input_tokens_cache_read": 1},
            "output_tokens": {"usage_output_tokens": 1},
            "web_searches": {"web_search_count": 1},
        }
    ),
    "canonical": csv_totals({c: {c: 1} for c in ("input_tokens", "output_tokens", "requests")}),
}


@pytest.mark.parametrize("n", MUTANTS)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_mutant_is_refused_at_its_place_or_summed_right(name, n):
    outcome = survives(name, SAMPLES[name], n=n, totals=SUMMED[name])
    assert outcome.rederived == outcome.read > n / 20
    assert outcome.refused > n / 3


@pytest.mark.parametrize("n", MUTANTS)
def test_a_mutant_of_a_parquet_is_refused_at_its_place_or_summed_right(parquet, n):
    totals = parquet_totals({c: {c: 1} for c in ("input_tokens", "output_tokens", "requests")})
    outcome = survives(canonical, parquet, n=n, totals=totals)
    assert outcome.rederived == outcome.read > n / 20
    assert outcome.refused > n / 3
