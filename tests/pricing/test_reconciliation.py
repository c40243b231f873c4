"""What is compared, at which grain, and how far apart it may be."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from billed_usage import CARD, KEYS, bill_of, changed, held, usage_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.errors import ReconciliationError, UnknownModelError
from forecast.pricing.reconciliation import (
    NOT_DONE,
    REFUSAL_SHARE,
    TOLERANCE_SHARE,
    Limits,
    Statement,
    reconcile,
    refuse_unreconciled,
    warning_of,
)
from forecast.records.reconciliation import Cause

USAGE = usage_rows()
FEW = usage_rows(first=date(2026, 5, 1), last=date(2026, 5, 31))
"""One month, for laws that are tried on many bills."""
EVERY_COLUMN = (
    "platform", "model", "token_kind", "service_tier", "geography", "workspace", "api_key",
)  # fmt: skip
APRIL, MAY, JUNE = date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)


@settings(max_examples=20)
@given(
    by=st.sets(st.sampled_from(EVERY_COLUMN)),
    monthly=st.booleans(),
    amount=st.sampled_from(["billed_usd", "contracted_usd", "list_usd"]),
)
def test_a_bill_of_our_own_rates_agrees_exactly_at_every_grain(
    by: set[str], monthly: bool, amount: str
) -> None:
    bill = bill_of(FEW, by=sorted(by), monthly=monthly, amount=amount)
    if amount == "list_usd":
        bill["billed_usd"] = bill["list_usd"]
    found = held(FEW, bill)
    assert found.status == "within_tolerance"
    assert (found.difference_share, found.covered_share) == (0.0, 1.0)
    assert not found.differences
    assert found.discount is None or found.discount.discount_share == 0
    assert all(m.difference_usd == m.gross_difference_usd == 0 for m in found.months)


@settings(max_examples=8)
@given(mixed=st.lists(st.sampled_from(["kinds", "model", "rest"]), min_size=3, max_size=3))
def test_lines_of_different_grain_share_a_bill(mixed: list[str]) -> None:
    """Each model is billed by kind, in one line, or in the rest of its platform."""
    models = sorted(set(FEW["model"]))
    grains = {"kinds": ["platform", "model", "token_kind"], "model": ["platform", "model"]}
    parts = []
    for grain in set(mixed):
        here = [m for m, g in zip(models, mixed, strict=True) if g == grain]
        rows = FEW[FEW["model"].isin(here)].reset_index(drop=True)
        parts.append(bill_of(rows, by=grains.get(grain, ["platform"])))
    found = held(FEW, pd.concat(parts, ignore_index=True))
    assert found.status == "within_tolerance"
    assert not found.differences


@settings(max_examples=12)
@given(factor=st.decimals("0.5", "2", places=4))
def test_the_verdict_follows_the_two_shares(factor: Decimal) -> None:
    """One month, so that no ratio of it can be a discount."""
    usage = USAGE[USAGE["day"] < pd.Timestamp(MAY)].reset_index(drop=True)
    found = held(usage, bill_of(usage, by=("platform",), monthly=True, factor=factor))
    share = abs(1 - factor) / factor
    assert (found.status == "within_tolerance") == (share <= Decimal(str(TOLERANCE_SHARE)))
    assert (found.status == "refused") == (share > Decimal(str(REFUSAL_SHARE)))
    if found.status == "refused":
        with pytest.raises(ReconciliationError, match="was billed"):
            refuse_unreconciled(found)
    else:
        refuse_unreconciled(found)
    assert (warning_of(found) is not None) == (found.status == "warning")


def test_the_limits_can_be_told() -> None:
    bill = bill_of(USAGE, factor=Decimal("1.05"))
    assert held(USAGE, bill).status == "warning"
    assert held(USAGE, bill, limits=Limits(0.05, 0.10)).status == "within_tolerance"
    assert held(USAGE, bill, limits=Limits(0.01, 0.04)).status == "refused"
    with pytest.raises(ValueError, match="tolerance"):
        Limits(0.1, 0.05)


def test_the_worst_month_decides() -> None:
    bill = bill_of(USAGE, by=("platform",), monthly=True)
    bill["billed_usd"] = [
        usd * Decimal("1.2") if start == pd.Timestamp(MAY) else usd
        for usd, start in zip(bill["billed_usd"], bill["start"], strict=True)
    ]
    found = held(USAGE, bill)
    assert found.status == "refused"
    assert [m.verdict for m in found.months] == ["within_tolerance", "refused", "within_tolerance"]
    assert found.difference_share is not None
    assert abs(found.difference_share) < 0.1


def test_what_cancels_in_the_total_is_a_warning() -> None:
    bill = bill_of(USAGE)
    total = bill.groupby(["model", "token_kind"])["billed_usd"].sum()
    more = total["claude-opus-4-6", "input"] / total["claude-sonnet-4-6", "input"]
    factors = {"claude-opus-4-6": Decimal("0.7"), "claude-sonnet-4-6": 1 + Decimal("0.3") * more}
    bill["billed_usd"] = [
        usd * factors.get(model, Decimal(1)) if kind == "input" else usd
        for usd, model, kind in zip(
            bill["billed_usd"], bill["model"], bill["token_kind"], strict=True
        )
    ]
    found = held(USAGE, bill)
    assert found.status == "warning"
    assert {m.said for m in found.months} == {"the total agrees, its models and token kinds do not"}


class TestDays:
    def test_usage_from_the_middle_of_a_month_is_compared_on_the_shared_days(self) -> None:
        usage = USAGE[USAGE["day"] >= "2026-04-12"].reset_index(drop=True)
        found = held(usage, bill_of(USAGE))
        assert found.status == "within_tolerance"
        april = [m for m in found.months if m.month == APRIL]
        assert [(m.first_day.day, m.last_day.day, m.verdict) for m in april] == [
            (1, 11, "not_judged"),
            (12, 30, "within_tolerance"),
        ]
        assert [m.said for m in april] == ["no usage on file", "within tolerance (19 days)"]

    def test_a_month_in_part_is_shown_and_not_judged(self) -> None:
        usage = USAGE[USAGE["day"] >= "2026-04-12"].reset_index(drop=True)
        bill = bill_of(USAGE, by=("platform",), monthly=True)
        found = held(usage, bill[bill["start"] != pd.Timestamp(JUNE)].reset_index(drop=True))
        assert [(m.month, m.verdict, m.said) for m in found.months] == [
            (APRIL, "not_judged", "usage covers a part of it"),
            (MAY, "within_tolerance", "within tolerance"),
            (JUNE, "not_judged", "not on the bill"),
        ]
        assert found.covered_share < 0.5
        assert "% of the usage at list stands on a judged bill" in found.note

    def test_nothing_is_judged_without_a_shared_day(self) -> None:
        usage = USAGE[USAGE["day"] < "2026-05-01"].reset_index(drop=True)
        bill = bill_of(USAGE)
        found = held(usage, bill[bill["start"] >= "2026-05-01"].reset_index(drop=True))
        assert found.status == "not_done"
        assert {m.verdict for m in found.months} == {"not_judged"}
        assert "could not be compared" in (warning_of(found) or "")

    def test_a_few_days_refuse_nothing_beside_a_good_month(self) -> None:
        usage = USAGE[USAGE["day"] >= "2026-04-28"].reset_index(drop=True)
        bill = bill_of(USAGE)
        early = bill["start"] < "2026-05-01"
        bill["billed_usd"] = [
            usd * Decimal("1.5") if is_early else usd
            for usd, is_early in zip(bill["billed_usd"], early, strict=True)
        ]
        found = held(usage, bill)
        assert found.status == "warning"
        assert "on 3 days only" in found.months[1].said

    def test_spans_that_overlap_are_compared_together(self) -> None:
        """An invoice period from the middle of a month, and a second one inside it."""
        rows = bill_of(USAGE, by=("platform",))
        inside = rows["start"].between("2026-04-10", "2026-05-09")
        one = rows[inside].head(1).assign(
            start=pd.Timestamp("2026-04-10"), end=pd.Timestamp("2026-05-10"),
            billed_usd=[sum(rows.loc[inside, "billed_usd"]) - 10],
        )  # fmt: skip
        other = one.assign(
            start=pd.Timestamp("2026-04-20"), end=pd.Timestamp("2026-04-21"),
            billed_usd=[Decimal(10)],
        )  # fmt: skip
        found = held(USAGE, pd.concat([one, other], ignore_index=True))
        assert found.difference_share == 0
        assert [m.n_days for m in found.months if m.verdict != "not_judged"] == [30]


class TestSeveralBills:
    def test_the_finer_bill_decides_and_the_other_warns(self) -> None:
        invoice = bill_of(USAGE, by=(), monthly=True, factor=Decimal("1.3"))
        found = held(USAGE, invoice, bill_of(USAGE))
        assert found.status == "warning"
        assert found.difference_share == 0.0
        assert [s.name for s in found.sources] == ["bill 2", "bill 1"]

    def test_bills_of_two_platforms_add_up(self) -> None:
        bedrock = usage_rows([{"platform": "bedrock", "model": "claude-opus-4-6"}], seed=9)
        both = pd.concat([USAGE, bedrock], ignore_index=True)
        found = held(both, bill_of(USAGE), bill_of(bedrock, monthly=True))
        assert (found.status, found.covered_share) == ("within_tolerance", 1.0)
        alone = held(both, bill_of(USAGE))
        assert alone.status == "within_tolerance"
        assert alone.covered_share < 1
        assert "Usage of bedrock" in alone.note

    def test_a_platform_without_usage_is_shown_and_not_judged(self) -> None:
        bedrock = usage_rows([{"platform": "bedrock", "model": "claude-opus-4-6"}], seed=9)
        found = held(USAGE, pd.concat([bill_of(USAGE), bill_of(bedrock)], ignore_index=True))
        assert found.status == "within_tolerance"
        assert {m.said for m in found.months} == {
            "within tolerance", "no usage of bedrock on file",
        }  # fmt: skip

    def test_estimates_are_shown_and_never_judged(self) -> None:
        lines = bill_of(USAGE, factor=Decimal("0.4"))
        guess = Statement("gateway", ("log.csv",), lines, estimated=True)
        found = reconcile(USAGE, [guess], CARD, last_day=date(2026, 6, 30))
        assert found.status == "not_done"
        assert "estimates" in found.note
        assert warning_of(found) is None
        assert len(found.months) == 3
        report = Statement("cost report", ("r.json",), bill_of(USAGE))
        both = reconcile(USAGE, [guess, report], CARD, last_day=date(2026, 6, 30))
        assert both.status == "within_tolerance"
        assert [s.judged for s in both.sources] == [True, False]

    def test_charges_without_usage_are_listed(self) -> None:
        bill = bill_of(USAGE)
        seat = bill.head(1).assign(charge="fee", billed_usd=[Decimal(400)])
        tax = bill.head(1).assign(charge="tax", billed_usd=[Decimal(90)])
        found = held(USAGE, pd.concat([bill, seat, tax], ignore_index=True))
        assert found.status == "within_tolerance"
        assert {(a.charge.value, a.billed_usd) for a in found.not_judged} == {
            ("fee", Decimal(400)), ("tax", Decimal(90)),
        }  # fmt: skip

    def test_only_such_charges_are_no_bill(self) -> None:
        fee = bill_of(USAGE).head(1).assign(charge="fee")
        found = held(USAGE, fee)
        assert (found.status, found.note) == (
            "not_done", "the bills hold no line that usage goes with",
        )  # fmt: skip


def test_without_a_bill_nothing_is_done() -> None:
    assert held(USAGE) is NOT_DONE


def test_usage_without_a_price_is_refused() -> None:
    odd = changed(USAGE, lambda f: f["workspace"] == "tags", model="claude-opus-9")
    with pytest.raises(UnknownModelError, match="claude-opus-9"):
        held(odd, bill_of(USAGE))


def test_display_names_and_dated_ids_are_one_model() -> None:
    bill = bill_of(USAGE)
    bill["model"] = bill["model"].replace(
        {"claude-opus-4-6": "Claude Opus 4.6", "claude-haiku-4-5": "claude-haiku-4-5-20251001"}
    )
    found = held(USAGE, bill)
    assert not found.differences


def test_a_token_kind_that_is_no_priced_one_stands_for_the_rest() -> None:
    bill = bill_of(USAGE)
    writes = bill["token_kind"].str.startswith("cache_write")
    found = held(USAGE, bill.assign(token_kind=bill["token_kind"].mask(writes, "cache_write")))
    assert found.status == "within_tolerance"
    assert not found.differences


def test_web_searches_are_compared_across_models() -> None:
    searched = changed(USAGE, lambda f: f["workspace"] == "chat", web_searches=250)
    bill = bill_of(searched)
    search = bill["token_kind"] == "web_search"
    merged = bill.assign(model=bill["model"].mask(search, ""))
    found = held(searched, merged)
    assert not found.differences
    assert found.status == "within_tolerance"


def test_rounded_lines_are_no_differences() -> None:
    bill = bill_of(USAGE)
    bill["billed_usd"] = [usd.quantize(Decimal("0.01")) for usd in bill["billed_usd"]]
    found = held(USAGE, bill)
    assert found.status == "within_tolerance"
    assert len(found.differences) <= len({(m, k) for m in range(3) for k in range(5)}) // 5


def test_many_keys_of_one_model_need_no_lines_of_their_own() -> None:
    found = held(USAGE, bill_of(USAGE, by=("model",)))
    assert found.grain == "day, model"
    assert found.n_judged_lines == 91 * 3
    assert len(KEYS) == 5
    assert Cause.UNEXPLAINED not in {c.cause for c in found.causes}


def test_a_bill_without_lines_is_none() -> None:
    found = held(FEW, bill_of(FEW).head(0), bill_of(FEW))
    assert (found.status, len(found.sources)) == ("within_tolerance", 1)
