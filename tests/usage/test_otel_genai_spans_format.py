import json

import pytest
from export_samples.samples_b import OTEL_GENAI_SPANS
from mutation_harness import MUTANTS, survives
from mutation_kinds import json_values
from reading_back import assert_survives_the_canonical_table, read_one

from forecast.errors import UsageFormatError
from forecast.usage.formats.otel_genai_spans import read

USAGE = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 50}


def span(number, attributes=USAGE, **changes):
    values = [
        {"key": k, "value": {"intValue": str(v)} if isinstance(v, int) else v}
        for k, v in attributes.items()
    ]
    return {
        "traceId": "t",
        "spanId": f"s{number}",
        "kind": 3,
        "startTimeUnixNano": "1793527200000000000",
        "attributes": values,
    } | changes


def message(*spans):
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]})


def parsed(*spans):
    return read(message(*spans).encode(), "spans.json")


def with_usage(**counts):
    return USAGE | {f"gen_ai.usage.{k.replace('__', '.')}": v for k, v in counts.items()}


def test_cache_tokens_are_taken_out_and_the_agent_is_not_counted_again(tmp_path):
    exports = read_one(tmp_path, OTEL_GENAI_SPANS)
    rows = exports.rows.set_index("model")
    opus = rows.loc["claude-opus-5-5-20260901"]
    assert opus["input_tokens"] == 12000 - 9000 - 2000
    assert (opus["cache_read_tokens"], opus["cache_write_5m_tokens"]) == (9000, 2000)
    assert (opus["platform"], opus["workspace"], opus["tag"]) == ("anthropic", "prod", "closer")
    sonnet = rows.loc["us.anthropic.claude-sonnet-4-6"]
    assert (sonnet["platform"], sonnet["input_tokens"], sonnet["output_tokens"]) == (
        "bedrock",
        1000,
        70,
    )
    assert rows["requests"].tolist() == [1, 1]
    source = exports.sources[0]
    assert source.input_includes_cache
    assert source.warnings == (
        "1 spans are an agent's own, which repeat the calls in them: not counted",
        "1 spans do not tell the lifetime of their cache writes: taken as 5 minutes",
    )
    assert (source.first_day.day, source.last_day.day) == (1, 2)


def test_of_spans_with_usage_the_innermost_count():
    result = parsed(
        span(1),
        span(2, {}, parentSpanId="s1"),
        span(3, parentSpanId="s2"),
        span(4, parentSpanId="s2"),
    )
    assert result.rows["group"].tolist() == ["t s3", "t s4"]
    assert "1 spans are the sum of others" in result.warnings[0]


def test_a_remote_agent_counts_where_nothing_inside_it_does():
    agent = USAGE | {"gen_ai.operation.name": {"stringValue": "invoke_agent"}}
    assert len(parsed(span(1, agent)).rows) == 1
    assert parsed(span(1, agent, kind=1)).rows.empty


@pytest.mark.parametrize(
    "names",
    [
        {"cache_read__input_tokens": 800},
        {"cache_read_input_tokens": 800},
        {"input_tokens__cached": 800, "cache_read_input_tokens": 800},
    ],
)
def test_older_names_of_cache_reads(names):
    rows = parsed(span(1, with_usage(**names, details__cache_read=800))).rows
    assert (rows["input_tokens"].item(), rows["cache_read_tokens"].item()) == (200, 800)


def test_a_total_tells_that_cache_tokens_stand_beside_the_input():
    apart = parsed(span(1, with_usage(cache_read_input_tokens=9000, total_tokens=10050)))
    assert apart.rows["input_tokens"].tolist() == [1000]
    assert "counts cache tokens beside the input" in apart.warnings[0]


def test_a_file_without_calls_says_so():
    result = parsed(span(1, {}))
    assert result.rows.empty
    assert result.warnings == ("none of the 1 spans carries gen_ai.usage tokens",)


def test_the_tier_of_the_response():
    tier = USAGE | {"openai.response.service_tier": {"stringValue": "flex"}}
    assert parsed(span(1, tier)).rows["service_tier"].tolist() == ["flex"]


@pytest.mark.parametrize(
    ("changed", "column", "words"),
    [
        (
            span(2, with_usage(cache_read__input_tokens=1001)),
            "gen_ai.usage.input_tokens",
            "less than",
        ),
        (span(2, with_usage(prompt_tokens=5)), "gen_ai.usage.prompt_tokens", "which is right"),
        (span(2, with_usage(audio_tokens=5)), "gen_ai.usage.audio_tokens", "does not know"),
        (
            span(2, with_usage(output_tokens={"intValue": "-5"})),
            "attributes[1].value.intValue",
            "neg",
        ),
        (span(2, with_usage(output_tokens={"intValue": -5})), "gen_ai.usage.output_tokens", "neg"),
        (
            span(2, with_usage(output_tokens={"stringValue": "5"})),
            "gen_ai.usage.output_tokens",
            "not a number",
        ),
        (span(2, startTimeUnixNano="1793527200"), "startTimeUnixNano", "check the unit"),
        (span(2, spanId=""), "spanId", "is empty"),
        (span(1), "spanId", "stands in record 1 already"),
        (span(2) | {"attributes": {}}, "attributes", "not a list"),
    ],
)
def test_a_bad_value_is_named_by_row_and_attribute(changed, column, words):
    with pytest.raises(UsageFormatError) as refused:
        parsed(span(1), changed)
    assert (refused.value.file, refused.value.row) == ("spans.json", 2)
    assert refused.value.column == column
    assert words in refused.value.problem


def test_rows_survive_the_canonical_table(tmp_path):
    assert_survives_the_canonical_table(tmp_path, OTEL_GENAI_SPANS)


def outputs(data):
    """Add up the output tokens of flat spans, whatever their values are written as."""
    total = 0
    try:
        for value in json_values(data):
            for resource in value["resourceSpans"]:
                for one in resource["scopeSpans"][0]["spans"]:
                    told = {a["key"]: a["value"] for a in one["attributes"]}
                    if one.get("parentSpanId") or len(resource["scopeSpans"]) > 1:
                        return None
                    total += int(told["gen_ai.usage.output_tokens"]["intValue"])
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None
    return {"output_tokens": total}


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_spans_are_refused_or_read_right(n):
    outcome = survives("otel_genai_spans", message(span(1), span(2)), n=n, totals=outputs)
    assert outcome.rederived > 5
    assert outcome.refused


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_traces_are_refused_or_read(n):
    outcome = survives("otel_genai_spans", OTEL_GENAI_SPANS, n=n)
    assert outcome.read
    assert outcome.refused
