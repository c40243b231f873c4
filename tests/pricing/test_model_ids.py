import re

import pandas as pd
import pytest

from forecast.pricing.model_ids import canonical_model, canonicalise_models

SPELLINGS = [
    ("anthropic", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
    ("anthropic", "claude-opus-5-5", "claude-opus-5-5"),
    ("anthropic", "anthropic/claude-opus-5.5", "claude-opus-5-5"),
    ("anthropic", "claude-opus-4-6[1m]", "claude-opus-4-6"),
    ("anthropic", "Claude Haiku 4.5", "claude-haiku-4-5"),
    ("anthropic", "claude-sonnet-4-20250514", "claude-sonnet-4-0"),
    ("anthropic", "claude-sonnet-4", "claude-sonnet-4-0"),
    ("anthropic", "claude-opus-4-1-20250805", "claude-opus-4-1"),
    ("anthropic", "claude-3-5-haiku-20241022", "claude-3-5-haiku-latest"),
    ("anthropic", "claude-3-7-sonnet-latest", "claude-3-7-sonnet-latest"),
    ("anthropic", "claude-3-haiku-20240307", "claude-3-haiku"),
    ("anthropic", "claude-4-opus", "claude-opus-4-0"),
    ("anthropic", "claude-opus-5-2026-07-24", "claude-opus-5"),
    ("anthropic", "claude-2.1", "claude-2"),
    ("anthropic", "claude-mythos-5", "claude-mythos-5"),
    ("anthropic", "claude-mythos-5-1", "claude-mythos-5-1"),
    ("anthropic", "claude-mythos-5-2-20261109", "claude-mythos-5-2"),
    ("bedrock", "us.anthropic.claude-sonnet-4-6-v1:0", "claude-sonnet-4-6"),
    ("bedrock", "anthropic.claude-3-haiku-20240307-v1:0:200k", "claude-3-haiku"),
    ("bedrock", "anthropic.claude-v2:1", "claude-2"),
    (
        "bedrock",
        "arn:aws:bedrock:us-east-1:111122223333:inference-profile/global.anthropic.claude-opus-5-5",
        "claude-opus-5-5",
    ),
    ("vertex", "claude-haiku-4-5@20251001", "claude-haiku-4-5"),
    ("vertex", "claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet"),
    ("vertex", "publishers/anthropic/models/claude-opus-5@default", "claude-opus-5"),
]


@pytest.mark.parametrize(("platform", "raw", "canonical"), SPELLINGS)
def test_every_spelling_of_a_model_is_one_model(platform, raw, canonical):
    assert canonical_model(platform, raw) == canonical


@pytest.mark.parametrize(
    ("platform", "raw"),
    [
        ("anthropic", "claude-opus-4-8-fast"),  # priced at twice Opus 4.8
        ("anthropic", "claude-opus-4-10"),
        ("anthropic", "claude-sonnet-4-5-1"),
        ("anthropic", "claude-sonnet-9"),
        ("anthropic", "us.anthropic.claude-sonnet-4-6-v1:0"),
        ("anthropic", "unknown"),
        ("anthropic", ""),
        ("bedrock", "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc123"),
        ("bedrock", "meta.llama4-maverick"),
        ("bedrock", "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0"),  # about 1.2x
        ("bedrock", "bedrock/us-gov-west-1/anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (
            "bedrock",
            "arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/anthropic.claude-opus-5",
        ),
        ("openai", "claude-sonnet-4-5-20250929"),
    ],
)
def test_what_cannot_be_read_stays_as_it_is(platform, raw):
    assert canonical_model(platform, raw) == raw


def test_card_ids_are_fixed_points(card):
    for rates in card.rates:
        assert canonical_model(rates.platform, rates.model) == rates.model


def test_spellings_that_the_price_package_knows_are_read_alike():
    from genai_prices.data_snapshot import get_snapshot

    provider = next(p for p in get_snapshot().providers if p.id == "anthropic")
    checked = 0
    for model in provider.models:
        clauses = getattr(model.match, "or_", [model.match])
        for clause in clauses:
            text = getattr(clause, "equals", None) or getattr(clause, "starts_with", None)
            if text is None or re.search(r"-20\d\d$|@$", text):
                continue  # the beginning of a snapshot, not an id
            assert canonical_model("anthropic", text) == model.id
            checked += 1
    assert checked > 60


def test_canonicalise_a_table_keeps_rows_and_other_columns(usage):
    rows = usage(
        [
            {"day": "2026-11-01", "model": raw, "platform": platform, "output_tokens": i}
            for i, (platform, raw, _) in enumerate(SPELLINGS)
        ]
    )
    named = canonicalise_models(rows.assign(workload=[str(i) for i in range(len(rows))]))
    assert named["model"].tolist() == [canonical for _, _, canonical in SPELLINGS]
    assert named["output_tokens"].tolist() == list(range(len(SPELLINGS)))
    assert named.dtypes.to_dict() == rows.dtypes.to_dict()


@pytest.mark.parametrize(
    ("raw", "before", "after"),
    [
        ("global.anthropic.claude-sonnet-4-6", "global", "global"),
        ("us.anthropic.claude-sonnet-4-6", "global", "regional"),
        ("anthropic.claude-sonnet-4-6-v1:0", "global", "regional"),
        ("us.anthropic.claude-sonnet-4-6", "us", "us"),
        ("us.amazon.nova-pro-v1:0", "global", "regional"),
        ("global.openai.gpt-6-sol", "global", "global"),
        ("us-gov.anthropic.claude-sonnet-4-6", "global", "global"),
        ("claude-sonnet-4-6", "global", "global"),
    ],
)
def test_a_bedrock_id_says_where_inference_ran(usage, raw, before, after):
    row = {"day": "2026-11-01", "platform": "bedrock", "model": raw, "geography": before}
    assert canonicalise_models(usage([row]))["geography"].tolist() == [after]


def test_rows_that_become_the_same_are_added_up(usage):
    row = {"day": "2026-11-01", "output_tokens": 5, "requests": 2}
    rows = usage(
        [
            row | {"model": "claude-opus-5"},
            row | {"model": "claude-opus-5-20260724"},
            row | {"model": "claude-opus-5-5"},
            row | {"model": "claude-opus-5.5", "requests": pd.NA},
        ]
    )
    named = canonicalise_models(rows)
    assert named["model"].tolist() == ["claude-opus-5", "claude-opus-5-5"]
    assert named["output_tokens"].tolist() == [10, 10]
    assert named["requests"].tolist() == [4, pd.NA]
    assert list(named.columns) == list(rows.columns)
    assert named.dtypes.to_dict() == rows.dtypes.to_dict()


def test_an_empty_table_stays_empty(usage):
    assert canonicalise_models(usage([])).empty
