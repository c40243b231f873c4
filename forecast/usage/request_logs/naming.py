"""Names in the words of a log to names of the canonical table, each distinct value once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from forecast.usage.formats import canonical
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL
from forecast.usage.request_logs.aggregation import SENDER
from forecast.usage.request_logs.layouts.protocol import NAMES, Layout

Words = Mapping[str, Callable[[str], str]]


def words_of(layout: Layout) -> Words:
    """Give how each name of a layout becomes canonical; an empty one becomes its default."""
    return {
        column: _or_default(layout.words.get(column, plain), column)
        for column, plain in NAMES.items()
    }


def _or_default(word: Callable[[str], str], column: str) -> Callable[[str], str]:
    default = UNKNOWN_MODEL if column == "model" else str(canonical.DEFAULTS[column])

    def read(text: str) -> str:
        return word(text) if text.strip() else default

    return read


def refused_words(frame: pd.DataFrame, words: Words) -> dict[str, list[str]]:
    """Give the values of each name that its word does not take."""
    found = {
        column: [value for value in frame[column].unique() if not _takes(word, value)]
        for column, word in words.items()
        if column in frame
    }
    return {column: values for column, values in found.items() if values}


def _takes(word: Callable[[str], str], value: str) -> bool:
    try:
        word(value)
    except ValueError:
        return False
    return True


def renamed(frame: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Write every name as the canonical table does, with defaults for those the log lacks."""
    columns = {}
    for column, word in words.items():
        if column in frame:
            values = {value: word(value) for value in frame[column].unique()}
            columns[column] = frame[column].map(values)
        else:
            columns[column] = word("")
    return frame.assign(**columns)


def numbered_senders(
    frame: pd.DataFrame, words: Words, columns: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Number the senders of a log.

    Parameters
    ----------
    frame
        Has the sender columns that the log has, in its words.

    Returns
    -------
    raw, senders
        `raw` has every combination of `columns` and its `sender`; `senders` has the number and
        the canonical names.
    """
    raw = frame[list(columns)].drop_duplicates().reset_index(drop=True)
    named = renamed(raw, words)[list(SENDER)]
    raw["sender"] = named.groupby(list(SENDER), sort=True, dropna=False).ngroup()
    senders = named.assign(sender=raw["sender"]).drop_duplicates("sender").sort_values("sender")
    return raw, senders.reset_index(drop=True)
