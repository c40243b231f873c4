"""The part of a rate card that a result rests on, small enough to be kept beside it."""

from __future__ import annotations

import pandas as pd

from forecast.pricing.segments import successors
from forecast.records.rates import RateCard
from forecast.records.workloads import Portfolio


def kept_card(card: RateCard, daily: pd.DataFrame, portfolio: Portfolio) -> RateCard:
    """Keep the prices of every model in use, that can follow one, or that a lever or launch names.

    Prices change with the package and with a price sheet; what a forecast was priced at must be
    known when the next one is held against it.
    """
    models = set(daily["model"])
    for workload in portfolio.workloads:
        if workload.routing is not None:
            models.add(workload.routing.to_model)
        if workload.launch is not None:
            models.add(workload.launch.model)
    models |= {after for model in sorted(models) for after in successors(card, model)}
    return RateCard(
        as_of=card.as_of,
        rates=tuple(row for row in card.rates if row.model in models),
        models=tuple(facts for facts in card.models if facts.model in models),
    )


def changed_models(old: RateCard, new: RateCard) -> tuple[str, ...]:
    """Name the models of the old card whose prices or facts the new one tells otherwise.

    Where a price was read and checked is no part of it.
    """
    models = sorted({row.model for row in old.rates} | {facts.model for facts in old.models})
    return tuple(model for model in models if _told(old, model) != _told(new, model))


def _told(card: RateCard, model: str) -> list[str]:
    aside = {"source", "checked_on"}
    rows = [row.model_dump_json(exclude=aside) for row in card.rates if row.model == model]
    facts = [f.model_dump_json(exclude=aside) for f in card.models if f.model == model]
    return sorted(rows) + facts
