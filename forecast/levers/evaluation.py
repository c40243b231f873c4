"""A paired evaluation: the same cases answered by both models, and what that proves.

An evaluation earns a state. It is `proven` when a margin was declared before the evaluation ran
and the lower end of the interval of the difference lies above −margin; else `piloted` with at
least `PILOT_CASES` independent cases, and `assumed` with fewer. Whatever the state, the pass share
of the lighter model is drawn as widely as the cases that were seen allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from forecast.errors import WorkloadError
from forecast.levers.paired import (
    INTERVAL_MASS,
    PairedDifference,
    cluster_interval,
    needed_cases,
    score_interval,
)
from forecast.mix import Floats
from forecast.records.evidence_states import Evidence
from forecast.records.routing import (
    DeclaredMargin,
    NonInferiority,
    RoutingEvaluation,
    RoutingLever,
)

PILOT_CASES: Final = 50
"""Fewer independent cases are an opinion (assumed; the weight of a pilot in `levers.effects`)."""


SAME_SHARE: Final = 5e-4
"""A pass share written with three digits is the one that was measured."""


@dataclass(frozen=True)
class Answer:
    """How one model did on one case.

    Attributes
    ----------
    row
        Where it stands in its file, from 1 below the header.
    passed
        0 or 1, or a share in between for an answer that is graded.
    cluster
        Cases of one name belong together (one document, one conversation); empty for none.
    repeat
        Which attempt it is, where cases were repeated; empty otherwise.
    """

    row: int
    case: str
    model: str
    passed: float
    cluster: str = ""
    repeat: str = ""


@dataclass(frozen=True)
class PairedCases:
    """Cases that both models answered, with the mean of their repeats.

    Attributes
    ----------
    today, lighter
        [n] share of the answers of a case that passed.
    clusters
        [n] the cluster of every case, counted from 0.
    n_answers
        Answers of both models together.
    """

    today_model: str
    lighter_model: str
    today: Floats
    lighter: Floats
    clusters: np.ndarray[tuple[int], np.dtype[np.int64]]
    n_answers: int

    @property
    def is_simple(self) -> bool:
        """Whether every case is one yes or no by each model, and stands alone."""
        whole = all(np.isin(x, (0.0, 1.0)).all() for x in (self.today, self.lighter))
        n = len(self.today)
        return bool(whole and self.n_answers == 2 * n and int(self.clusters.max()) + 1 == n)


def pair_cases(
    answers: Sequence[Answer], lighter_model: str, *, today_model: str | None = None
) -> PairedCases:
    """Put the answers of both models to every case side by side.

    Parameters
    ----------
    today_model
        None takes the only other model there is.

    Raises
    ------
    WorkloadError
        With row and column: a model that is absent, more than two of them, a case that one of
        them did not answer, a case with two clusters, or an answer that stands twice with other
        results although no repeat tells them apart.

    Examples
    --------
    >>> rows = [Answer(1, "a", "big", 1), Answer(2, "a", "small", 1), Answer(3, "b", "big", 1)]
    >>> pair_cases(rows, "small")
    Traceback (most recent call last):
        ...
    forecast.errors.WorkloadError: row 3, column case: 'b' was answered by big and not by small; \
