"""The rate card on one day, each key read off it once."""

from __future__ import annotations

from datetime import date

from forecast.errors import UnknownModelError
from forecast.mix import Floats, TokenMix, price_mix
from forecast.records.rates import RateCard
from forecast.records.usage import MixKey


class DayPrices:
    """Prices of one day.

    Parameters
    ----------
    card
        Every dated price.
    day
        The day they are read for.
    """

    def __init__(self, card: RateCard, day: date) -> None:
        self.card = card
        self.day = day
        self._known: dict[MixKey, tuple[tuple[float, ...], float] | None] = {}

    def sold(self, key: MixKey) -> bool:
        """Tell whether the card has a price for a key on that day."""
        return self._find(key) is not None

    def usd_per_token(self, key: MixKey) -> tuple[tuple[float, ...], float]:
        """Give USD per token of each kind, and per web search.

        Raises
        ------
        UnknownModelError
            When the card does not sell the key on that day.
        """
        return self._find(key) or self.card.usd_per_token(key, self.day)

    def unit_cost(self, mix: TokenMix) -> Floats:
        """USD per unit of demand, [n]."""
        return price_mix(mix, self.usd_per_token)

    def _find(self, key: MixKey) -> tuple[tuple[float, ...], float] | None:
        if key not in self._known:
            try:
                self._known[key] = self.card.usd_per_token(key, self.day)
            except UnknownModelError:
                self._known[key] = None
        return self._known[key]
