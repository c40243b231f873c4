"""Traces count a request where it was made, and some count it again in the span around it."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def around_others(parents: Mapping[str, str], counted: Collection[str]) -> set[str]:
    """Give the counted spans that have another counted span inside, however deep.

    An agent's span often carries the sum of the calls made in it; only the innermost counts were
    taken where the request was made.

    Parameters
    ----------
    parents
        The parent of each span of the file; empty for none. Parents may be missing.
    counted
        Spans that carry token counts.

    Examples
    --------
    >>> around_others({"agent": "", "step": "agent", "call": "step"}, {"agent", "call"})
    {'agent'}
    """
    inside = set(counted)
    around: set[str] = set()
    passed: set[str] = set()
    for span in counted:
        parent = parents.get(span, "")
        while parent and parent not in passed:
            passed.add(parent)
            if parent in inside:
                around.add(parent)
            parent = parents.get(parent, "")
    return around
