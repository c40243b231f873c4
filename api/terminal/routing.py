"""A paired evaluation as a readable page."""

from __future__ import annotations

from rich.console import Group

from api.terminal.layout import notes, page, percent, plain, table
from forecast.records.routing import NonInferiority, RoutingEvaluation

_VERDICTS = {
    NonInferiority.SHOWN: "good enough",
    NonInferiority.INCONCLUSIVE: "cannot be told yet",
    NonInferiority.WORSE: "worse than allowed",
}


def evaluation(found: RoutingEvaluation) -> Group:
    """Show pass shares, the interval of their difference, and what it proves."""
    shares = table(
        f"{found.lighter_model} against {found.today_model} on the same {found.n_cases:,} cases",
        ["", "share of cases"],
        [
            (f"{found.lighter_model} passes", percent(found.lighter_pass_share, 1)),
            (f"{found.today_model} passes", percent(found.today_pass_share, 1)),
            ("only the lighter model passes", percent(found.only_lighter_share, 1)),
            ("only today's model passes", percent(found.only_today_share, 1)),
            ("difference", percent(found.difference, 1)),
            (
                f"its {percent(found.interval_mass)} interval",
                f"{percent(found.lower, 1)} to {percent(found.upper, 1)}",
            ),
        ],
    )
    verdict = f", {_VERDICTS[found.verdict]}" if found.verdict else ""
    return page(
        [
            plain(f"{found.file} earns the state {found.state.value}{verdict}: {found.reason}."),
            shares,
            notes("How it was compared", _comparison(found)),
            notes("What more would show", _needed(found)),
        ]
    )


def _comparison(found: RoutingEvaluation) -> list[str]:
    lines = [f"{found.method}, {found.n_answers:,} answers"]
    if found.n_clusters < found.n_cases or found.n_answers > 2 * found.n_cases:
        lines.append(
            f"cases repeat or belong together: they know the pass share as well as "
            f"{found.effective_cases:.0f} independent ones"
        )
    return lines


def _needed(found: RoutingEvaluation) -> list[str]:
    if found.margin is None:
        return ["declare a margin, with who and when, before the next evaluation runs"]
    if found.verdict is not NonInferiority.INCONCLUSIVE or found.needed_cases is None:
        return []
    lines = [
        f"about {found.needed_cases:,} cases, if both models are equally good "
        f"(80 % power at a margin of {100 * found.margin.margin_share:g} points)"
    ]
    if found.needed_cases_at_difference is None:
        lines.append("none, if the difference seen is the true one")
    elif found.difference < 0:
        lines.append(
            f"about {found.needed_cases_at_difference:,} cases, if the difference seen is the "
            "true one"
        )
    return lines
