"""How far a job is, as one share of all it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from api.run import Tell

Span = tuple[float, float]
"""Where a piece of work begins and ends, as shares of the whole."""


def bars(tell: Tell, spans: Sequence[Span]) -> Callable[[], Tell]:
    """Map the long pieces of a run, in their order, onto one share from 0 to 1.

    >>> told = []
    >>> bar = bars(lambda what, share: told.append((what, share)), [(0.0, 0.25), (0.25, 1.0)])
    >>> bar()("reading", 0.5); bar()("deciding", 0.5)
    >>> told
    [('reading', 0.125), ('deciding', 0.625)]
    """
    begun = iter(spans)

    def bar() -> Tell:
        start, end = next(begun, (1.0, 1.0))
        return lambda what, done: tell(what, start + (end - start) * min(max(done, 0.0), 1.0))

    return bar
