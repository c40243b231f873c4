"""Every planted fault is named as the top cause, by the dollars it makes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from billed_usage import KEYS, LAST, bill_of, changed, held, usage_rows

from forecast.records.reconciliation import Cause

BILLED = usage_rows(first=date(2026, 5, 1), last=date(2026, 6, 30))
D12 = Decimal("0.88")
FINE = ("platform", "model", "token_kind")
NAMED = (*FINE, "service_tier", "geography", "speed", "context_window")
OWNED = (*FINE, "workspace")

Change = Callable[[pd.DataFrame], pd.DataFrame]


def lost(column: str, value: str, instead: str) -> Change:
    return lambda usage: changed(usage, lambda f: f[column] == value, **{column: instead})


def in_fast_mode(usage: pd.DataFrame) -> pd.DataFrame:
    return changed(usage, lambda f: f["workspace"] == "chat", speed="fast")


def with_cache_in_input(usage: pd.DataFrame) -> pd.DataFrame:
    cache = usage[[c for c in usage if c.startswith("cache_")]].sum(axis=1)
    return usage.assign(input_tokens=usage["input_tokens"] + cache)


def of_one_hour(usage: pd.DataFrame) -> pd.DataFrame:
    return usage.assign(
        cache_write_1h_tokens=usage["cache_write_1h_tokens"] + usage["cache_write_5m_tokens"],
        cache_write_5m_tokens=0,
    )


def without(column: str, value: str) -> Change:
    return lambda usage: usage[usage[column] != value].reset_index(drop=True)


def without_days(first: str, last: str) -> Change:
    return lambda usage: usage[~usage["day"].between(first, last)].reset_index(drop=True)


OPUS = [key | {"model": "claude-opus-4-8"} for key in KEYS[:1]] + list(KEYS[1:])
FAST = usage_rows(OPUS)
LONG = usage_rows(
    [
        {"model": "claude-haiku-5-5", "workspace": "long", "context_window": "> 100k"},
        {"model": "claude-opus-4-6", "workspace": "chat"},
    ],
    date(2026, 10, 1),
    date(2026, 10, 31),
)

USAGE_FAULTS = {
    "batch exported as standard": (
        BILLED, lost("service_tier", "batch", "standard"), Cause.SERVICE_TIER),
    "standard exported as batch": (
        changed(BILLED, lambda f: f["workspace"] == "night", service_tier="standard"),
        lambda u: changed(u, lambda f: f["workspace"] == "night", service_tier="batch"),
        Cause.SERVICE_TIER),
    "geography lost": (BILLED, lost("geography", "us", "global"), Cause.GEOGRAPHY),
    "geography made up": (
        BILLED, lambda u: changed(u, lambda f: f["workspace"] == "drafts", geography="us"),
        Cause.GEOGRAPHY),
    "fast mode lost": (
        changed(FAST, lambda f: f["model"] == "claude-opus-4-8", speed="fast"),
        lost("speed", "fast", "standard"), Cause.FAST_MODE),
    "long prompts lost": (LONG, lost("context_window", "> 100k", ""), Cause.LONG_CONTEXT),
    "cache counted twice": (BILLED, with_cache_in_input, Cause.CACHE_COUNTED_TWICE),
    "one hour written as five minutes": (
        of_one_hour(BILLED),
        lambda u: u.assign(
            cache_write_5m_tokens=u["cache_write_1h_tokens"], cache_write_1h_tokens=0),
        Cause.CACHE_WRITE_TTL),
    "five minutes written as one hour": (BILLED, of_one_hour, Cause.CACHE_WRITE_TTL),
    "a model without usage": (BILLED, without("model", "claude-haiku-4-5"), Cause.MISSING_USAGE),
    "a workspace without usage": (BILLED, without("workspace", "drafts"), Cause.MISSING_USAGE),
    "days without usage": (
        BILLED, without_days("2026-05-11", "2026-05-15"), Cause.MISSING_DAYS),
}  # fmt: skip


BILLS = (
    ("kinds, at list", FINE, Decimal(1)),
    ("kinds, 12 % off", FINE, D12),
    ("tiers named, at list", NAMED, Decimal(1)),
    ("owners named, 12 % off", OWNED, D12),
)
TRIED = [
    pytest.param(name, by, factor, id=f"{name}; {words}")
    for name in USAGE_FAULTS
    for words, by, factor in BILLS
    if (name != "a workspace without usage" or by == OWNED)
    # one faulty model of two leaves no ratio that a discount could be read off
    and (name != "long prompts lost" or factor == 1)
]


@pytest.mark.parametrize(("name", "by", "factor"), TRIED)
def test_a_fault_of_the_usage_is_the_top_cause(
    name: str, by: tuple[str, ...], factor: Decimal
) -> None:
    billed, fault, cause = USAGE_FAULTS[name]
    found = held(fault(billed), bill_of(billed, by=by, factor=factor))
    assert found.causes[0].cause is cause, found.causes[0].said
    assert found.differences[0].cause is cause
    explained = sum(c.gross_difference_usd for c in found.causes if c.cause is cause)
    assert explained >= Decimal("0.98") * sum(c.gross_difference_usd for c in found.causes)


@pytest.mark.parametrize(
    ("factor", "says"), [("100", "cents that were read"), ("0.01", "dollars that were read")]
)
@pytest.mark.parametrize("monthly", [False, True])
def test_cents_are_named(factor: str, says: str, monthly: bool) -> None:
    by = ("platform",) if monthly else FINE
    found = held(BILLED, bill_of(BILLED, by=by, monthly=monthly, factor=Decimal(factor)))
    assert found.status == "refused"
    assert [c.cause for c in found.causes] == [Cause.CENTS]
    assert says in found.causes[0].said
    assert found.discount is None


TOTALS_FAULTS = {
    "all batch exported as standard": (
        changed(BILLED, lambda f: f["model"] != "", service_tier="batch"),
        lost("service_tier", "batch", "standard"), Cause.SERVICE_TIER),
    "one workspace's batch exported as standard": (
        BILLED, lost("service_tier", "batch", "standard"), Cause.SERVICE_TIER),
    "cache counted twice": (BILLED, with_cache_in_input, Cause.CACHE_COUNTED_TWICE),
    "a workspace that is not billed": (
        without("workspace", "drafts")(BILLED), lambda u: BILLED, Cause.MISSING_BILL),
}  # fmt: skip


@pytest.mark.parametrize("name", TOTALS_FAULTS)
def test_totals_by_month_tell_a_fault_too(name: str) -> None:
    billed, fault, cause = TOTALS_FAULTS[name]
    found = held(fault(billed), bill_of(billed, by=("platform",), monthly=True))
    assert found.status == "refused"
    assert {c.cause for c in found.causes} == {cause}


def test_a_default_workspace_that_is_not_billed_is_named() -> None:
    """The vendor's default workspace has no id: its rows and lines leave the column empty."""
    used = changed(BILLED, lambda f: f["workspace"] == "drafts", workspace="")
    found = held(used, bill_of(without("workspace", "")(used), by=OWNED))
    assert found.causes[0].cause is Cause.MISSING_BILL
    assert "the default workspace (rows that name none)" in found.causes[0].said


