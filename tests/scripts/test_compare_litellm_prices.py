"""Our prices against those that litellm publishes: agreed, or explained."""

import hashlib
import json
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from threading import Barrier

import compare_litellm_prices as litellm
import pytest

from forecast.errors import InputError
from forecast.pricing.rate_cards import load_rate_card
from forecast.pricing.sheets import Differences, read_override


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Give the published file of the pinned version; CI fails where it cannot be fetched."""
    return litellm.read(litellm.fetch())


@pytest.fixture(scope="module")
def card():
    return load_rate_card(litellm.ON)


def _compare(card, document, *platforms):
    found = [f for f in litellm.figures(document, platforms) if "claude" in f.raw_id]
    return litellm.compare(card, found, litellm.ON)


@pytest.mark.slow
def test_every_first_party_id_that_both_have_agrees_without_any_explanation(card, published):
    agree, differ, unknown = _compare(card, published, "anthropic")
    assert (agree, differ) == (217, [])
    assert unknown == ["anthropic claude-mythos-preview"]


@pytest.mark.slow
def test_every_claude_price_on_partner_platforms_agrees_or_is_explained(card, published):
    agree, differ, unknown = _compare(card, published, "bedrock", "vertex")
    known = read_override("other_publishers.toml", Differences)
    assert [litellm.line(d) for d in differ if litellm.explained(d, known) is None] == []
    assert agree > 900
    assert all(
        "us-gov" in name
        or "instant" in name
        or "mythos-preview" in name
        or "claude-sonnet-4-5" in name
        for name in unknown
    )


@pytest.mark.slow
def test_every_explanation_explains_something(card, published):
    """An explanation of a difference that is gone would hide the next one."""
    _, differ, _ = _compare(card, published, "bedrock", "vertex")
    for entry in read_override("other_publishers.toml", Differences).differences:
        only = Differences(differences=(entry,))
        assert any(litellm.explained(d, only) for d in differ), entry.because


@pytest.mark.slow
def test_standard_token_prices_of_other_vendors_agree(card, published):
    figures = [
        f
        for f in litellm.figures(published, ("openai", "google"))
        if f.key.service_tier == "standard"
        and f.kind in ("input", "output", "cache_read")
        and f.usd
    ]
    agree, differ, _ = litellm.compare(card, figures, litellm.ON)
    assert agree > 500
    assert {litellm.line(d) for d in differ if d.ours is not None} == {
        "openai gpt-4o-mini-tts: output 10 there, 12 here",
        "openai gpt-5.6-cyber: > 272k input 25 there, 12.5 here",
        "openai gpt-5.6-cyber: > 272k output 112.5 there, 75 here",
        "openai gpt-5.6-cyber: > 272k cache_read 2.5 there, 1.25 here",
    }


def _file(tmp_path: Path, **change: float) -> Path:
    entry = {
        "litellm_provider": "anthropic",
        "input_cost_per_token": 4e-06,
        "input_cost_per_token_batches": 2e-06,
        "output_cost_per_token": 2e-05,
        "cache_creation_input_token_cost": 5e-06,
        "cache_creation_input_token_cost_above_1hr": 8e-06,
        "cache_read_input_token_cost": 2e-07,
        "search_context_cost_per_query": {"search_context_size_medium": 0.01},
        "max_tokens": 128000,
    } | change
    path = tmp_path / "prices.json"
    path.write_text(json.dumps({"sample_spec": {}, "claude-opus-5-5": entry}), encoding="utf-8")
    return path


def test_who_fetches_at_the_same_time_never_reads_half_a_file(tmp_path, monkeypatch):
    """Two test processes fetch at once on a machine that has nothing yet."""
    document = json.dumps({str(i): {"input_cost_per_token": 1e-06} for i in range(50_000)}).encode()
    together = Barrier(4)

    def download(command, **_):
        together.wait(timeout=60)
        with zipfile.ZipFile(Path(command[command.index("--dest") + 1]) / "a.whl", "w") as wheel:
            wheel.writestr(f"litellm/{litellm.FILE_NAME}", document)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(litellm, "FILE_SHA256", hashlib.sha256(document).hexdigest())
    monkeypatch.setattr(litellm.subprocess, "run", download)
    for turn in range(3):
        cache = tmp_path / str(turn)
        with ThreadPoolExecutor(4) as threads:
            places = threads.map(litellm.fetch, [cache] * 4)
            found = list(threads.map(litellm.read, places))
        assert [len(each) for each in found] == [50_000] * 4
        assert [file.name for file in cache.iterdir()] == [f"{litellm.FILE_SHA256[:16]}.json"]


def test_a_file_that_agrees_passes(tmp_path, capsys):
    assert litellm.main([str(_file(tmp_path))]) == 0
    assert "7 figures of 1 models agree" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cache_read_input_token_cost": 4e-07}, "cache_read 0.4 there, 0.2 here"),
        ({"input_cost_per_token_batches": 4e-06}, "batch input 4 there, 2 here"),
        ({"input_cost_per_token_above_200k_tokens": 8e-06}, "> 200k input 8 there, 4 here"),
        ({"input_cost_per_token_priority": 8e-06}, "priority input 8 there, 4 here"),
        ({"input_cost_per_token_flex": 2e-06}, "flex input 2 there, not sold here"),
    ],
)
def test_an_unexplained_difference_fails(tmp_path, capsys, change, says):
    assert litellm.main([str(_file(tmp_path, **change))]) == 1
    assert f"claude-opus-5-5: {says}" in capsys.readouterr().out


def test_a_file_without_a_common_price_fails(tmp_path):
    empty = tmp_path / "empty.json"
    empty.write_text("{}", encoding="utf-8")
    assert litellm.main([str(empty)]) == 1
    assert litellm.main([str(tmp_path / "absent.json")]) == 2


def test_another_file_than_the_pinned_one_is_refused(tmp_path):
    kept = tmp_path / f"{litellm.FILE_SHA256[:16]}.json"
    kept.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="not the file that was compared"):
        litellm.fetch(tmp_path)


def test_figures_are_exact():
    found = list(
        litellm.figures(
            {
                "m": {
                    "litellm_provider": "openai",
                    "cache_read_input_token_cost": Decimal("1.3e-7"),
                }
            },
            ("openai",),
        )
    )
    assert [f.usd for f in found] == [Decimal("0.13")]
