"""Routing to a lighter model: the lever, its router, and the paired evaluation it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from forecast.records.base import Name, Note, Record, Share
from forecast.records.evidence_states import Evidence

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]

FileName = Annotated[str, Field(min_length=1, max_length=500)]
"""A file beside the inventory, by its path from there."""


class DeclaredMargin(Record):
    """How much worse the lighter model may be and still count as good enough, said beforehand."""

    margin_share: Annotated[float, Field(gt=0, lt=1)]
    """The largest loss of pass share that is accepted: 0.03 for 3 points."""
    declared_by: Name
    declared_on: date


class NonInferiority(StrEnum):
    """What an evaluation says about a margin."""

    SHOWN = "shown"
    """The lower end of the interval lies above −margin."""
    INCONCLUSIVE = "inconclusive"
    """The interval holds −margin: more cases would tell."""
    WORSE = "worse"
    """The upper end lies below −margin: the lighter model is worse by more than the margin."""


class RoutingEvaluation(Record):
    """What a paired evaluation found: the same cases, answered by both models."""

    file: str
    sha256: str
    today_model: Name
    lighter_model: Name
    n_cases: Annotated[int, Field(gt=0)]
    n_answers: Annotated[int, Field(gt=0)]
    """Answers of both models together; more than two a case where cases repeat."""
    n_clusters: Annotated[int, Field(gt=0)]
    """Groups of cases that are drawn together; the cases themselves where none are named."""
    today_pass_share: Share
    lighter_pass_share: Share
    only_lighter_share: Share
    """Share of the cases that only the lighter model passes."""
    only_today_share: Share
    """Share of the cases that only today's model passes."""
    difference: Annotated[float, Field(ge=-1, le=1)]
    """Pass share of the lighter model less that of today's."""
    lower: Annotated[float, Field(ge=-1, le=1)]
    upper: Annotated[float, Field(ge=-1, le=1)]
    interval_mass: Share
    method: Note
    effective_cases: Positive
    """Independent cases that would know the lighter model's pass share as well."""
    margin: DeclaredMargin | None
    evaluated_on: date | None
    verdict: NonInferiority | None
    """None without a margin: nothing was asked."""
    state: Evidence
    """What the evaluation earns: assumed, piloted or proven."""
    reason: Note
    """Why that state and not the next one."""
    needed_cases: Annotated[int, Field(gt=0)] | None
    """Cases that would show the margin with 80 % power if both models were equally good; None
    without a margin."""
    needed_cases_at_difference: Annotated[int, Field(gt=0)] | None
    """The same if the difference seen were the true one; None where no number would do."""


class Router(Record):
    """What decides, for every task, which model answers."""

    model: Name
    """The model that is asked; a router that costs nothing per task needs no entry."""
    input_share: Annotated[float, Field(gt=0, le=10)] = 1.0
    """Tokens it reads per token of the prompt: 1 for all of it."""
    output_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Tokens it writes per token of the prompt; a label is nearly none."""


class RoutingLever(Record):
    """Send a share of the workload to a lighter model."""

    to_model: Name
    share: Share = 1.0
    """Share of the workload's traffic that is tried on the lighter model."""
    pass_share: Share = 1.0
    """Share of what is tried there whose answer is accepted; the rest is escalated. Measured by
    the evaluation where there is one."""
    retry_share: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Extra attempts on the lighter model per task."""
    token_ratio: Positive | None = None
    """Tokens on the lighter model per token today; None takes the tokenizers' ratio."""
    cache_rebuilt_share: Share = 1.0
    """Share of the cached input of an escalated task that today's model has to write again,
    because it did not see the prefix within its lifetime (assumed: all of it)."""
    router: Router | None = None
    evidence: Evidence = Evidence.ASSUMED
    """What the shares, and a pass share without an evaluation, rest on."""
    evaluation: FileName | None = None
    """A paired evaluation: a CSV with the columns case, model and pass."""
    margin: DeclaredMargin | None = None
    evaluated_on: date | None = None
    """When the evaluation was run; the margin has to be declared no later."""
    evaluated: Annotated[RoutingEvaluation | None, Field(exclude=True)] = None
    """What the evaluation found; it is read from the file, never written by hand."""

    @model_validator(mode="before")
    @classmethod
    def _found_is_not_stated(cls, stated: Any) -> Any:
        if isinstance(stated, Mapping) and "evaluated" in stated:
            raise ValueError("evaluated: is read from the evaluation file; leave it out")
        return stated

    @model_validator(mode="after")
    def _evaluation_is_whole(self) -> Self:
        if self.evaluation is None and (self.margin or self.evaluated_on):
            raise ValueError("evaluation: is missing beside its margin or day; name the CSV file")
        if self.evaluation is not None and self.evaluated_on is None:
            raise ValueError("evaluated_on: is missing; give the day the evaluation was run")
        return self


class CompletedTask(Record):
    """Cost of a completed task after routing, in shares of what it costs today.

    total = (1 − share) + share · (attempt + escalation + cache_rebuilt) + router, with
    attempt = price_ratio · token_ratio · (1 + retry_share).
    """

    price_ratio: float
    """List price of the tokens a task takes today, on the lighter model over today's."""
    token_ratio: float
    attempts: float
    """1 + extra attempts."""
    attempt_share: float
    """A try on the lighter model."""
    escalation_share: float
    """What fails is done again on today's model."""
    cache_rebuilt_share: float
    """Prefixes that today's model writes again for what is escalated."""
    router_share: float
    """The router, over all tasks."""
    tried_share: Share
    total_share: float
    break_even_pass_share: float
    """Routing pays above this pass share; above 1 it never does."""
