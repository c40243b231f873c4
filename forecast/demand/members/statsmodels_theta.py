"""The theta method on logs, fitted by statsmodels.

Simple exponential smoothing with half of the linear trend as drift (Assimakopoulos and
Nikolopoulos 2000, doi:10.1016/S0169-2070(00)00066-2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.demand.members.one_by_one import MAX_ORIGINS, serve_one_by_one
from forecast.demand.members.protocol import Floats, View


@dataclass(frozen=True)
class Theta:
    """Theta; the yearly season comes from the view, where it is supported."""

    @property
    def name(self) -> str:
        """The name in results."""
        return "theta"

    @property
    def max_origins(self) -> int | None:
        """Nine: fits are slow."""
        return MAX_ORIGINS

    def paths(self, view: View) -> Floats:
        """Continue the series; serves from 13 known periods on, at a few origins."""
        return serve_one_by_one(view, _fit)


def _fit(x: Floats, horizon: int) -> Floats:
    # statsmodels takes a second to import; a run that never gets here does not pay for it.
    from statsmodels.tsa.forecasting.theta import ThetaModel

    fitted = ThetaModel(x, period=1, deseasonalize=False).fit(disp=False)
    return np.asarray(fitted.forecast(horizon))
