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
    "own_error",
    "evidence",
    "disagreement",
    "quarterly_change",
    "yearly_change",
    "noise",
    "reach",
    "known",
    "shift",
)
"""What the spread is a log-linear function of; `signals` says what each one is."""


@dataclass(frozen=True)
class Constants:
    """One row of the table.

    Attributes
    ----------
    sharpness, prior_windows
        η and n₀ of the members' weights.
    degrees
        Degrees of freedom of the Student t of log errors.
    spread
        Coefficient of every signal, in the order of `SIGNALS`.
    """

    sharpness: float
    prior_windows: float
    degrees: float
    spread: tuple[float, ...]


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
        spread=tuple(float(row["spread"][name]) for name in SIGNALS),
    )
