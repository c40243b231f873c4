"""Which of the named kinds of work a workload looks like: a proposal that a person confirms.

The name, the calendar and the clock each speak for some kinds with a number of points. The kind
with the most is proposed when it has at least `ENOUGH`, and at least one more than the next. A
proposal answers nothing: the one question stays open, and the workload stays at its real-time
price until a person has answered it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from forecast.records.archetypes import ArchetypeProposal, WorkShape
from forecast.records.workloads import Archetype

ENOUGH: Final = 3
"""Points of a proposal: one clear word, or two signs that agree (assumed; the seven kinds and the
interactive one are each recognised from their shape alone in `tests/usage/test_archetypes.py`)."""

NAME_POINTS: Final = 3

_WORDS: Final = {
    Archetype.OVERNIGHT_ENRICHMENT: {"nightly", "overnight", "enrichment", "enrich"},
    Archetype.BULK_CLASSIFICATION: {
        "classification",
        "classifier",
        "classify",
        "tagging",
        "labeling",
    },
    Archetype.REVIEWED_CONTENT: {"drafts", "drafting", "copywriting", "content"},
    Archetype.QUEUED_DOCUMENTS: {"documents", "invoices", "ocr", "contracts", "claims"},
    Archetype.HISTORICAL_BACKFILL: {"backfill", "backfills", "reprocessing"},
    Archetype.EVALUATION_RUNS: {"eval", "evals", "evaluation", "evaluations", "benchmark"},
    Archetype.SCHEDULED_REPORTING: {"report", "reports", "reporting", "digest"},
    Archetype.INTERACTIVE: {"chat", "chatbot", "assistant", "copilot", "voice"},
}
"""Words that say what a workload does; anything less clear stays unanswered."""

Sign = tuple[int, str, tuple[Archetype, ...]]
"""Points, what was seen, and the kinds it speaks for."""


def guess_archetype(name: str) -> tuple[Archetype | None, str]:
    """Guess what a workload does from a clear word of its name, and give that word.

    >>> guess_archetype("nightly-crm-enrichment")[0].value, guess_archetype("backend")
    ('overnight_enrichment', (None, ''))
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = re.findall(r"[a-z]+", spaced.lower())
    found = {
        archetype: word
        for word in reversed(words)
        for archetype, known in _WORDS.items()
        if word in known
    }
    if len(found) != 1:
        return None, ""
    return next(iter(found.items()))


def propose_archetype(name: str, shape: WorkShape) -> ArchetypeProposal:
    """Propose a kind from the name and the shape of the work.

    Examples
    --------
    >>> clock = WorkShape(cron_share=0.9, night_share=0.95, peak_share=0.9)
    >>> found = propose_archetype("job-7", clock)
    >>> found.archetype.value, found.reasons[0]
    ('overnight_enrichment', '95% of its requests come at night')
    """
    points = dict.fromkeys(Archetype, 0)
    signs = [*_name_signs(name), *_clock_signs(shape), *_calendar_signs(shape), *_text_signs(shape)]
    for worth, _, kinds in signs:
        for kind in kinds:
            points[kind] += worth
    ranked = sorted(Archetype, key=lambda kind: -points[kind])
    best, second = ranked[0], ranked[1]
    clear = points[best] >= ENOUGH and points[best] > points[second]
    speaking = sorted((s for s in signs if best in s[2]), key=lambda s: -s[0])
    return ArchetypeProposal(
        archetype=best if clear else None,
        reasons=tuple(said for _, said, _ in speaking) if points[best] >= ENOUGH else (),
        runner_up=second if points[second] >= ENOUGH - 1 and points[best] >= ENOUGH else None,
        shape=shape,
    )


def _name_signs(name: str) -> Iterator[Sign]:
    kind, word = guess_archetype(name)
    if kind is not None:
        yield NAME_POINTS, f"the word {word!r} in its name", (kind,)


def _clock_signs(shape: WorkShape) -> Iterator[Sign]:
    """Read the minute, the hour and the gaps.

    A third of the requests would fall into the night, a sixth into the busiest four hours, if
    time did not matter; work that follows the day has next to nothing at night and up to two
    thirds in its busiest four hours.
    """
    cron, night, peak = shape.cron_share, shape.night_share, shape.peak_share
    if cron is None or night is None or peak is None:
        return
    at_night = night >= 0.7
    if at_night:
        yield 2, f"{night:.0%} of its requests come at night", (Archetype.OVERNIGHT_ENRICHMENT,)
    if cron >= 0.5:
        scheduled = (Archetype.OVERNIGHT_ENRICHMENT, Archetype.SCHEDULED_REPORTING)
        yield 1, f"{cron:.0%} of its requests come in the minutes of a scheduler", scheduled
        if not at_night and peak >= 0.6:
            said = f"a scheduler runs it by day, {peak:.0%} within four hours"
            yield 2, said, (Archetype.SCHEDULED_REPORTING,)
    elif 0.3 <= peak <= 0.7 and night <= 0.2:
        said = f"it follows the day ({night:.0%} at night) and no scheduler, as people do"
        people = (
            Archetype.INTERACTIVE,
            Archetype.QUEUED_DOCUMENTS,
            Archetype.REVIEWED_CONTENT,
        )
        yield 1, said, people
        if shape.burstiness is not None and shape.burstiness < 0.35:
            yield 2, "its requests come one by one, not in bursts", (Archetype.INTERACTIVE,)
    elif peak <= 0.25 and abs(night - 1 / 3) <= 0.1:
        yield 1, "it runs around the clock", (Archetype.BULK_CLASSIFICATION,)
    if cron < 0.5 and shape.burstiness is not None and shape.burstiness >= 0.35:
        bursty = (Archetype.QUEUED_DOCUMENTS, Archetype.EVALUATION_RUNS)
        yield 1, f"its requests come in bursts ({shape.burstiness:.2f})", bursty


def _calendar_signs(shape: WorkShape) -> Iterator[Sign]:
    """Read the days: one stretch, some working days, or every day."""
    active, stretch, weekend = shape.active_day_share, shape.stretch_share, shape.weekend_share
    if active is None or stretch is None:
        return
    if active <= 0.3 and stretch >= 0.8:
        said = f"it ran on {active:.0%} of the days, in one stretch"
        yield 3, said, (Archetype.HISTORICAL_BACKFILL,)
    elif active <= 0.4 and (weekend or 0.0) <= 0.1:
        said = f"it runs on {active:.0%} of the days, hardly on weekends"
        yield 2, said, (Archetype.EVALUATION_RUNS,)


def _text_signs(shape: WorkShape) -> Iterator[Sign]:
    """Read the lengths of prompts and answers."""
    share, prompt = shape.output_share, shape.prompt_tokens
    if share is None:
        return
    if share <= 0.02:
        said = f"its answers are labels ({share:.1%} of its tokens)"
        yield 2, said, (Archetype.BULK_CLASSIFICATION,)
    elif share >= 0.4:
        said = f"it writes long texts ({share:.0%} of its tokens are output)"
        yield 2, said, (Archetype.REVIEWED_CONTENT,)
    elif prompt is not None and prompt >= 8_000:
        said = f"it reads long documents ({prompt:,.0f} tokens a request)"
        yield 1, said, (Archetype.QUEUED_DOCUMENTS,)
