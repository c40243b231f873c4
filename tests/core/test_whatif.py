from datetime import date

import numpy as np
import pytest

from forecast.errors import InputError
from forecast.paths import DecisionSet
from forecast.units import month_range
from forecast.whatif import WhatIf, apply, slip_loss, slip_losses


def _decisions() -> DecisionSet:
    as_is = np.full((4, 12, 2), 10.0)
    optimised = as_is.copy()
    optimised[:, 6:, 0] = 4.0  # workload a saves 6 a month from July
    return DecisionSet(month_range(date(2027, 1, 1), 12), ("a", "b"), as_is, optimised, optimised)


def test_nothing_changed_changes_nothing():
    as_is, optimised = apply(_decisions(), WhatIf(), period_months=12)
    assert as_is.tolist() == [[240.0]] * 4
    assert optimised.tolist() == [[204.0]] * 4


def test_a_switch_takes_the_saving_back():
    _, optimised = apply(_decisions(), WhatIf(switched_off=frozenset({"a"})), period_months=3)
    assert optimised.tolist() == [[60.0, 60.0, 60.0, 60.0]] * 4


def test_a_slip_loses_the_first_active_months():
    assert slip_loss(_decisions(), "a", 2) == pytest.approx(2 / 6)
    assert slip_loss(_decisions(), "b", 2) == 0.0
    _, optimised = apply(_decisions(), WhatIf(slip_months={"a": 2}), period_months=12)
    assert optimised[:, 0] == pytest.approx(240 - 36 * 4 / 6)


def test_what_slips_beyond_the_active_months_is_lost_whole():
    losses = slip_losses(_decisions(), "a")
    assert losses.tolist() == pytest.approx([n / 6 for n in range(7)] + [1.0] * 6)
    assert slip_loss(_decisions(), "a", 120) == 1.0
    assert slip_losses(_decisions(), "b").tolist() == [0.0] * 13


def test_shocks_multiply():
    settings = WhatIf(growth_shock_share=0.1, price_change_share=-0.5, realisation_share=0.5)
    as_is, optimised = apply(_decisions(), settings, period_months=12)
    assert as_is[:, 0] == pytest.approx(240 * 1.1 * 0.5)
    assert optimised[:, 0] == pytest.approx((240 - 18) * 1.1 * 0.5)


def test_a_demand_factor_moves_cost_and_saving_of_its_workload_alone():
    as_is, optimised = apply(_decisions(), WhatIf(demand_factors={"a": 0.5}), period_months=12)
    assert as_is[:, 0] == pytest.approx(60 + 120)
    assert optimised[:, 0] == pytest.approx(60 - 18 + 120)
    gone, _ = apply(_decisions(), WhatIf(demand_factors={"a": 0.0}), period_months=12)
    assert gone[:, 0] == pytest.approx(120)


@pytest.mark.parametrize(
    "settings",
    [
        {"growth_shock_share": -1.0},
        {"realisation_share": 1.2},
        {"slip_months": {"a": -1}},
        {"demand_factors": {"a": -0.1}},
        {"demand_factors": {"a": float("nan")}},
    ],
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(InputError):
        WhatIf(**settings)


def test_an_unknown_workload_is_refused():
    with pytest.raises(InputError, match="no such workload: z"):
        apply(_decisions(), WhatIf(switched_off=frozenset({"z"})), period_months=12)
    with pytest.raises(InputError, match="no such workload: y"):
        apply(_decisions(), WhatIf(demand_factors={"y": 1.0}), period_months=12)
