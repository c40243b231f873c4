"""An invented company over its contracts: daily usage, inventory and prices as known on any day.

Things happen to it, some to every company and some to a few, by its seed: growth, a price cut, a
model that retires, a migration to batch that comes late and in part, one to caching that fails, a
workload that is lost, one that is new, one that is renamed. What will happen is in nothing that is
known before: a price cut is on the sheet from its day on, a retirement sixty days ahead. What its
own people plan they know as early: a launch stands in the inventory sixty days ahead, its volume
as wrong as the product takes such plans to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.pricing.sheets import NamedSheet, PriceSheet, read_record
from forecast.records.terms import Terms, Tier
from forecast.records.workloads import Portfolio
from forecast.tables import USAGE_ROWS, check, conform

Floats = NDArray[np.float64]

FIRST_DAY = date(2025, 7, 1)
FIRST_TERM = date(2027, 1, 1)
N_YEARS = 3
LAST_DAY = date(2029, 12, 31)
SIGNED_AFTER = 31
"""Days between the usage a commitment is sized from and the first day of its term."""

NOTICE_DAYS = 60
"""Between the announcement of a retirement, or of a launch by its own people, and its day."""

PLAN_ERROR = 0.5
"""Standard deviation of the log of a launch's planned volume, and what the inventory says of it."""

LAUNCH_MONTHS = 3
"""Of the ramp of a launch."""

MONTHLY_DRIFT = 0.05
"""Standard deviation of the level's random walk over 28 days; as in the example portfolio."""

DAILY_NOISE = 0.10
"""Standard deviation of the log of single days; the example portfolio has 0.06 to 0.20."""

GIVEN_UP_DAYS = 180
"""After the month planned, a migration that has not come is no longer planned with."""

PROMPT_TOKENS, ANSWER_TOKENS = 4000, 400
REQUEST_USD = 0.03
"""What a request of so many tokens costs uncached on the first large model, in real time."""

PLATFORM = "own-cloud"
KEYS = ("chat", "nightly", "drafts", "search", "agents")

LIST_A_YEAR_USD = (420_000.0, 260_000.0, 180_000.0, 140_000.0, 160_000.0)
"""Of every workload in the middle of the story, before anything happens to it."""

TIERS = (("0", 0.0), ("250000", 0.08), ("500000", 0.12), ("1000000", 0.16), ("2000000", 0.20))


@dataclass(frozen=True)
class Story:
    """What happens to a company; None is what does not.

    Attributes
    ----------
    growth
        Log growth a year, by workload.
    cut
        Day and share of a price cut of the first large model.
    retires_on
        The day on which the first large model answers no more.
    to_batch
        Day on which the nightly work really moves, and the share of it that does.
    batch_planned, caching_planned
        First months that the owners have said yes to; caching never comes.
    lost_on, new_on, renamed_on
        Days: search is lost, agents begin, chat goes by another name.
    """

    growth: tuple[float, ...]
    cut: tuple[date, float] | None
    retires_on: date | None
    to_batch: tuple[date, float] | None
    batch_planned: date
    caching_planned: date | None
    lost_on: date | None
    new_on: date | None
    renamed_on: date | None


def story(seed: int) -> Story:
    """Draw what happens to company `seed`.

    >>> story(3) == story(3), story(3) == story(4)
    (True, False)
    """
    rng = np.random.default_rng([20261124, seed])

    def some_day() -> date:
        span = (LAST_DAY - FIRST_TERM).days - 60
        return FIRST_TERM + timedelta(days=int(rng.integers(30, span)))

    def maybe(chance: float) -> date | None:
        day = some_day()
        return day if rng.random() < chance else None

    cut_on, cut = maybe(0.6), float(rng.uniform(0.15, 0.35))
    moved, share = maybe(0.8), float(rng.uniform(0.5, 0.9))
    planned = FIRST_TERM.replace(month=int(rng.integers(2, 8)))
    caching = FIRST_TERM.replace(month=int(rng.integers(3, 10)))
    return Story(
        growth=tuple(float(g) for g in rng.normal(0.12, 0.15, len(KEYS))),
        cut=None if cut_on is None else (cut_on, cut),
        retires_on=maybe(0.6),
        to_batch=None if moved is None else (moved, share),
        batch_planned=planned,
        caching_planned=caching if rng.random() < 0.5 else None,
        lost_on=maybe(0.4),
        new_on=maybe(0.6),
        renamed_on=maybe(0.3),
    )


