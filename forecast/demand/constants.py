"""What the pool and its calibration learned on other series: `constants.toml`.

`scripts/learn_forecast.py` writes the table, once on all domains for production and once without
each domain, so that a benchmark never scores a domain with what was learned on it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

SIGNALS = (
    "one",
    "disagreement",
    "quarterly_change",
    "yearly_change",
    "noise",
    "reach",
    "known",
    "shift",
)
"""What the spread is a log-linear function of; `signals` says what each one is."""

OWN_WINDOWS = 4.0
"""Past windows that a series' own errors must bring to count half. On held-out domains 1, 2 and 4
scored alike (monthly tasks .0627, .0626, .0626)."""


@dataclass(frozen=True)
class Constants:
    """One row of the table.

    Attributes
    ----------
    sharpness, prior_windows
        η and n₀ of the members' weights.
    degrees, degrees_a_window
        ν and c: degrees of freedom of the Student t of log errors, without own past errors and
        added by each past window.
    expected
        a: coefficients of the signals, in the order of `SIGNALS`, for the scale that a series
        shows before its own past errors are looked at.
    spread, own
        b and κ: coefficients of the signals and of the log ratio of own past errors to that
        expected scale.
    """

    sharpness: float
    prior_windows: float
    degrees: float
    degrees_a_window: float
    expected: tuple[float, ...]
    spread: tuple[float, ...]
    own: float


@lru_cache(maxsize=16)
def constants(without: str | None = None) -> Constants:
    """Give what was learned on all domains, or on all but one; an unknown domain leaves none out.

    >>> constants().degrees > 2, constants("no such domain") == constants()
    (True, True)
    """
    text = files("forecast.demand").joinpath("constants.toml").read_text(encoding="utf-8")
    table: dict[str, Any] = tomllib.loads(text)
    row = table["without"].get(without, table["production"])
    return Constants(
        sharpness=float(row["sharpness"]),
        prior_windows=float(row["prior_windows"]),
        degrees=float(row["degrees"]),
        degrees_a_window=float(row["degrees_a_window"]),
        expected=tuple(float(row["expected"][name]) for name in SIGNALS),
        spread=tuple(float(row["spread"][name]) for name in SIGNALS),
        own=float(row["own"]),
    )
