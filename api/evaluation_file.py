"""Paired evaluations as files: CSV with the columns case, model and pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.table_file import Cell, parse_table

if TYPE_CHECKING:
    from forecast.levers.evaluation import Answer

_WORDS = {
    "true": 1.0,
    "yes": 1.0,
    "pass": 1.0,
    "passed": 1.0,
    "false": 0.0,
    "no": 0.0,
    "fail": 0.0,
    "failed": 0.0,
}


def parse_answers(data: bytes, file: str) -> tuple[Answer, ...]:
    r"""Read the answers of an evaluation.

    Parameters
    ----------
    data
        CSV in UTF-8. `pass` is 1 or 0, true or false, pass or fail, or a share for an answer that
        is graded; `cluster` names cases that belong together, `repeat` numbers the attempts.

    Raises
    ------
    WorkloadError
        With the row and the column.

    Examples
    --------
    >>> [a.passed for a in parse_answers(b"case,model,pass\n1,big,true\n1,small,0\n", "e.csv")]
    [1.0, 0.0]
    """
    from forecast.levers.evaluation import Answer

    rows = parse_table(
        data, file, required=("case", "model", "pass"), optional=("cluster", "repeat")
    )
    return tuple(
        Answer(
            row=row["case"].row,
            case=row["case"].required(),
            model=row["model"].required(),
            passed=_passed(row["pass"]),
            cluster=row["cluster"].text,
            repeat=row["repeat"].text,
        )
        for row in rows
    )


def _passed(cell: Cell) -> float:
    known = _WORDS.get(cell.required().lower())
    if known is not None:
        return known
    return cell.number(at_most=1, meaning="1 or 0, true or false, or a share from 0 to 1")
