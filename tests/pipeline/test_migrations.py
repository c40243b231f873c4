from datetime import date

import pandas as pd

from forecast.pipeline.migrations import model_migrations
from forecast.records.rates import ModelFacts
from forecast.records.usage import TOKEN_COLUMNS
from forecast.tables import DAILY_USAGE, conform

AS_OF = date(2026, 10, 31)
RATIO = {"old": 1.0, "new": 1.3}


def facts(model):
    return ModelFacts(model=model, family="f", tokens_per_text=RATIO[model])


def daily(*rows):
    base = {c.name: "" for c in DAILY_USAGE.columns if c.kind == "text"}
    base |= dict.fromkeys(TOKEN_COLUMNS, 0) | {"requests": None, "web_searches": 0}
    return conform(pd.DataFrame([base | row for row in rows]), DAILY_USAGE)


def history(share_of_new):
    """120 days before AS_OF; `share_of_new` gives the share of the new model by day back."""
    rows = []
    for back in range(120):
        day = pd.Timestamp(AS_OF) - pd.Timedelta(days=back)
        share = share_of_new(back)
        for model, part in (("old", 1 - share), ("new", share)):
            tokens = round(1000 * part * RATIO[model])
            rows.append({"day": day, "workload": "Chat", "model": model, "input_tokens": tokens})
    return daily(*rows)


def test_a_migration_is_dated_and_named():
    (found,) = model_migrations(history(lambda back: float(back < 56)), facts, AS_OF)
    assert (found.workload, found.what) == ("Chat", "migration")
    assert found.effect.startswith("its demand moved 100% from old to new around 2026-09-0")
    assert abs((found.start - date(2026, 9, 6)).days) <= 7


def test_a_slow_migration_is_told_once():
    moves = model_migrations(
        history(lambda back: min(1.0, max(0.0, (80 - back) / 40))), facts, AS_OF
    )
    assert len(moves) == 1


def test_a_steady_mix_and_an_experiment_are_none():
    assert model_migrations(history(lambda _: 0.5), facts, AS_OF) == []
    assert model_migrations(history(lambda back: 0.2 * (back < 60)), facts, AS_OF) == []


def test_nothing_from_nothing():
    assert model_migrations(history(lambda _: 0.5).iloc[:0], facts, AS_OF) == []


def test_every_move_of_a_workload_stands_in_one_note():
    (found,) = model_migrations(history(lambda back: float(28 <= back < 91)), facts, AS_OF)
    assert found.effect.count(" from old to new ") == 1
    assert found.effect.count(" from new to old ") == 1
    assert found.effect.index("from old") < found.effect.index("from new")