class Company:
    """A company whose whole story is drawn; what is known on a day is asked for."""

    def __init__(self, seed: int, *, story_of: Story | None = None) -> None:
        self.story = story_of or story(seed)
        self._plan_error = float(np.random.default_rng([20261126, seed]).normal(0.0, PLAN_ERROR))
        self.days = pd.date_range(FIRST_DAY, LAST_DAY)
        self._rows = self._usage(np.random.default_rng([20261125, seed]))

    def usage(self, through: date, since: date = FIRST_DAY) -> pd.DataFrame:
        """Canonical usage rows of [since, through]."""
        day = self._rows["day"]
        inside = (day >= pd.Timestamp(since)) & (day <= pd.Timestamp(through))
        return self._rows[inside].reset_index(drop=True)

    def prices(self, known_on: date) -> NamedSheet:
        """The price sheet as it is known on a day."""
        story = self.story
        cut = story.cut if story.cut and story.cut[0] <= known_on else None
        announced = story.retires_on and story.retires_on - timedelta(days=NOTICE_DAYS) <= known_on
        text = "\n".join(
            [
                _rates("large-1", 5.0, FIRST_DAY, cut[0] if cut else None),
                *([_rates("large-1", 5.0 * (1 - cut[1]), cut[0], None)] if cut else []),
                _rates("large-2", 4.0, FIRST_DAY, None),
                _facts("large-1", 1.0, story.retires_on if announced else None),
                _facts("large-2", 1.3, None),
            ]
        )
        sheet = read_record(text, PriceSheet, file="prices.toml")
        return NamedSheet("prices.toml", text.encode(), sheet)

    def inventory(self, known_on: date) -> str:
        """The inventory as its owners keep it on a day (TOML)."""
        story = self.story
        renamed = story.renamed_on is not None and story.renamed_on <= known_on
        parts = [_workload("support chat" if renamed else "chat", "chat", now=True)]
        state = _state(story.batch_planned, story.to_batch and story.to_batch[0], known_on)
        batch = _workload("nightly", "nightly", now=False, state=state)
        batch += f"adoption_month = {story.batch_planned}\n[workloads.batch]\nshare = 0.9\n"
        parts.append(batch)
        drafts = _workload("drafts", "drafts", now=True)
        planned = story.caching_planned
        if planned is not None:
            state = _state(planned, None, known_on)
            drafts = _workload("drafts", "drafts", now=True, state=state)
            drafts += f"adoption_month = {planned}\n[workloads.caching]\n"
            drafts += "stable_prefix_tokens = 3000\nprompt_tokens = 4000\nhit_share = 0.8\n"
        parts.append(drafts)
        parts.append(_workload("search", "search", now=True))
        if story.new_on is not None and story.new_on - timedelta(days=NOTICE_DAYS) <= known_on:
            parts.append(_workload("agents", "agents", now=True) + self._launch(story.new_on))
        return "\n".join(parts)

    def _launch(self, new_on: date) -> str:
        """What the people who build it expect of it: right on average, and never exactly."""
        w = KEYS.index("agents")
        years = (new_on - FIRST_DAY).days / 365.25 - len(self.days) / 2 / 365.25
        usd = LIST_A_YEAR_USD[w] / 12 * np.exp(self.story.growth[w] * years)
        planned = usd * np.exp(self._plan_error - PLAN_ERROR**2 / 2)
        return (
            f"[workloads.launch]\nmonth = {new_on.replace(day=1)}\n"
            f"monthly_requests = {planned / REQUEST_USD:.0f}\n"
            f"input_tokens_per_request = {PROMPT_TOKENS}\n"
            f'output_tokens_per_request = {ANSWER_TOKENS}\nmodel = "large-1"\n'
            f'platform = "{PLATFORM}"\nmonths_to_full = {LAUNCH_MONTHS}\n'
            f"volume_uncertainty = {PLAN_ERROR}\n"
        )

    def portfolio(self, known_on: date) -> Portfolio:
        """The same as a record."""
        return read_record(self.inventory(known_on), Portfolio, file="workloads.toml")

    def _usage(self, rng: np.random.Generator) -> pd.DataFrame:
        frames = [self._rows_of(w, rng=child) for w, child in enumerate(rng.spawn(len(KEYS)))]
        rows = pd.concat(frames, ignore_index=True).sort_values(
            ["day", "api_key", "model", "service_tier"], kind="stable"
        )
        return check(conform(rows, USAGE_ROWS), USAGE_ROWS)

    def _rows_of(self, w: int, *, rng: np.random.Generator) -> pd.DataFrame:
        n, story = len(self.days), self.story
        years = (np.arange(n) - n / 2) / 365.25
        drift = np.cumsum(rng.normal(0.0, MONTHLY_DRIFT / np.sqrt(28), n))
        level = story.growth[w] * years + drift - drift[n // 2]
        week = np.where(self.days.day_of_week.to_numpy() >= 5, 0.55, 1.18)
        noise = np.exp(rng.normal(0.0, DAILY_NOISE, n))
        usd = LIST_A_YEAR_USD[w] / 365.25 * np.exp(level) * week * noise
        usd = usd * self._is_running(w)
        on_batch = self._on_batch(w)
        frames = []
        for model, share in self._models():
            for tier, part in (("standard", 1 - on_batch), ("batch", on_batch)):
                frames.append(_rows(KEYS[w], self.days, usd * share * part, model, tier))
        return pd.concat(frames, ignore_index=True)

    def _is_running(self, w: int) -> Floats:
        day, story = self.days, self.story
        if KEYS[w] == "search" and story.lost_on is not None:
            return np.asarray(day < pd.Timestamp(story.lost_on), dtype=np.float64)
        if KEYS[w] == "agents":
            if story.new_on is None:
                return np.zeros(len(day))
            age = (day - pd.Timestamp(story.new_on)).days.to_numpy()
            return np.clip((age + 1) / 90, 0.0, 1.0)
        return np.ones(len(day))

    def _on_batch(self, w: int) -> Floats:
        moved = self.story.to_batch
        if KEYS[w] != "nightly" or moved is None:
            return np.zeros(len(self.days))
        age = (self.days - pd.Timestamp(moved[0])).days.to_numpy()
        return np.clip((age + 1) / 5, 0.0, 1.0) * moved[1]

    def _models(self) -> list[tuple[str, Floats]]:
        ends = self.story.retires_on
        if ends is None:
            return [("large-1", np.ones(len(self.days)))]
        left = (pd.Timestamp(ends) - self.days).days.to_numpy()
        old = np.clip(left / 30, 0.0, 1.0)
        return [("large-1", old), ("large-2", 1 - old)]


def _state(planned: date, moved: date | None, known_on: date) -> str:
    """What the inventory says of a migration: half a year late, nobody plans with it any more."""
    if moved is not None and moved <= known_on:
        return "shipped"
    return "declined" if planned + timedelta(days=GIVEN_UP_DAYS) <= known_on else "accepted"


def terms_of(year: int) -> Terms:
    """The contract that is on the table for a calendar year."""
    return Terms(
        name=f"Agreement {year}",
        term_start=date(year, 1, 1),
        term_months=12,
        tiers=tuple(Tier(from_commitment_usd=Decimal(t), discount_share=d) for t, d in TIERS),
    )


def _rows(key: str, days: pd.DatetimeIndex, usd: Floats, model: str, tier: str) -> pd.DataFrame:
    """Rows of work that costs `usd` a day uncached on the first large model, in real time."""
    requests = np.rint(usd / REQUEST_USD)
    per_text = 1.3 if model == "large-2" else 1.0
    rows = pd.DataFrame(
        {
            "day": days,
            "platform": PLATFORM,
            "model": model,
            "service_tier": tier,
            "geography": "global",
            "speed": "standard",
            "context_window": "",
            "workload": "",
            "api_key": key,
            "workspace": "",
            "tag": "",
            "input_tokens": np.rint(requests * PROMPT_TOKENS * per_text).astype(np.int64),
            "cache_write_5m_tokens": 0,
            "cache_write_1h_tokens": 0,
            "cache_read_tokens": 0,
            "output_tokens": np.rint(requests * ANSWER_TOKENS * per_text).astype(np.int64),
            "requests": requests.astype(np.int64),
            "web_searches": 0,
        }
    )
    return rows[rows["requests"] > 0]


def _rates(model: str, usd: float, start: date, end: date | None) -> str:
    until = f"effective_to = {end}\n" if end else ""
    kinds = f"input = {usd:.4f}, cache_write_5m = {usd * 1.25:.4f}, cache_write_1h = {usd * 2:.4f}"
    return (
        f'[[rates]]\nplatform = "{PLATFORM}"\nmodel = "{model}"\neffective_from = {start}\n{until}'
        f"standard = {{ {kinds}, cache_read = {usd / 10:.4f}, output = {usd * 5:.4f} }}\n"
        f'batch_multiple = 0.5\nsource = "invented"\nchecked_on = {start}\n'
    )


def _facts(model: str, per_text: float, retires_on: date | None) -> str:
    ends = f'retires_on = {retires_on}\nsuccessor = "large-2"\n' if retires_on else ""
    return f'[[models]]\nmodel = "{model}"\nfamily = "large"\ntokens_per_text = {per_text}\n{ends}'


def _workload(name: str, key: str, *, now: bool, state: str = "proposed") -> str:
    answered = f'needed_at_once = {str(now).lower()}, evidence = "asked"'
    deadline = "" if now else ", deadline_hours = 24.0"
    return (
        f'[[workloads]]\nname = "{name}"\nowner_state = "{state}"\n'
        f'match = [{{ api_key = "{key}" }}]\nlatency = {{ {answered}{deadline} }}\n'
    )
