"""Between an old and a new mix: the same demand, another model, other tokens, what levers move."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.mix import UNITS_PER_TOKEN, TokenMix
from forecast.records.rates import ModelFacts
from forecast.records.usage import MixKey
from forecast.review.mixes import model_mix, token_mix

PER_TEXT = {"old": 1.0, "new": 1.3}


def facts(model: str) -> ModelFacts:
    return ModelFacts(model=model, family="f", tokens_per_text=PER_TEXT[model])


def mix(*parts: tuple[str, str, float, tuple[float, float, float]]) -> TokenMix:
    """Parts as (model, tier, share of demand, (uncached, read, output) weights)."""
    found = []
    for model, tier, share, (uncached, read, output) in parts:
        tokens = np.array([uncached, 0.0, 0.0, read, output])
        tokens *= share * PER_TEXT[model] / (tokens @ UNITS_PER_TOKEN)
        key = MixKey("own", model, tier)
        found.append((key, tokens[None, :], np.zeros(1)))
    return TokenMix.of(found)


def demand(found: TokenMix) -> float:
    per_text = np.array([PER_TEXT[key.model] for key in found.keys])
    return float((found.tokens[0] @ UNITS_PER_TOKEN / per_text).sum())


def shares(found: TokenMix) -> dict[tuple[str, str], float]:
    return {
        (key.model, key.service_tier): float(tokens[0] @ UNITS_PER_TOKEN) / PER_TEXT[key.model]
        for key, tokens, _ in found.parts()
    }


OLD = mix(("old", "standard", 1.0, (8, 0, 1)))
NEW = mix(("new", "standard", 0.3, (2, 6, 1)), ("new", "batch", 0.7, (2, 6, 1)))


@pytest.mark.parametrize(
    "levers", [set(), {"batch"}, {"caching"}, {"routing"}, {"batch", "caching"}]
)
def test_one_unit_of_demand_stays_one_unit(levers: set[str]) -> None:
    between = model_mix(OLD, NEW, levers, facts)
    assert demand(between) == pytest.approx(1)
    assert demand(token_mix(between, NEW, levers, facts)) == pytest.approx(1)


def test_without_levers_both_steps_together_are_the_new_mix() -> None:
    both = token_mix(model_mix(OLD, NEW, set(), facts), NEW, set(), facts)
    assert both.keys == NEW.keys
    assert both.tokens == pytest.approx(NEW.tokens)


def test_the_model_moves_first_with_the_tokens_of_the_old_one() -> None:
    between = model_mix(OLD, NEW, set(), facts)
    assert shares(between) == pytest.approx({("new", "standard"): 0.3, ("new", "batch"): 0.7})
    read = between.tokens[0][:, 3]
    assert not read.any()


def test_tiers_are_left_to_a_batch_lever() -> None:
    between = model_mix(OLD, NEW, {"batch"}, facts)
    assert shares(between) == pytest.approx({("new", "standard"): 1.0})


def test_models_are_left_to_a_routing_lever() -> None:
    assert model_mix(OLD, NEW, {"routing"}, facts) is OLD


def test_the_cached_part_is_left_to_a_caching_lever_and_the_output_is_not() -> None:
    longer = mix(("old", "standard", 1.0, (2, 6, 4)))
    found = token_mix(OLD, longer, {"caching"}, facts)
    assert not found.tokens[0][:, 3].any()
    assert found.tokens[0, 0, 4] == pytest.approx(longer.tokens[0, 0, 4])
