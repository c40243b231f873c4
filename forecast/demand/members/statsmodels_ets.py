"""Exponential smoothing with a damped additive trend on logs, fitted by statsmodels.

ETS(A, Ad, N) of the log without its season, by maximum likelihood from heuristic starting states
(Hyndman et al. 2008, Forecasting with Exponential Smoothing, ch. 2).
"""

from __future__ import annotations

from dataclasses import dataclass

from forecast.demand.members.one_by_one import MAX_ORIGINS, serve_one_by_one
from forecast.demand.members.protocol import Floats, View


@dataclass(frozen=True)
class DampedEts:
    """Damped ETS; the yearly season comes from the view, where it is supported."""

    @property
    def name(self) -> str:
        """The name in results."""
        return "damped_ets"

    @property
    def max_origins(self) -> int | None:
        """Nine: fits are slow."""
        return MAX_ORIGINS

    def paths(self, view: View) -> Floats:
        """Continue the series; serves from 13 known periods on, at a few origins."""
        return serve_one_by_one(view, _fit)


def _fit(x: Floats, horizon: int) -> Floats:
    # statsmodels takes a second to import; a run that never gets here does not pay for it.
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    model = ETSModel(
        x, error="add", trend="add", damped_trend=True, initialization_method="heuristic"
    )
    return model.fit(disp=False, maxiter=200).forecast(horizon)
