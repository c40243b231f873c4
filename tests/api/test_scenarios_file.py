from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from api.scenarios_file import DOLLARS, read_scenarios, scenarios_bytes
from forecast.paths import DecisionSet
from forecast.units import month_range


@pytest.fixture
def decisions() -> DecisionSet:
    as_is = np.random.default_rng(0).lognormal(3, 0.4, (50, 12, 3))
    months = month_range(date(2027, 1, 1), 12)
    return DecisionSet(months, ("a", "=b", "ç"), as_is, as_is * 0.8, as_is * 0.7)


def same(a: DecisionSet, b: DecisionSet) -> bool:
    keys = (a.months, a.workloads) == (b.months, b.workloads)
    return keys and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in DOLLARS)


@pytest.mark.parametrize("rows", [1, 36 * 7, 1 << 19])
def test_a_decision_set_survives_its_file_however_it_is_cut(
    decisions: DecisionSet, rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.scenarios_file.ROWS_TOGETHER", rows)
    file = tmp_path / "scenarios.parquet"
    file.write_bytes(scenarios_bytes(decisions))
    assert same(read_scenarios(file), decisions)
    pd.testing.assert_frame_equal(
        pd.read_parquet(file), decisions.to_frame(), check_dtype=False, check_exact=True
    )


def test_a_file_written_in_one_piece_by_others_is_read(
    decisions: DecisionSet, tmp_path: Path
) -> None:
    file = tmp_path / "scenarios.parquet"
    decisions.to_frame().to_parquet(file, index=False)
    assert same(read_scenarios(file), decisions)


def test_dollars_do_not_take_the_room_of_a_dictionary(
    decisions: DecisionSet, tmp_path: Path
) -> None:
    plain = tmp_path / "plain.parquet"
    decisions.to_frame().to_parquet(plain, index=False)
    assert len(scenarios_bytes(decisions)) < plain.stat().st_size
