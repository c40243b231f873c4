"""Everything this package raises on purpose.

CommitmentError
├── InputError                  the caller can mend it (exit code 2, HTTP 422)
│   ├── UsageFormatError        which file, which row, which column
│   ├── UnknownModelError       no price in force for this model on this day
│   ├── WorkloadError           a rule, a lever or an answer in workloads.toml
│   ├── TermsError              clauses contradict each other
│   └── PathsError              a paths file that cannot be a decision set
└── EvidenceError               the data cannot support an honest answer (exit code 3)
    ├── ReconciliationError     history does not reprice to the invoice
    ├── ShortHistoryError       fewer than 13 complete weeks
    └── NoForecasterError       no member of the pool could be fitted

Every message says what was wrong, where, and what to do about it.
"""

from __future__ import annotations


class CommitmentError(Exception):
    """Root of everything raised on purpose."""


class InputError(CommitmentError):
    """The caller can mend it.

    Parameters
    ----------
    problem
        What is wrong and what to do, one sentence each.
    file, row, column
        Where. `row` counts data rows from 1 (the first row below a header, the first record
        of a JSON page); `column` is a column name or a dotted path inside a record.

    Examples
    --------
    >>> str(UsageFormatError("is negative: -5", file="march.csv", row=3, column="output_tokens"))
    'march.csv, row 3, column output_tokens: is negative: -5'
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = file
        self.row = row
        self.column = column
        where = [file] if file else []
        if row is not None:
            where.append(f"row {row}")
        if column is not None:
            where.append(f"column {column}")
        super().__init__(f"{', '.join(where)}: {problem}" if where else problem)


class UsageFormatError(InputError):
    """An export that cannot be read as what it claims to be."""


class UnknownModelError(InputError):
    """No price is in force for a model on a day; never priced at zero."""


class WorkloadError(InputError):
    """A mapping rule, a lever or an answer in workloads.toml that cannot be used."""


class TermsError(InputError):
    """Clauses that contradict each other, or a term that settles nothing."""


class PathsError(InputError):
    """A paths file that cannot serve as a decision set."""


class EvidenceError(CommitmentError):
    """The data cannot support an honest answer."""


class ReconciliationError(EvidenceError):
    """History does not reprice to the invoice."""


class ShortHistoryError(EvidenceError):
    """Fewer complete weeks of history than a number can stand on."""


class NoForecasterError(EvidenceError):
    """No member of the pool could be fitted to a series."""
