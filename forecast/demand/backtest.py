"""How the same method would have done at past origins of the buyer's own history.

At every origin with half a year behind it the portfolio of that day is forecast from what was
known there, in constant dollars (today's list cost of one unit), and set against what came: raw
usage, one-offs included. A workload that began later is left out of that origin, because a launch
is told by the inventory and not by history; the note says how much that is. Calibration errors,
weights and the correlation are those of the origin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import ArrayLike

from forecast.demand.coupling import joint_ranks, rank_correlation
from forecast.demand.joint_totals import joint_totals
from forecast.demand.kinds import Kind, kinds_of
from forecast.demand.members.protocol import Floats, Window
from forecast.demand.pool import Pool
from forecast.demand.scores import capture, pinball
from forecast.paths import quantile
from forecast.records.outlook import Backtest, BacktestPoint, BacktestPolicy
from forecast.units import to_cents

MIN_TRAINING_WEEKS = 26
"""Weeks an origin must have behind it."""

HORIZONS = (13, 26, 52)
"""Weeks ahead."""

N_DRAWS = 1000
"""Joint draws at each origin and horizon."""

DISCOUNT_SHARE = 0.2
"""The discount that savings capture is told at."""

RUN_RATE_WEEKS = 13
LAST_MONTH_WEEKS = 4


@dataclass(frozen=True)
class PortfolioError:
    """One past origin and horizon of the portfolio, as numbers.

    Attributes
    ----------
    origin
        Weeks known.
    weeks
        Horizon.
    realised, p10, p50, p90, commitment, run_rate, last_month, scale
        USD at list: what came; quantiles; the quantile at the discount; the last quarter and the
        last four weeks carried on; the scale of the scores, (mean of the last year before the
        origin x weeks + realised) / 2.
    launched
        USD of workloads that began after the origin; in none of the above.
    """

    origin: int
    weeks: int
    realised: float
    p10: float
    p50: float
    p90: float
    commitment: float
    run_rate: float
    last_month: float
    scale: float
    launched: float = 0.0


def portfolio_errors(
    pool: Pool, raw: Floats, usd: Floats, *, rng: np.random.Generator
) -> list[PortfolioError]:
    """Forecast the portfolio at every past origin.

    Parameters
    ----------
    pool
        Members weighed at every origin.
    raw
        [S, n] weekly demand as observed.
    usd
        [S] constant USD of one unit.
    rng
        Draws; each origin has its own stream, numbered from the first.
    """
    origins = pool.hindcast.origins
    streams = rng.spawn(len(origins))
    n = raw.shape[1]
    out: list[PortfolioError] = []
    for i, origin in enumerate(origins[:-1]):
        horizons = [h for h in HORIZONS if origin + h <= n]
        if origin < MIN_TRAINING_WEEKS or not horizons:
            continue
        kinds = kinds_of(raw[:, :origin])
        begun = np.array([kind is not Kind.SILENT for kind in kinds])
        dollars = (usd * begun) @ raw
        launched = (usd * ~begun) @ raw
        correlation = rank_correlation(pool, i, kinds)
        children = streams[i].spawn(2 * len(usd) + 1)
        ranks = joint_ranks(correlation, len(usd), N_DRAWS, rngs=children[: len(usd) + 1])
        quarter = dollars[max(0, origin - RUN_RATE_WEEKS) : origin].mean()
        month = dollars[max(0, origin - LAST_MONTH_WEEKS) : origin].mean()
        year = dollars[max(0, origin - 52) : origin].mean()
        for h in horizons:
            units = joint_totals(pool, i, Window(0, h), kinds, ranks, children[len(usd) + 1 :])
            totals = units @ usd
            realised = float(dollars[origin : origin + h].sum())
            out.append(
                PortfolioError(
                    origin=origin,
                    weeks=h,
                    realised=realised,
                    p10=quantile(totals, 0.1),
                    p50=quantile(totals, 0.5),
                    p90=quantile(totals, 0.9),
                    commitment=quantile(totals, DISCOUNT_SHARE),
                    run_rate=float(quarter * h),
                    last_month=float(month * h),
                    scale=(float(year) * h + realised) / 2,
                    launched=float(launched[origin : origin + h].sum()),
                )
            )
    return out


def backtest(errors: Sequence[PortfolioError], end: date, n_weeks: int) -> Backtest:
    """Write the record; `end` is the last day of a history of `n_weeks`."""
    points = tuple(_point(e, end - timedelta(weeks=n_weeks - e.origin)) for e in errors)
    horizons = tuple(sorted({e.weeks for e in errors}))
    n_origins = len({e.origin for e in errors})
    caught = rated = None
    if errors:
        realised, scale, commitment, run_rate = np.array(
            [(e.realised, e.scale, e.commitment, e.run_rate) for e in errors]
        ).T
        caught = capture(realised, commitment, scale, discount_share=DISCOUNT_SHARE)
        rated = capture(realised, run_rate, scale, discount_share=DISCOUNT_SHARE)
    return Backtest(
        origins=n_origins,
        horizons_weeks=horizons,
        interval_coverage_80=sum(p.inside_80 for p in points) / len(points) if points else None,
        discount_share=DISCOUNT_SHARE,
        savings_capture=caught,
        savings_capture_run_rate=rated,
        note=_note(errors, n_weeks),
        policies=tuple(_policies(errors)),
        points=points,
    )


def _point(e: PortfolioError, origin: date) -> BacktestPoint:
    kept = 1 - DISCOUNT_SHARE
    named = {"recommended": e.commitment, "run_rate": e.run_rate, "last_month": e.last_month}
    paid = {
        f"cost_{name}_usd": to_cents(float(cost([e.realised], [committed])[0]))
        for name, committed in {**named, "hindsight": e.realised}.items()
    }
    return BacktestPoint(
        origin=origin,
        horizon_weeks=e.weeks,
        realised_usd=to_cents(e.realised),
        p10_usd=to_cents(e.p10),
        p50_usd=to_cents(e.p50),
        p90_usd=to_cents(e.p90),
        inside_80=e.p10 <= e.realised <= e.p90,
        **{f"{name}_usd": to_cents(kept * committed) for name, committed in named.items()},
        **paid,
    )


def cost(realised: ArrayLike, committed: ArrayLike) -> Floats:
    """Everything paid when `committed` list dollars of usage are signed for, [...].

    With D what is used at list, q what is committed and d the discount, overage at list,

        cost = (1 − d) q + max(0, D − q) = (1 − d) D + pinball_d(D, q).

    >>> cost([100.0, 100.0], [100.0, 50.0]).tolist()
    [80.0, 90.0]
    """
    s = np.asarray(realised, dtype=np.float64)
    return np.asarray((1 - DISCOUNT_SHARE) * s + pinball(s, committed, DISCOUNT_SHARE))


def _policies(errors: Sequence[PortfolioError]) -> Iterator[BacktestPolicy]:
    for weeks in sorted({e.weeks for e in errors}):
        own = [e for e in errors if e.weeks == weeks]
        realised, scale = np.array([(e.realised, e.scale) for e in own]).T
        committed = {
            "recommendation": np.array([e.commitment for e in own]),
            "run_rate": np.array([e.run_rate for e in own]),
            "last_month": np.array([e.last_month for e in own]),
            "none": np.zeros(len(own)),
            "hindsight": realised,
        }
        for policy, amount in committed.items():
            used = float(realised.sum())
            yield BacktestPolicy.model_validate(
                {
                    "policy": policy,
                    "horizon_weeks": weeks,
                    "n_points": len(own),
                    "cost_share": float(cost(realised, amount).sum()) / used if used else None,
                    "savings_capture": capture(
                        realised, amount, scale, discount_share=DISCOUNT_SHARE
                    ),
                }
            )


def independent_windows(errors: Sequence[PortfolioError]) -> dict[int, int]:
    """Windows that do not overlap, by horizon.

    >>> e = [PortfolioError(o, 13, 1, 1, 1, 1, 1, 1, 1, 1) for o in (26, 30, 34, 38, 42)]
    >>> independent_windows(e)
    {13: 2}
    """
    out: dict[int, int] = {}
    for h in sorted({e.weeks for e in errors}):
        origins = [e.origin for e in errors if e.weeks == h]
        out[h] = (max(origins) - min(origins)) // h + 1
    return out


def _note(errors: Sequence[PortfolioError], n_weeks: int) -> str:
    if not errors:
        return (
            f"{n_weeks} weeks of history allow no past origin with {MIN_TRAINING_WEEKS} weeks "
            f"behind it and {HORIZONS[0]} ahead: nothing was tested, the bands rest on priors"
        )
    counts = ", ".join(f"{n} of {h} weeks" for h, n in independent_windows(errors).items())
    most = max(independent_windows(errors).values())
    margin = 1.96 * (0.8 * 0.2 / most) ** 0.5
    shares = [e.launched / (e.realised + e.launched) for e in errors if e.launched > 0]
    left_out = (
        f"; workloads that began after an origin, up to {max(shares):.0%} of the dollars that "
        "came, are left out there, because a launch is told by the inventory"
        if shares
        else ""
    )
    return (
        f"windows that do not overlap: {counts}; with {most} of them a true 80 % shows up as "
        f"anything from {max(0.0, 0.8 - margin):.0%} to {min(1.0, 0.8 + margin):.0%}{left_out}"
    )
