"""The days inside a month on which prices or models change, and what follows a retired model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from forecast.records.rates import RateCard
from forecast.units import add_months, days_in_month, month_of


def month_segments(
    card: RateCard, platforms_and_models: Iterable[tuple[str, str]], month: date
) -> tuple[tuple[date, float], ...]:
    """Cut a month where a price changes or a model retires.

    Parameters
    ----------
    platforms_and_models
        The models in use; those that their traffic moves to on retirement are looked at too.

    Returns
    -------
    tuple of (date, float)
        First day of each segment, and its share of the days of the month; the shares sum to 1.

    Examples
    --------
    Sonnet 5.5 reads the cache at half its old price from 2026-10-07:

    >>> from forecast.pricing.rate_cards import load_rate_card
    >>> card = load_rate_card(date(2026, 11, 22))
    >>> [(day.day, round(share * 31)) for day, share in
    ...     month_segments(card, [("anthropic", "claude-sonnet-5-5")], date(2026, 10, 1))]
    [(1, 6), (7, 7), (14, 18)]
    """
    start = month_of(month)
    end = add_months(start, 1)
    cuts = sorted(
        {start} | {d for d in _change_days(card, platforms_and_models) if start < d < end}
    )
    n_days = days_in_month(start)
    return tuple(
        (first, (after - first).days / n_days)
        for first, after in zip(cuts, [*cuts[1:], end], strict=True)
    )


def retired_successors(card: RateCard, models: Iterable[str], day: date) -> dict[str, str]:
    """Give the first living successor of every model that answers no more on `day`.

    A retired model without a living successor is left out: its traffic stays where it is,
    at its last price.

    >>> from forecast.pricing.rate_cards import load_rate_card
    >>> card = load_rate_card(date(2026, 11, 22))
    >>> retired_successors(card, ["claude-sonnet-4-5", "claude-opus-5"], date(2026, 11, 30))
    {'claude-sonnet-4-5': 'claude-sonnet-5-5'}
    """
    found: dict[str, str] = {}
    for model in sorted(set(models)):
        if not _retired(card, model, day):
            continue
        living = next((s for s in successors(card, model) if not _retired(card, s, day)), None)
        if living is not None:
            found[model] = living
    return found


def successors(card: RateCard, model: str) -> Iterator[str]:
    """Walk the chain of successors of a model; a chain that closes on itself ends.

    >>> from forecast.pricing.rate_cards import load_rate_card
    >>> list(successors(load_rate_card(date(2026, 11, 22)), "claude-opus-4-1"))
    ['claude-opus-4-8']
    """
    seen = {model}
    following = card.facts(model).successor
    while following is not None and following not in seen:
        yield following
        seen.add(following)
        following = card.facts(following).successor


def _retired(card: RateCard, model: str, day: date) -> bool:
    last = card.facts(model).retires_on
    return last is not None and last <= day


def _change_days(card: RateCard, pairs: Iterable[tuple[str, str]]) -> Iterator[date]:
    lines = {(p, m) for p, model in pairs for m in (model, *successors(card, model))}
    for platform, model in lines:
        for rates in card.dated(platform, model):
            yield rates.effective_from
            if rates.effective_to is not None:
                yield rates.effective_to
        retires_on = card.facts(model).retires_on
        if retires_on is not None:
            yield retires_on
