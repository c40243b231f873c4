"""Rules that every price of a Claude model keeps, and that every rate card keeps.

Claude's prices hang together: cache writes, reads, output, batch and geography are fixed
multiples of the input price. A row that breaks a rule is a misread page or an unreviewed change,
unless it stands in `overrides/rule_exceptions.toml` with its days and its source. What other
vendors' prices keep is in `vendor_rules`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from forecast.pricing.model_ids import CLAUDE_PLATFORMS, generation
from forecast.pricing.segments import successors
from forecast.pricing.sheets import read_override
from forecast.pricing.vendor_rules import broken_orders
from forecast.records.base import Name, Note, Record
from forecast.records.rates import ModelRates, RateCard, TokenRates
from forecast.records.usage import TOKEN_KINDS, TokenKind

MAX_AGE_DAYS: Final = 92
"""A price is compared with its source at least once a quarter, before each re-forecast."""

BATCH_FROM: Final = date(2024, 10, 8)
"""Public beta of the batch tier."""

US_SINCE: Final = (4, 6)
REGIONAL_SINCE: Final = (4, 5)
"""First versions with US-only inference, and with a regional premium."""

_NONE: Final = "none"
Multiple = Decimal | str | None
"""A multiple; "none" where nothing is sold; None where the rule asks nothing."""

Rule = Literal[
    "cache_write_5m",
    "cache_write_1h",
    "cache_read",
    "output",
    "batch",
    "flex",
    "priority",
    "us",
    "regional",
    "web_search",
    "fast",
    "long_context",
    "long_context_output",
]


class Violation(Record):
    """One broken rule."""

    platform: str
    model: str
    day: date | None
    """First day of the price that breaks it."""
    rule: str
    found: str
    expected: str


class RuleException(Record):
    """What a rule asks of some models over [effective_from, effective_to) instead."""

    rule: Rule
    models: tuple[Name, ...]
    effective_from: date = date.min
    effective_to: date = date.max
    expected: Decimal | Literal["none"]
    source: Note


class RuleExceptions(Record):
    """The content of `overrides/rule_exceptions.toml`."""

    exceptions: tuple[RuleException, ...] = ()


def check_rate_card(
    card: RateCard, *, on: date, max_age_days: int = MAX_AGE_DAYS
) -> tuple[Violation, ...]:
    """Find every rule that a rate card breaks.

    Parameters
    ----------
    on
        The day from which the age of the last check of each price counts.

    Examples
    --------
    >>> from forecast.pricing.rate_cards import load_rate_card
    >>> check_rate_card(load_rate_card(date(2026, 11, 22)), on=date(2026, 11, 22))
    ()
    """
    exceptions = read_override("rule_exceptions.toml", RuleExceptions).exceptions
    windows = by_platform_and_model(card)
    found: list[Violation] = []
    for (platform, model), rows in windows.items():
        found += _window_violations(rows)
        found += _age_violations(rows, on, max_age_days)
        if platform in CLAUDE_PLATFORMS and model.startswith("claude-"):
            for row in rows:
                found += _price_violations(row, exceptions)
        else:
            found += [_broken(row, *broken) for row in rows for broken in broken_orders(row)]
    return (*found, *_facts_violations(card, on))


def by_platform_and_model(card: RateCard) -> dict[tuple[str, str], list[ModelRates]]:
    """Sort the rows of a card by platform, model and first day; overlaps stay as they are."""
    windows: dict[tuple[str, str], list[ModelRates]] = {}
    for row in card.rates:
        windows.setdefault((row.platform, row.model), []).append(row)
    return {
        key: sorted(rows, key=lambda r: r.effective_from) for key, rows in sorted(windows.items())
    }


def _price_violations(row: ModelRates, exceptions: Iterable[RuleException]) -> Iterator[Violation]:
    end = row.effective_to or date.max
    for rule, found, default in _multiples(row):
        own = [e for e in exceptions if e.rule == rule and row.model in e.models]
        edges = {d for e in own for d in (e.effective_from, e.effective_to)}
        days = sorted({row.effective_from, *(d for d in edges if row.effective_from < d < end)})
        for day in days:
            expected = next(
                (e.expected for e in own if e.effective_from <= day < e.effective_to), default
            )
            if expected is not None and found != expected:
                yield Violation(
                    platform=row.platform,
                    model=row.model,
                    day=day,
                    rule=rule,
                    found=str(found),
                    expected=str(expected),
                )
                break


def _multiples(row: ModelRates) -> Iterator[tuple[Rule, Multiple, Multiple]]:
    """Give (rule, multiple found, multiple that the rule asks for) of one price."""
    rates = row.standard
    named = generation(row.model)
    version = named.version if named else (0,)
    partner = row.platform != "anthropic"
    geography = Decimal("1.1") if version >= REGIONAL_SINCE else Decimal(1)
    batch_was_sold = (row.effective_to or date.max) > BATCH_FROM
    yield "cache_write_5m", _of_input(rates.cache_write_5m, rates), Decimal("1.25")
    yield "cache_write_1h", _of_input(rates.cache_write_1h, rates), Decimal(2)
    yield "cache_read", _of_input(rates.cache_read, rates), Decimal("0.1")
    yield "output", _of_input(rates.output, rates), Decimal(5)
    yield "batch", _sold(row.batch_multiple), Decimal("0.5") if batch_was_sold else None
    yield "flex", _sold(row.flex_multiple), _NONE
    yield "priority", _sold(row.priority_multiple), _NONE if partner else Decimal(1)
    if partner:
        yield "us", _sold(row.us_multiple), geography
        yield "regional", _sold(row.regional_multiple), geography
    else:
        us = Decimal("1.1") if version >= US_SINCE else _NONE
        yield "us", _sold(row.us_multiple), us
        yield "regional", _sold(row.regional_multiple), _NONE
    search = _NONE if row.platform == "bedrock" else Decimal(10)
    yield "web_search", _sold(row.web_search_usd_per_1000), search
    if row.fast is not None:
        yield "fast", _one_multiple(row.fast, rates, TOKEN_KINDS), _NONE if partner else Decimal(2)
    if row.long_context is None:
        yield "long_context", _NONE, _NONE
    else:
        band = row.long_context.rates
        prompt = tuple(kind for kind in TOKEN_KINDS if kind != TokenKind.OUTPUT)
        output = _one_multiple(band, rates, (TokenKind.OUTPUT,))
        yield "long_context", _one_multiple(band, rates, prompt), _NONE
        yield "long_context_output", output, Decimal("1.5")


def _of_input(rate: Decimal | None, rates: TokenRates) -> Multiple:
    return _NONE if rate is None else rate / rates.input


def _sold(multiple: Decimal | None) -> Multiple:
    return _NONE if multiple is None else multiple


def _one_multiple(high: TokenRates, low: TokenRates, kinds: Iterable[TokenKind]) -> Decimal | str:
    """Give the one multiple between two sets of rates, or say that there is none."""
    found = set()
    for kind in kinds:
        above, below = getattr(high, kind.value), getattr(low, kind.value)
        if (above is None) != (below is None):
            return f"{kind.value} in one of them only"
        if below is not None:
            found.add(above / below)
    return found.pop() if len(found) == 1 else "several multiples"


def _window_violations(rows: list[ModelRates]) -> Iterator[Violation]:
    for row, following in itertools.pairwise(rows):
        if row.effective_to is None or row.effective_to > following.effective_from:
            yield _broken(following, "overlap", f"and the price from {row.effective_from}", "one")
        elif row.effective_to < following.effective_from:
            yield _broken(following, "gap", f"no price from {row.effective_to}", "no gap")
    for row in rows:
        if row.effective_to is not None and row.effective_to <= row.effective_from:
            yield _broken(row, "days", f"ends on {row.effective_to}", "an end after its start")
        if not row.source.strip():
            yield _broken(row, "source", "none", "where the price was read")
    if rows[-1].effective_to is not None:
        yield _broken(rows[-1], "end", f"no price from {rows[-1].effective_to}", "an open end")


def _age_violations(rows: list[ModelRates], on: date, limit: int) -> Iterator[Violation]:
    oldest = min(rows, key=lambda row: row.checked_on)
    age = (on - oldest.checked_on).days
    if age > limit:
        yield _broken(oldest, "age", f"checked {age} days ago", f"at most {limit} days")


def _facts_violations(card: RateCard, on: date) -> Iterator[Violation]:
    priced = {(row.platform, row.model) for row in card.rates}
    known = {facts.model for facts in card.models}
    for platform, model in sorted(priced):
        if model not in known:
            yield Violation(
                platform=platform,
                model=model,
                day=None,
                rule="facts",
                found="none",
                expected="family and tokenizer",
            )
    for facts in card.models:
        chain = list(successors(card, facts.model))
        living = [
            m
            for m in chain
            if (retires := card.facts(m).retires_on) is None or retires > max(on, card.as_of)
        ]
        unpriced = {
            p for p, m in priced if m == facts.model and any((p, s) not in priced for s in chain)
        }
        if facts.retires_on is not None and (not living or unpriced):
            yield Violation(
                platform=", ".join(sorted(unpriced)),
                model=facts.model,
                day=facts.retires_on,
                rule="successor",
                found=", ".join(chain) or "none",
                expected="a living model with a price",
            )


def _broken(row: ModelRates, rule: str, found: str, expected: str) -> Violation:
    return Violation(
        platform=row.platform,
        model=row.model,
        day=row.effective_from,
        rule=rule,
        found=found,
        expected=expected,
    )
