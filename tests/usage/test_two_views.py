"""A gateway, a tracer and the vendor see the same request; it counts once."""

import json
from decimal import Decimal

import pytest
from export_samples.samples_b import (
    BEDROCK_INVOCATION_LOG,
    LANGFUSE_OBSERVATIONS,
    LITELLM_DAILY_USERS,
    LITELLM_SPEND_LOGS,
    OPENAI_USAGE,
)

from forecast.errors import UsageFormatError
from forecast.usage.reading import read_exports

TRACED = json.dumps(
    {
        "id": "o1",
        "type": "GENERATION",
        "startTime": "2026-11-01T10:20:50Z",
        "model": "claude-opus-4-6",
        "usageDetails": {"input": 3, "output": 52},
        "totalCost": 0.01,
    }
).encode()


@pytest.fixture
def files(tmp_path):
    def write(**contents):
        paths = []
        for name, content in contents.items():
            paths.append(tmp_path / name)
            paths[-1].write_bytes(content)
        return paths

    return write


def test_a_tracer_that_cannot_tell_the_platform_meets_every_platform(files):
    paths = files(log=BEDROCK_INVOCATION_LOG, traces=TRACED)
    with pytest.raises(UsageFormatError, match="covers 2026-11-01 of anthropic, and so does log"):
        read_exports(paths)
    kept = read_exports(paths, prefer=["bedrock_invocation_log"])
    assert set(kept.rows["platform"]) == {"bedrock"}
    assert "1 of 1 rows are left out" in kept.sources[1].warnings[-1]


def test_it_does_not_meet_the_models_of_another_maker(files):
    both = read_exports(files(openai=OPENAI_USAGE, traces=TRACED))
    assert set(both.rows["platform"]) == {"openai", "anthropic"}


def test_a_gateway_that_names_the_provider_meets_that_platform_alone(files):
    both = read_exports(files(log=BEDROCK_INVOCATION_LOG, gateway=LITELLM_SPEND_LOGS))
    assert set(both.rows["platform"]) == {"bedrock", "anthropic", "openai"}
    with pytest.raises(UsageFormatError, match="two views of the same usage"):
        read_exports(files(openai=OPENAI_USAGE, gateway=_on_the_day_of(LITELLM_SPEND_LOGS)))


def _on_the_day_of(logs):
    return logs.replace(b"2026-11-02T", b"2026-11-01T")


def test_the_amounts_of_the_view_that_gives_way_go_too(files):
    paths = files(daily=LITELLM_DAILY_USERS, logs=LITELLM_SPEND_LOGS)
    with pytest.raises(UsageFormatError, match="two views of the same"):
        read_exports(paths)
    kept = read_exports(paths, prefer=["litellm_spend_logs"])
    assert kept.rows["model"].tolist() == ["claude-opus-5-5", "gpt-5.4", "gemini-3-pro"]
    assert kept.costs["billed_usd"].tolist() == [
        Decimal("0.01935"),
        Decimal("0.002"),
        Decimal("0.002"),
    ]
    assert [w for w in kept.sources[0].warnings if "left out" in w] == [
        "1 of 2 rows are left out: a preferred export covers the same days",
        "1 of 2 cost lines are left out: a preferred export covers the same days",
    ]


def test_two_observers_of_one_day_are_two_views(files):
    paths = files(langfuse=LANGFUSE_OBSERVATIONS, gateway=LITELLM_SPEND_LOGS)
    with pytest.raises(UsageFormatError, match="two views of the same usage"):
        read_exports(paths)