def test_input_that_is_less_than_the_cache_does_not_hold_it_once_more() -> None:
    """A million tokens of input beside three million read from the cache cannot contain them."""
    keys = [{"model": "claude-opus-4-6", "workspace": name} for name in ("chat", "plain")]
    used = usage_rows(keys).assign(
        cache_write_5m_tokens=0, cache_write_1h_tokens=0, input_tokens=1_000_000
    )
    used["cache_read_tokens"] = [3_000_000 if w == "chat" else 0 for w in used["workspace"]]
    bill = bill_of(used)
    plain_input = bill["token_kind"] == "input"
    bill["billed_usd"] = [
        usd / 2 if halved else usd
        for usd, halved in zip(bill["billed_usd"], plain_input, strict=True)
    ]
    found = held(used, bill)
    assert Cause.CACHE_COUNTED_TWICE not in {c.cause for c in found.causes}


def test_what_is_no_fault_we_know_is_unexplained() -> None:
    bill = bill_of(BILLED)
    odd = (bill["model"] == "claude-haiku-4-5") & (bill["token_kind"] == "output")
    bill["billed_usd"] = [
        usd * Decimal("1.37") if is_odd else usd
        for usd, is_odd in zip(bill["billed_usd"], odd, strict=True)
    ]
    found = held(BILLED, bill)
    assert [c.cause for c in found.causes] == [Cause.UNEXPLAINED]
    assert {(d.model, d.token_kind) for d in found.differences} == {("claude-haiku-4-5", "output")}


