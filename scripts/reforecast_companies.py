"""Score the quarterly re-forecast on simulated companies (`simulated_company.py`).

    python scripts/reforecast_companies.py [--companies 200] [--first 0] [--costs-only]
        [--out results.jsonl]

Every company signs what is advised for three years and is re-forecast after each of twelve
quarters. Printed are the pooled share of 80 % intervals that held what came, until the next
forecast and over the rest of the term; and what the years cost under the advice, against
commitments to last year's run rate (paired, with a 95 % interval over companies) and against
hindsight. Attribution is checked to the cent in every quarter: the record refuses another sum.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from simulated_company import FIRST_TERM, N_YEARS, Company
from simulated_quarters import advised, quarters, term_cost

from forecast.records.contract import SignedContract
from forecast.review.track_record import standardised

Floats = NDArray[np.float64]

N_RESAMPLED = 2000


def run(seed: int, *, n_scenarios: int) -> dict[str, Any]:
    """Walk one company through its quarters; give what is pooled."""
    costs, scores, changed, widened = [], [], 0.0, []
    company = Company(seed)
    for quarter in quarters(company, seed=seed, n_scenarios=n_scenarios):
        result = quarter.outcome.result
        widened.append(result.track_record.widening_factor)
        changed = max(changed, abs(float(sum(s.cost_change_usd for s in result.attribution.steps))))
        if quarter.quarter == 4:
            costs.append(_amounts(company, quarter.contract))
            scores = list(result.track_record.scores)
    return {
        "seed": seed,
        "costs": costs,
        "next": [s.inside_80 for s in scores if s.horizon == "until next forecast"],
        "rest": [s.inside_80 for s in scores if s.horizon == "rest of term"],
        "bias": [s.bias_share for s in scores if s.horizon == "until next forecast"],
        "errors": [
            round(z, 4) if (z := standardised(s)) is not None else None
            for s in scores
            if s.horizon == "until next forecast"
        ],
        "widening": [round(factor, 4) for factor in widened],
        "largest_change_usd": changed,
    }


def run_costs(seed: int, *, n_scenarios: int) -> dict[str, Any]:
    """Sign what is advised year by year, without re-forecasting; give what the years cost."""
    company = Company(seed)
    costs = []
    for year in range(FIRST_TERM.year, FIRST_TERM.year + N_YEARS):
        _, contract, _ = advised(company, year, seed=seed, n_scenarios=n_scenarios)
        costs.append(_amounts(company, contract))
    return {"seed": seed, "costs": costs, "next": [], "rest": [], "bias": []}


def _amounts(company: Company, contract: SignedContract) -> list[float]:
    cost = term_cost(company, contract)
    return [cost.list_usd, cost.advised_usd, cost.run_rate_usd, cost.hindsight_usd]


def pooled(results: Sequence[dict[str, Any]]) -> str:
    """Say what the companies come to together; intervals resample whole companies.

    >>> one = {"costs": [[100.0, 90.0, 95.0, 85.0]], "next": [True], "rest": [False], "bias": [0.1]}
    >>> print(pooled([one, one]).splitlines()[1])
    cost under the advice less run rate, of list: -5.00 % [-5.00, -5.00]
    """
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(results), (N_RESAMPLED, len(results)))
    costs = np.array([np.sum(r["costs"], axis=0) for r in results])
    list_usd, advised, run_rate, hindsight = costs.T
    n_quarters = sum(len(r["next"]) for r in results)
    lines = [
        f"{len(results)} companies, {n_quarters} quarters",
        _ratio("cost under the advice less run rate, of list", advised - run_rate, list_usd, picks),
        _ratio("cost under the advice above hindsight", advised - hindsight, hindsight, picks),
        _ratio("cost under run rate above hindsight", run_rate - hindsight, hindsight, picks),
    ]
    if n_quarters:
        bias = 100 * np.mean([b for r in results for b in r["bias"]])
        lines += [
            _coverage("80 % interval until the next forecast holds", results, "next", picks),
            _coverage("80 % interval of the rest of the term holds", results, "rest", picks),
            f"mean forecast of the next quarter less what came: {bias:+.2f} %",
        ]
    return "\n".join(lines)


def _coverage(
    name: str, results: Sequence[dict[str, Any]], which: str, picks: NDArray[np.int64]
) -> str:
    inside = np.array([float(np.sum(r[which])) for r in results])
    n = np.array([float(len(r[which])) for r in results])
    return _ratio(name, inside, n, picks)


def _ratio(name: str, top: Floats, bottom: Floats, picks: NDArray[np.int64]) -> str:
    again = 100 * top[picks].sum(axis=1) / bottom[picks].sum(axis=1)
    low, high = np.quantile(again, (0.025, 0.975))
    return f"{name}: {100 * top.sum() / bottom.sum():.2f} % [{low:.2f}, {high:.2f}]"


def main() -> None:
    """Read the command line, run the companies, print what they come to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--companies", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="seed of the first company")
    parser.add_argument("--scenarios", type=int, default=200)
    parser.add_argument("--costs-only", action="store_true", help="sign, and skip the quarters")
    parser.add_argument("--out", type=Path, help="one JSON line a company, as they finish")
    arguments = parser.parse_args()
    results = []
    for seed in range(arguments.first, arguments.first + arguments.companies):
        walk = run_costs if arguments.costs_only else run
        results.append(walk(seed, n_scenarios=arguments.scenarios))
        if arguments.out:
            with arguments.out.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(results[-1]) + "\n")
    print(pooled(results))


if __name__ == "__main__":
    main()
