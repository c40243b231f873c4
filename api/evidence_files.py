"""Evidence that an inventory names: files beside workloads.toml, read into its records."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from forecast.errors import WorkloadError
from forecast.records.workloads import Portfolio, Workload

if TYPE_CHECKING:
    from datetime import date

    from forecast.records.routing import DeclaredMargin, RoutingEvaluation, RoutingLever


@dataclass(frozen=True)
class Attachment:
    """A file that an inventory names, with its bytes as read."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Digest of the bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


def with_evidence(
    portfolio: Portfolio, folder: Path | None
) -> tuple[Portfolio, tuple[Attachment, ...]]:
    """Read what the inventory names, and give the records what it says.

    Parameters
    ----------
    folder
        Where the names start from; None where there are no files, as in a request.

    Raises
    ------
    WorkloadError
        A file that cannot be read or used, or a statement it contradicts; with file, row and
        column.
    """
    read: dict[str, Attachment] = {}
    workloads = tuple(_with_files(w, folder, read) for w in portfolio.workloads)
    if not read:
        return portfolio, ()
    return portfolio.model_copy(update={"workloads": workloads}), tuple(read.values())


def _with_files(workload: Workload, folder: Path | None, read: dict[str, Attachment]) -> Workload:
    update: dict[str, object] = {}
    place = f"workloads.{workload.name}"
    if (lever := workload.routing) is not None and lever.evaluation is not None:
        column = f"{place}.routing"
        file = _attached(lever.evaluation, folder, read, f"{column}.evaluation")
        update["routing"] = _evaluated(lever, file, column)
    measured = _measured(workload, folder, read)
    if measured:
        update["latency"] = workload.latency.model_copy(update=measured)
    return workload.model_copy(update=update) if update else workload


def _measured(
    workload: Workload, folder: Path | None, read: dict[str, Attachment]
) -> dict[str, object]:
    """Read what was measured of batches and of their readers."""
    from api.latency_files import parse_consumption, parse_turnaround

    found: dict[str, object] = {}
    latency, place = workload.latency, f"workloads.{workload.name}.latency"
    if latency.turnaround is not None:
        file = _attached(latency.turnaround, folder, read, f"{place}.turnaround")
        found["measured_turnaround"] = parse_turnaround(file.data, file.name, file.sha256)
    if latency.consumption is not None:
        file = _attached(latency.consumption, folder, read, f"{place}.consumption")
        found["measured_consumption"] = parse_consumption(
            file.data, file.name, file.sha256, workload.name
        )
    return found


def _attached(
    name: str, folder: Path | None, read: dict[str, Attachment], column: str
) -> Attachment:
    from api.documents import read_bytes

    if folder is None:
        raise WorkloadError(
            f"names the file {name!r}, and a request carries none; run commitment recommend where "
            "the file is, or state the figures",
            column=column,
        )
    if name not in read:
        read[name] = Attachment(name, read_bytes(folder / name, file=name))
    return read[name]


def _evaluated(lever: RoutingLever, file: Attachment, column: str) -> RoutingLever:
    from forecast.levers.evaluation import with_evaluation

    found = evaluate_file(
        file, lever.to_model, margin=lever.margin, evaluated_on=lever.evaluated_on
    )
    return with_evaluation(lever, found, column=column)


def evaluate_file(
    file: Attachment,
    lighter_model: str,
    *,
    today_model: str | None = None,
    margin: DeclaredMargin | None = None,
    evaluated_on: date | None = None,
    seed: int = 0,
) -> RoutingEvaluation:
    """Read a paired evaluation and say what it proves.

    Parameters
    ----------
    seed
        Of the cluster bootstrap, where cases repeat.

    Raises
    ------
    WorkloadError
        With the row and the column.
    """
    import numpy as np

    from api.evaluation_file import parse_answers
    from forecast.levers.evaluation import evaluate, pair_cases

    answers = parse_answers(file.data, file.name)
    try:
        cases = pair_cases(answers, lighter_model, today_model=today_model)
    except WorkloadError as error:
        raise WorkloadError(
            error.problem, file=file.name, row=error.row, column=error.column
        ) from None
    return evaluate(
        cases,
        margin,
        evaluated_on=evaluated_on,
        file=file.name,
        sha256=file.sha256,
        rng=np.random.default_rng(seed),
    )