def test_a_model_without_a_bill_is_named() -> None:
    bill = bill_of(without("model", "claude-haiku-4-5")(BILLED))
    found = held(BILLED, bill)
    assert [c.cause for c in found.causes] == [Cause.MISSING_BILL]
    assert "no line of claude-haiku-4-5" in found.causes[0].said


def test_days_the_bill_lacks_are_named() -> None:
    bill = bill_of(without_days("2026-05-11", "2026-05-15")(BILLED))
    found = held(BILLED, bill)
    assert found.status == "refused"
    assert [c.cause for c in found.causes] == [Cause.MISSING_DAYS]
    assert "the bill has nothing on 2026-05-11 to 2026-05-15" in found.causes[0].said


def test_days_the_usage_lacks_are_likely_under_a_bill_of_totals() -> None:
    usage = without_days("2026-05-11", "2026-05-15")(BILLED)
    found = held(usage, bill_of(BILLED, by=("platform",), monthly=True))
    assert [c.cause for c in found.causes] == [Cause.MISSING_DAYS]


@pytest.mark.parametrize("step", [1, -1])
def test_days_that_begin_at_another_hour_cancel(step: int) -> None:
    bill = bill_of(BILLED)
    shifted = bill.assign(
        start=bill["start"] + pd.Timedelta(days=step), end=bill["end"] + pd.Timedelta(days=step)
    )
    found = held(BILLED, shifted)
    assert found.status != "refused"
    assert found.causes[0].cause is Cause.DAY_SHIFT
    assert ("after" if step == 1 else "before") in found.causes[0].said


def test_the_priority_tier_is_outside_of_a_cost_report() -> None:
    usage = changed(BILLED, lambda f: f["workspace"] == "drafts", service_tier="priority")
    bill = bill_of(usage[usage["service_tier"] != "priority"].reset_index(drop=True))
    found = held(usage, bill)
    assert [c.cause for c in found.causes] == [Cause.PRIORITY_TIER]
    assert found.status == "within_tolerance"


def test_credits_inside_an_invoice_are_named() -> None:
    report = bill_of(BILLED)
    credit = report.head(1).assign(
        charge="credit", model="", token_kind="", billed_usd=[Decimal("-1500")]
    )
    invoice = bill_of(BILLED, by=("platform",), monthly=True)
    invoice["billed_usd"] = [
        usd - 1500 if month == pd.Timestamp("2026-05-01") else usd
        for usd, month in zip(invoice["billed_usd"], invoice["start"], strict=True)
    ]
    found = held(BILLED, pd.concat([report, credit], ignore_index=True), invoice)
    assert [c.cause for c in found.causes] == [Cause.OTHER_CHARGES]
    assert found.status == "warning", "the cost report decides, the invoice warns"
    assert [(a.charge, a.billed_usd) for a in found.not_judged] == [("credit", Decimal("-1500"))]


def test_usage_of_another_day_than_the_last_complete_one_is_not_judged() -> None:
    found = held(BILLED, bill_of(BILLED), last=date(2026, 6, 20))
    june = [m for m in found.months if m.month == date(2026, 6, 1)]
    assert [(m.verdict, m.n_days) for m in june] == [("within_tolerance", 20), ("not_judged", 10)]
    assert date(2026, 6, 30) == LAST
