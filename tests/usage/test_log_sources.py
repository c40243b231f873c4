"""Request logs beside exports: where they go, and that both ways of reading agree."""

import json

import pytest
from export_samples import SAMPLES
from export_samples.samples_b import OTHER_SYNTAXES
from usage_samples import CANONICAL, write

from forecast.errors import UsageFormatError
from forecast.pricing.model_ids import canonicalise_models
from forecast.usage.log_sources import LogSettings, separated
from forecast.usage.overlap import views
from forecast.usage.reading import format_named, read_exports, read_usage
from forecast.usage.request_logs.recognition import LAYOUTS

REQUESTS = """time,model,input_tokens,output_tokens,api_key,prefix,cache_read_tokens
2026-10-01T10:00:00Z,claude-opus-5-5,100,10,chat,p1,0
2026-10-01T10:02:00Z,claude-opus-5-5,40,10,chat,p1,60
2026-10-02T00:00:00+02:00,claude-opus-5-5,7,1,chat,p2,0
"""


def test_a_request_table_becomes_days_with_requests_counted(tmp_path):
    usage = read_usage([write(tmp_path, "log.csv", REQUESTS)])
    (row,) = usage.rows.to_dict("records")
    assert (row["input_tokens"], row["cache_read_tokens"], row["output_tokens"]) == (147, 60, 21)
    assert row["requests"] == 3
    (source,) = usage.sources
    assert (source.format_name, source.n_rows) == ("canonical_requests", 3)
    assert usage.arrivals is None


def test_arrivals_are_measured_when_asked_for(tmp_path):
    path = write(tmp_path, "log.csv", REQUESTS)
    usage = read_usage([path], logs=LogSettings(with_arrivals=True, every_log=True))
    gaps = usage.arrivals[usage.arrivals["measure"] == "gap_seconds"]
    within_five_minutes = gaps[gaps["below"].fillna(10**9) <= 300]
    assert within_five_minutes["requests"].sum() == 1


def test_logs_and_exports_stand_side_by_side(tmp_path):
    paths = [write(tmp_path, "log.csv", REQUESTS), write(tmp_path, "usage.csv", CANONICAL)]
    usage = read_usage(paths)
    assert usage.rows["output_tokens"].sum() == 21 + 600
    assert {s.format_name for s in usage.sources} == {"canonical_requests", "canonical"}
    assert usage.rows.equals(read_usage(paths[::-1]).rows)


def test_a_folder_of_logs_is_taken_apart(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    log, table = write(folder, "log.csv", REQUESTS), write(folder, "usage.csv", CANONICAL)
    (folder / ".hidden").write_text("x")
    assert separated([folder], LogSettings()) == ([log], [table])
    assert len(read_usage([folder]).sources) == 2


@pytest.mark.parametrize(
    ("name", "log"),
    [
        ("bedrock_invocation_log", SAMPLES["bedrock_invocation_log"]),
        ("litellm_spend_logs", OTHER_SYNTAXES["litellm_spend_logs"]),
    ],
)
def test_a_vendors_log_says_the_same_to_its_format_and_to_the_engine(tmp_path, name, log):
    path = write(tmp_path, "log", log)
    by_format = read_exports([path])
    by_engine = read_exports([path], logs=LogSettings(every_log=True))
    assert by_format.sources[0].format_name == by_engine.sources[0].format_name == name
    assert told_by_both(by_engine.rows) == told_by_both(by_format.rows)


def told_by_both(rows):
    """What a log says whoever reads it: the engine leaves bodies alone, where lifetimes stand."""
    rows = canonicalise_models(rows).assign(
        cache_write_5m_tokens=rows["cache_write_5m_tokens"] + rows["cache_write_1h_tokens"]
    )
    return rows.drop(columns=["cache_write_1h_tokens", "tag"]).to_dict("records")


def test_a_log_can_be_named(tmp_path):
    path = write(tmp_path, "log.csv", REQUESTS)
    assert len(read_usage([path], format_name="canonical_requests").rows) == 1
    other = write(tmp_path, "other.json", json.dumps({"data": []}))
    with pytest.raises(UsageFormatError):
        read_usage([other], format_name="canonical_requests")


@pytest.mark.parametrize(
    ("log", "other"),
    [("bedrock_invocation_log", "aws_cur"), ("litellm_spend_logs", "anthropic_usage_report")],
)
def test_the_engine_and_the_format_of_a_log_are_the_same_view(log, other):
    (layout,) = [one for one in LAYOUTS if one.name == log]
    kind, rival = format_named(log), format_named(other)
    assert (layout.recorded_by, layout.seen_by) == (kind.recorded_by, kind.seen_by)
    assert views(layout, rival)
    assert views(kind, rival)
