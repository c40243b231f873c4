"""The cheapest schedule of one flat discount with rollover, as a linear program for HiGHS.

With C_p committed in period p, x_mp the contracted consumption of path m, U rolled dollars drawn,
y used and z beyond, w = 1/(1 − d), and a rolled dollar living one period:

    min  Σ_p C_p + (w / M) Σ_mp z_mp − (r / M) Σ_m (C_P − y_mP + ρ (C_{P−1} − y_{m,P−1}) − U_mP)
    U_mp + y_mp + z_mp ≥ x_mp       need
    y_mp ≤ C_p                      commitment
    U_mp ≤ ρ (C_{p−1} − y_{m,p−1})  rolled in;  U_m1 = 0
"""

from __future__ import annotations

import highspy
import numpy as np
from scipy.sparse import csc_matrix, eye_array, hstack, kron, vstack

from forecast.paths import Floats
from forecast.records.terms import Terms


def schedule_program(terms: Terms, paths: Floats) -> tuple[float, Floats]:
    """Solve for the cheapest expected cost and its schedule [P]; the last tier is flat."""
    m, n = paths.shape
    d, rho, r = terms.tiers[-1].discount_share, terms.rollover_share, terms.unused_value_share
    x = (paths * (1 - d)).ravel()  # path by path
    one, size = eye_array(m * n), m * n
    committed = kron(np.ones((m, 1)), eye_array(n))  # [MN, P]
    before = kron(np.ones((m, 1)), eye_array(n, k=-1))
    used_before = kron(eye_array(m), eye_array(n, k=-1))
    none = csc_matrix((size, n))
    rows = vstack(
        [
            hstack([none, one, one, one]),
            hstack([committed, 0 * one, -one, 0 * one]),
            hstack([rho * before, -one, -rho * used_before, 0 * one]),
        ]
    ).tocsc()
    lower = np.concatenate([x, np.zeros(2 * size)])
    cost = np.concatenate([np.ones(n), np.zeros(2 * size), np.full(size, 1 / (1 - d) / m)])
    last = np.arange(m) * n + n - 1
    cost[n - 1] -= r
    cost[n + size + last] += r / m
    if n > 1 and rho:
        cost[n - 2] -= r * rho
        cost[n + size + last - 1] += r * rho / m
        cost[n + last] += r / m
    program = highspy.Highs()
    program.setOptionValue("output_flag", False)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(cost), len(lower)
    model.col_cost_, model.col_lower_ = cost, np.zeros(len(cost))
    model.col_upper_ = np.full(len(cost), np.inf)
    model.row_lower_, model.row_upper_ = lower, np.full(len(lower), np.inf)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = rows.indptr
    model.a_matrix_.index_ = rows.indices
    model.a_matrix_.value_ = rows.data
    program.passModel(model)
    program.run()
    assert program.getModelStatus() == highspy.HighsModelStatus.kOptimal
    found = np.array(program.getSolution().col_value)
    return float(program.getInfo().objective_function_value), found[:n]
