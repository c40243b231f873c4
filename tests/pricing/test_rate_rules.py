"""The rules of prices hold on the shipped card, and a broken card breaks them by name."""

import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from forecast.pricing.rate_cards import load_rate_card
from forecast.pricing.rules import check_rate_card
from forecast.records.rates import ModelFacts, RateCard

AS_OF = date(2026, 11, 22)
ROOT = Path(__file__).parents[2]


def _rules(card: RateCard, on: date = AS_OF) -> set[tuple[str, str]]:
    return {(v.model, v.rule) for v in check_rate_card(card, on=on)}


def test_the_shipped_card_keeps_every_rule(card):
    assert check_rate_card(card, on=AS_OF) == ()


AMENDED = {
    "cache_write_5m": "standard = { cache_write_5m = 6 }",
    "cache_write_1h": "standard = { cache_write_1h = 9 }",
    "cache_read": "standard = { cache_read = 0.40 }",
    "output": "standard = { output = 21 }",
    "batch": "batch_multiple = 0.6",
    "flex": "flex_multiple = 0.5",
    "priority": "priority_multiple = 1.75",
    "us": "us_multiple = 1.2",
    "regional": "regional_multiple = 1.1",
    "web_search": "web_search_usd_per_1000 = 12",
    "fast": "fast = { input = 10, cache_write_5m = 12.5, cache_write_1h = 20, "
    "cache_read = 1, output = 60 }",
    "long_context": "long_context = { above_prompt_tokens = 200_000, rates = { input = 10, "
    "cache_write_5m = 12.5, cache_write_1h = 20, cache_read = 1, output = 37.5 } }",
}


@pytest.mark.parametrize("rule", AMENDED)
def test_each_rule_catches_its_own_fault(sheet, rule):
    path = sheet(f"""
        [[amendments]]
        platforms = ["anthropic"]
        models = ["claude-opus-4-5"]
        effective_from = 2026-11-01
        {AMENDED[rule]}
        source = "misread"
        checked_on = 2026-11-22
    """)
    broken = load_rate_card(AS_OF, price_sheets=[path])
    assert _rules(broken) == {("claude-opus-4-5", rule)}
    assert check_rate_card(broken, on=AS_OF)[0].day == date(2026, 11, 1)


def test_a_withdrawn_batch_price_is_caught(sheet):
    path = sheet("""
        [[amendments]]
        platforms = ["vertex"]
        models = ["claude-opus-5-5"]
        withdraws = ["batch"]
        source = "forgotten"
        checked_on = 2026-11-22
    """)
    assert ("claude-opus-5-5", "batch") in _rules(load_rate_card(AS_OF, price_sheets=[path]))


def test_an_exception_counts_on_its_own_days_only(sheet):
    """Sonnet 5.5 reads at 0.05x from 2026-10-07; a card that forgets the old price is caught."""
    path = sheet("""
        [[amendments]]
        platforms = ["anthropic"]
        models = ["claude-sonnet-5-5"]
        effective_to = 2026-10-07
        standard = { cache_read = 0.10 }
        source = "history forgotten"
        checked_on = 2026-11-22
    """)
    assert ("claude-sonnet-5-5", "cache_read") in _rules(load_rate_card(AS_OF, price_sheets=[path]))


def _with(card: RateCard, **change: object) -> RateCard:
    """Change the last window of Opus 5 on the first-party platform."""
    last = [r for r in card.rates if (r.platform, r.model) == ("anthropic", "claude-opus-5")][-1]
    rates = tuple(r.model_copy(update=change) if r is last else r for r in card.rates)
    return card.model_copy(update={"rates": rates})


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"effective_from": date(2026, 10, 1)}, "overlap"),
        ({"effective_from": date(2026, 10, 20)}, "gap"),
        ({"effective_to": date(2027, 1, 1)}, "end"),
        ({"source": " "}, "source"),
        ({"checked_on": date(2026, 8, 1)}, "age"),
    ],
)
def test_windows_and_checks_of_a_card(card, change, rule):
    assert _rules(_with(card, **change)) == {("claude-opus-5", rule)}


def test_age_counts_from_the_day_of_the_check(card):
    """Claude was checked on 2026-11-22, the others are as listed on 2026-11-04."""
    assert check_rate_card(card, on=date(2027, 2, 4)) == ()
    late = check_rate_card(card, on=date(2027, 2, 5))
    assert {v.rule for v in late} == {"age"}
    assert "anthropic" not in {v.platform for v in late}
    assert "anthropic" in {v.platform for v in check_rate_card(card, on=date(2027, 2, 23))}
    assert check_rate_card(card, on=date(2027, 2, 5), max_age_days=93) == ()


def test_every_model_has_facts_and_a_living_priced_successor(card):
    without = tuple(f for f in card.models if f.model != "claude-opus-5")
    assert _rules(card.model_copy(update={"models": without})) == {("claude-opus-5", "facts")}
    lost = ModelFacts(
        model="claude-opus-5",
        family="opus",
        retires_on=date(2027, 7, 24),
        successor="claude-opus-7",
        source="s",
    )
    broken = card.model_copy(update={"models": (*without, lost)})
    assert _rules(broken) == {("claude-opus-5", "successor")}


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    script = ROOT / "scripts" / "check_rate_cards.py"
    return subprocess.run(
        [sys.executable, str(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )


def test_the_script_prints_a_table_and_exits_by_the_outcome(sheet):
    good = _run("--on", "2026-11-22")
    assert (good.returncode, good.stderr) == (0, "")
    assert "keep every rule" in good.stdout
    assert len([line for line in good.stdout.splitlines() if " claude-" in line]) == 87
    path = sheet("""
        [[amendments]]
        platforms = ["anthropic"]
        models = ["claude-opus-4-5"]
        standard = { output = 21 }
        source = "misread"
        checked_on = 2026-11-22
    """)
    bad = _run("--on", "2026-11-22", "--price-sheet", str(path))
    assert bad.returncode == 1
    assert bad.stdout.splitlines()[-3].split() == [
        *("anthropic", "claude-opus-4-5", "2026-10-14", "output", "4.2", "5")
    ]
    unreadable = _run("--on", "2026-11-22", "--price-sheet", str(path.parent / "absent.toml"))
    assert unreadable.returncode == 2
    assert "absent.toml" in unreadable.stderr


def test_multiples_are_exact_not_rounded(sheet):
    """A hundredth of a cent off is still off."""
    path = sheet("""
        [[amendments]]
        platforms = ["anthropic"]
        models = ["claude-haiku-5-5"]
        standard = { cache_read = 0.0100000001 }
        source = "misread"
        checked_on = 2026-11-22
    """)
    broken = load_rate_card(AS_OF, price_sheets=[path])
    violation = check_rate_card(broken, on=AS_OF)[0]
    assert (violation.rule, violation.expected) == ("cache_read", "0.1")
    assert Decimal(violation.found) == Decimal("0.100000001")