the comparison needs every case from both
    """
    today = today_model or _other_model(answers, lighter_model)
    models = {answer.model for answer in answers}
    for model in (lighter_model, today):
        if model not in models:
            known = ", ".join(sorted(models)) or "none"
            raise WorkloadError(f"holds no answers of {model}; its models are {known}")
    compared = [a for a in answers if a.model in (today, lighter_model)]
    results: dict[str, dict[str, dict[str, Answer]]] = {}
    for answer in compared:
        seen = results.setdefault(answer.case, {}).setdefault(answer.model, {})
        _refuse_contradiction(seen.get(answer.repeat), answer)
        seen[answer.repeat] = answer
    clusters: dict[str, str] = {}
    for answer in compared:
        cluster = clusters.setdefault(answer.case, answer.cluster)
        if cluster != answer.cluster:
            raise WorkloadError(
                f"{answer.case!r} belongs to {cluster!r} in another row; a case has one cluster",
                row=answer.row,
                column="cluster",
            )
    for case, by_model in results.items():
        _refuse_unpaired(case, by_model, today, lighter_model)
    names = [clusters[case] or f"case {case}" for case in results]
    numbers = {name: i for i, name in enumerate(dict.fromkeys(names))}
    means = {
        model: np.array([_mean_pass(by[model].values()) for by in results.values()])
        for model in (today, lighter_model)
    }
    return PairedCases(
        today_model=today,
        lighter_model=lighter_model,
        today=means[today],
        lighter=means[lighter_model],
        clusters=np.array([numbers[name] for name in names], dtype=np.int64),
        n_answers=sum(len(seen) for by in results.values() for seen in by.values()),
    )


def _other_model(answers: Sequence[Answer], lighter_model: str) -> str:
    others = sorted({answer.model for answer in answers} - {lighter_model})
    if len(others) == 1:
        return others[0]
    if not others:
        raise WorkloadError(
            f"holds answers of {lighter_model} alone; the comparison needs today's model too"
        )
    raise WorkloadError(
        f"holds {len(others)} other models ({', '.join(others)[:200]}); keep the rows of today's "
        "model and of the lighter one"
    )


def _refuse_contradiction(before: Answer | None, answer: Answer) -> None:
    if before is None or before.passed == answer.passed:
        return
    raise WorkloadError(
        f"{answer.case!r} of {answer.model} is {before.passed:g} in row {before.row} and "
        f"{answer.passed:g} here; number the attempts in a column named repeat if both were made",
        row=answer.row,
        column="pass",
    )


def _refuse_unpaired(
    case: str, by_model: dict[str, dict[str, Answer]], today: str, lighter: str
) -> None:
    for model, missing in ((today, lighter), (lighter, today)):
        if missing not in by_model:
            first = next(iter(by_model[model].values()))
            raise WorkloadError(
                f"{case!r} was answered by {model} and not by {missing}; the comparison needs "
                "every case from both",
                row=first.row,
                column="case",
            )


def _mean_pass(answers: Iterable[Answer]) -> float:
    passed = [answer.passed for answer in answers]
    return sum(passed) / len(passed)


def evaluate(
    cases: PairedCases,
    margin: DeclaredMargin | None,
    *,
    evaluated_on: date | None,
    file: str,
    sha256: str,
    rng: np.random.Generator,
) -> RoutingEvaluation:
    """Compare the pass shares, and say what state the evaluation earns.

    Single answers of cases that stand alone get Tango's score interval; repeats, graded answers
    and clusters get a cluster bootstrap.

    Examples
    --------
    >>> once = PairedCases("big", "small", np.ones(900), np.ones(900), np.arange(900), 1800)
    >>> said = DeclaredMargin(margin_share=0.03, declared_by="Ana", declared_on=date(2026, 10, 1))
    >>> found = evaluate(once, said, evaluated_on=date(2026, 10, 9), file="e.csv", sha256="",
    ...     rng=np.random.default_rng(0))
    >>> found.state.value, round(found.lower, 4)
    ('proven', -0.0043)
    """
    differences = cases.lighter - cases.today
    n = len(differences)
    better, worse = (float(np.maximum(d, 0).mean()) for d in (differences, -differences))
    if cases.is_simple:
        found = score_interval(n, n * better, n * worse)
    else:
        found = cluster_interval(differences, cases.clusters, rng=rng)
    effective = _effective_cases(cases)
    verdict = None if margin is None else _verdict(found, margin.margin_share)
    in_time = margin is not None and evaluated_on is not None and margin.declared_on <= evaluated_on
    state, reason = _earned(found, margin, verdict, in_time=in_time, effective=effective)
    needed: list[int | None] = [None, None]
    if margin is not None:
        # Two agreeing cases and two differing ones are added, so that none seen is not none.
        discordant = (n * (better + worse) + 2) / (n + 4)
        design = max(1.0, n / effective)
        raw = (
            needed_cases(margin.margin_share, discordant, difference=d)
            for d in (0.0, found.difference)
        )
        needed = [None if cases is None else round(cases * design) for cases in raw]
    return RoutingEvaluation(
        file=file,
        sha256=sha256,
        today_model=cases.today_model,
        lighter_model=cases.lighter_model,
        n_cases=n,
        n_answers=cases.n_answers,
        n_clusters=int(cases.clusters.max()) + 1,
        today_pass_share=float(cases.today.mean()),
        lighter_pass_share=float(cases.lighter.mean()),
        only_lighter_share=better,
        only_today_share=worse,
        difference=found.difference,
        lower=found.lower,
        upper=found.upper,
        interval_mass=INTERVAL_MASS,
        method=found.method,
        effective_cases=effective,
        margin=margin,
        evaluated_on=evaluated_on,
        verdict=verdict,
        state=state,
        reason=reason,
        needed_cases=needed[0],
        needed_cases_at_difference=needed[1],
    )


def with_evaluation(lever: RoutingLever, found: RoutingEvaluation, *, column: str) -> RoutingLever:
    """Give a lever the pass share that its evaluation measured.

    Parameters
    ----------
    column
        Where the lever stands in its document, for the errors.

    Raises
    ------
    WorkloadError
        A stated pass share that is not the measured one, or a state that was not earned.
    """
    stated = "pass_share" in lever.model_fields_set
    if stated and abs(lever.pass_share - found.lighter_pass_share) > SAME_SHARE:
        raise WorkloadError(
            f"says {lever.pass_share:g}, and {found.file} measured "
            f"{found.lighter_pass_share:.4g}; leave it out, the evaluation gives it",
            column=f"{column}.pass_share",
        )
    states = (Evidence.ASSUMED, Evidence.PILOTED, Evidence.PROVEN)
    if lever.evidence in states and states.index(lever.evidence) > states.index(found.state):
        more = f"; about {found.needed_cases} cases would do" if found.needed_cases else ""
        raise WorkloadError(
            f"says {lever.evidence.value}, and {found.file} earns {found.state.value} "
            f"({found.reason}{more})",
            column=f"{column}.evidence",
        )
    update = {"evaluated": found, "pass_share": found.lighter_pass_share}
    return lever.model_copy(update=update)


def _verdict(found: PairedDifference, margin_share: float) -> NonInferiority:
    if found.lower > -margin_share:
        return NonInferiority.SHOWN
    return NonInferiority.WORSE if found.upper < -margin_share else NonInferiority.INCONCLUSIVE


def _earned(
    found: PairedDifference,
    margin: DeclaredMargin | None,
    verdict: NonInferiority | None,
    *,
    in_time: bool,
    effective: float,
) -> tuple[Evidence, str]:
    """Give the state and the reason for it."""
    seen = f"the difference is {_points(found.difference)}, {100 * INTERVAL_MASS:.0f} % interval "
    seen += f"{_points(found.lower)} to {_points(found.upper)}"
    below = Evidence.PILOTED if effective >= PILOT_CASES else Evidence.ASSUMED
    few = "" if below is Evidence.PILOTED else f"; fewer than {PILOT_CASES} independent cases"
    if margin is None:
        return below, f"{seen}; nobody declared a margin, so nothing is proven{few}"
    allowed = f"a margin of {100 * margin.margin_share:g} points"
    if verdict is NonInferiority.WORSE:
        return below, f"{seen}: worse by more than {allowed}{few}"
    if verdict is NonInferiority.INCONCLUSIVE:
        return below, f"{seen}: too few cases to tell at {allowed}{few}"
    if not in_time:
        return below, (
            f"{seen}: inside {allowed}, but no day of evaluation shows that it was declared "
            f"beforehand{few}"
        )
    return Evidence.PROVEN, (
        f"{seen}: inside {allowed}, declared by {margin.declared_by} on {margin.declared_on}"
    )


def _points(share: float) -> str:
    return f"{100 * share:+.1f} points"


def _effective_cases(cases: PairedCases) -> float:
    """Independent yes-or-no cases that would know the lighter model's pass share as well.

    p (1 − p) over the variance of the mean with the clusters drawn whole; the number of clusters
    where that variance is zero, and never more than the answers there are.
    """
    k = int(cases.clusters.max()) + 1
    if cases.is_simple:
        return float(len(cases.lighter))
    p = float(cases.lighter.mean())
    residuals = np.bincount(cases.clusters, weights=cases.lighter - p, minlength=k)
    n = len(cases.lighter)
    variance = float((residuals**2).sum()) / n**2 * k / max(1, k - 1)
    if variance <= 0 or not 0 < p < 1:
        return float(k)
    return min(max(1.0, p * (1 - p) / variance), cases.n_answers / 2)
