"""Units of bills that count tokens: single ones, thousands or millions."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from forecast.usage.formats import cells

_UNIT: Final = re.compile(
    r"(?P<n>1|1k|1,?000|1m|1,?000,?000|million|thousand|k|m)? ?tokens?", re.IGNORECASE
)
_DESCRIBED: Final = re.compile(r"\b(?P<n>million|thousand)\b[^|]{0,80}\btokens?\b", re.IGNORECASE)
_FACTORS: Final = {
    **{"": 1, "1": 1, "k": 10**3, "1k": 10**3, "1000": 10**3, "thousand": 10**3},
    **{"m": 10**6, "1m": 10**6, "1000000": 10**6, "million": 10**6},
}
_NOISE: Final = Decimal("0.001")
"""How far a count may be from whole: float64 writes 0.069 thousand as 0.06899999999999999."""


def tokens_per(unit: str, description: str = "") -> int | None:
    """Give how many tokens one unit is; None where neither unit nor description says.

    A unit called "Units" says nothing itself; the description of the line may.

    Examples
    --------
    >>> tokens_per("1K tokens"), tokens_per("1M Tokens"), tokens_per("Tokens"), tokens_per("Hrs")
    (1000, 1000000, 1, None)
    >>> tokens_per("Units", "AWS Marketplace software usage|us-east-1|Million Input Tokens")
    1000000
    """
    found = _UNIT.fullmatch(unit.strip())
    if found is None and unit.strip().lower() == "units":
        found = _DESCRIBED.search(description)
    return None if found is None else _FACTORS[(found["n"] or "").replace(",", "").lower()]


def whole_tokens(quantity: Decimal, per_unit: int) -> int:
    """Give a quantity as single tokens.

    Raises
    ------
    ValueError
        Negative, more than a row can hold, or not whole: then the unit is another one.

    Examples
    --------
    >>> whole_tokens(Decimal("29.481"), 1000), whole_tokens(Decimal("0.06899999999999999"), 1000)
    (29481, 69)
    """
    exact = quantity * per_unit
    whole = exact.to_integral_value()
    if abs(exact - whole) > _NOISE:
        raise ValueError(f"is {exact:f} tokens by its unit, not a whole number")
    return cells.bounded(int(whole))
