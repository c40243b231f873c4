"""Build the view that members read: seasons and noise, from what an origin knows."""

from __future__ import annotations

from collections.abc import Sequence

from forecast.demand.members.protocol import Panel, View, half_noise
from forecast.demand.season import seasons


def view_of(panel: Panel, origins: Sequence[int], horizon: int) -> View:
    """Look at a panel from `origins`, `horizon` periods ahead."""
    return View(
        panel=panel,
        origins=tuple(origins),
        horizon=horizon,
        seasons=seasons(panel, origins),
        half_noise=half_noise(panel, origins),
    )
