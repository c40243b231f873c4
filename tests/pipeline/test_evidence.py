"""The evidence meter: gaps in dollars, and the levers that rest on them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest
from example_portfolio import usage_rows

from forecast.pipeline.evidence import InputEvidence, hits_are_assumed
from forecast.pipeline.recommend import recommend
from forecast.pricing.rate_cards import canonicalise_models, load_rate_card
from forecast.pricing.rating import rate_usage
from forecast.records.recommendation import Recommendation
from forecast.records.workloads import Workload
from forecast.units import to_cents
from forecast.usage.formats.canonical import write_canonical
from forecast.usage.mapping import assign_workloads
from forecast.usage.reading import read_usage


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A real report on a real file; tests say what else it could not tell."""
    path = tmp_path_factory.mktemp("report") / "usage.csv"
    write_canonical(usage_rows(seed=1).head(20), path)
    (found,) = read_usage([path]).sources
    return replace(found, cannot_tell=())


def inputs(usage, portfolio, sources=()):
    assignment = assign_workloads(canonicalise_models(usage), portfolio)
    card = load_rate_card(usage["day"].max().date())
    rated = rate_usage(assignment.daily, card)
    return InputEvidence(rated, rate_usage(assignment.divided, card), tuple(sources))


def by_item(meter):
    return {item.item: item for item in meter.items}


def test_gaps_stand_in_the_order_of_their_dollars(outcome):
    meter = outcome.result.evidence
    usd = [item.list_usd for item in meter.items]
    assert usd == sorted(usd, reverse=True)
    for item in meter.items:
        assert item.share == pytest.approx(float(item.list_usd / meter.list_usd), abs=1e-6)


def test_what_no_rule_catches_is_what_attribution_lacks(outcome):
    meter = outcome.result.evidence
    loose = by_item(meter)["workload"]
    assert 1 - meter.attributed_share == pytest.approx(loose.share, abs=1e-6)


def test_levers_that_save_rest_on_what_nobody_measured(outcome, buyer):
    meter, workloads = outcome.result.evidence, outcome.result.workloads
    routing = by_item(meter)["paired evaluation of the lighter model"]
    assert "Support chat: routing" in routing.rests_on_it
    saved = [
        lever.list_saving_usd
        for w in workloads
        for lever in w.levers
        if f"{w.name}: {lever.lever}" in routing.rests_on_it
    ]
    assert routing.saving_usd == sum(saved, Decimal(0))
    proven = {w.name for w in buyer.portfolio.workloads if w.routing} - {
        text.split(":")[0] for text in routing.rests_on_it
    }
    for name in proven:
        assert buyer.portfolio.by_name(name).routing.evidence in ("proven", "measured")


def test_missing_request_counts_are_counted_on_the_rows(buyer):
    usage = buyer.usage.copy()
    half = usage["day"] < usage["day"].median()
    usage.loc[half, "requests"] = pd.NA
    found = inputs(usage, buyer.portfolio)
    item = by_item(found.meter(()))["request counts"]
    missing = found.rated["requests"].isna()
    assert item.list_usd == to_cents(sum(found.rated.loc[missing, "list_usd"], Decimal(0)))
    assert not item.is_at_most


def test_what_an_export_has_no_column_for_is_counted_on_its_days(buyer, report):
    first, last = buyer.usage["day"].min().date(), buyer.usage["day"].max().date()
    middle = buyer.usage["day"].median().date()
    blind = replace(
        report, file="old.csv", first_day=first, last_day=middle, cannot_tell=("geography",)
    )
    tells = replace(report, file="new.csv", first_day=first, last_day=last)
    found = inputs(buyer.usage, buyer.portfolio, [blind])
    item = by_item(found.meter(()))["place of inference"]
    until = found.rated["day"] <= pd.Timestamp(middle)
    assert item.list_usd == to_cents(sum(found.rated.loc[until, "list_usd"], Decimal(0)))
    assert (item.sources, item.is_at_most) == (("old.csv",), False)
    both = inputs(buyer.usage, buyer.portfolio, [blind, tells]).meter(())
    assert by_item(both)["place of inference"].is_at_most


def test_writes_without_a_lifetime_concern_the_writes_only(buyer, report):
    first, last = buyer.usage["day"].min().date(), buyer.usage["day"].max().date()
    blind = replace(report, first_day=first, last_day=last, cannot_tell=("cache_write_1h_tokens",))
    found = inputs(buyer.usage, buyer.portfolio, [blind])
    item = by_item(found.meter(()))["lifetime of cache writes"]
    assert item.list_usd == to_cents(sum(found.rated["list_usd_cache_write_5m"], Decimal(0)))
    assert 0 < item.share < 0.5


def test_exports_of_money_tell_nothing_of_usage(buyer, report):
    money = replace(report, n_rows=0, cannot_tell=("speed",))
    assert "speed" not in by_item(inputs(buyer.usage, buyer.portfolio, [money]).meter(()))


def shared(buyer, source):
    """The sandbox key divided between two workloads."""
    first, second, *rest = buyer.portfolio.workloads
    rule = {"api_key": "key-sandbox", "share_source": source, "share_note": "survey of teams"}
    data = buyer.portfolio.model_dump()
    data["workloads"] = [
        first.model_dump() | {"match": [*first.match, rule | {"share": 0.5}]},
        second.model_dump() | {"match": [*second.match, rule | {"share": 0.25}]},
        *(w.model_dump() for w in rest),
    ]
    return type(buyer.portfolio).model_validate(data)


def test_a_divided_key_shows_its_shares_where_they_come_from_and_what_rests_on_them(buyer):
    portfolio = shared(buyer, "claim")
    result = recommend(buyer.usage, portfolio, buyer.terms, seed=7, n_scenarios=50).result
    assert isinstance(result, Recommendation)
    names = [w.name for w in portfolio.workloads[:2]]
    item = by_item(result.evidence)["split of shared keys"]
    assert f"{names[0]} 50% of API key key-sandbox (claim)" in item.note
    assert {text.split(":")[0] for text in item.rests_on_it} <= set(names)
    stated = {a.name: a for a in result.assumptions if "share of API key" in a.name}
    assert {a.value for a in stated.values()} == {"0.5", "0.25"}
    for assumption in stated.values():
        assert (assumption.provenance, assumption.source) == ("claim", "survey of teams")
    loose = by_item(result.evidence)["workload"]
    assert float(4 * loose.list_usd) == pytest.approx(float(item.list_usd), rel=1e-3)


def test_a_measured_split_rests_on_nothing(buyer):
    found = inputs(buyer.usage, shared(buyer, "measured")).meter(())
    assert by_item(found)["split of shared keys"].rests_on_it == ()


def test_a_replay_ends_the_doubt_about_arrivals_unless_it_is_an_assumption_itself():
    def doubted(basis: str, **more: object) -> bool:
        bands = [
            {
                "ttl": ttl,
                "basis": basis,
                "hit_share": 0.8,
                "lower_share": 0.7,
                "upper_share": 0.9,
            }
            for ttl in ("5m", "1h")
        ]
        replay = {"bands": bands, "n_requests": 900, "n_sessions": 40}
        caching = {"stable_prefix_tokens": 900, "prompt_tokens": 1000, "replay": replay}
        return hits_are_assumed(Workload.model_validate({"name": "w", "caching": caching} | more))

    assert not doubted("replay")
    assert not doubted("gap_histogram")
    assert doubted("hourly_arrivals")
    assert doubted("replay", batch={"share": 1.0}), "nobody measured the hits in the batch"
