"""A result on disk: the recommendation, its workbook, and the evidence they rest on.

    DIR/recommendation.json     the answer
    DIR/negotiation.xlsx        the workbook
    DIR/evidence/               scenarios.parquet daily.parquet rate_card.json
                                workloads.toml terms.toml
                                price_sheet_1.toml … in the order they were given
                                attachment_1.csv … in the order the inventory names them

Everything is written to a hidden place first and moved in at the end, the answer last; when
anything fails, DIR is as it was. A refusal has the answer only, and takes the place of an older
result.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from api.documents import parse_json
from api.validation import DocumentError, faults_of
from api.whole_files import replace_files
from forecast.errors import InputError
from forecast.records.recommendation import InputDigest, Recommendation, Refusal

if TYPE_CHECKING:
    import pandas as pd

    from forecast.paths import DecisionSet
    from forecast.pipeline.recommend import Outcome
    from forecast.records.rates import RateCard

ANSWER = "recommendation.json"
WORKBOOK = "negotiation.xlsx"
EVIDENCE = "evidence"
SCENARIOS = f"{EVIDENCE}/scenarios.parquet"
DAILY = f"{EVIDENCE}/daily.parquet"
WORKLOADS = f"{EVIDENCE}/workloads.toml"
TERMS = f"{EVIDENCE}/terms.toml"
RATE_CARD = f"{EVIDENCE}/rate_card.json"
PRICE_SHEET = re.compile(rf"{EVIDENCE}/price_sheet_\d+\.toml")
NUMBERED = re.compile(rf"{EVIDENCE}/(price_sheet_\d+\.toml|attachment_\d+\.csv)")
"""Evidence of which there may be several."""


@dataclass(frozen=True)
class StoredResult:
    """A result and where it lies.

    Attributes
    ----------
    files
        The paths of this result below `directory`, the answer first.
    """

    result: Recommendation | Refusal
    directory: Path
    files: tuple[str, ...]

    def recommendation(self) -> Recommendation:
        """Give the recommendation.

        Raises
        ------
        InputError
            When the result is a refusal.
        """
        if isinstance(self.result, Refusal):
            raise InputError(
                f"holds no recommendation ({self.result.reason}); there is nothing to settle "
                "offers on or to put into a workbook",
                file=ANSWER,
            )
        return self.result

    def decisions(self) -> DecisionSet:
        """Read the decision set the recommendation was made on.

        Raises
        ------
        InputError
            When the result is a refusal, or names no decision set.
        """
        from api.scenarios_file import read_scenarios

        self.recommendation()
        if SCENARIOS not in self.files:
            raise InputError(f"does not name {SCENARIOS} in its provenance", file=ANSWER)
        return read_scenarios(self.directory / SCENARIOS)


def digest(data: bytes) -> str:
    """Give the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def answer_json(result: Recommendation | Refusal) -> str:
    """Write the answer as it stands in recommendation.json."""
    return result.model_dump_json(indent=2) + "\n"


def write_outcome(
    outcome: Outcome,
    out_dir: Path,
    *,
    portfolio_toml: bytes,
    terms_toml: bytes,
    price_sheets: Sequence[bytes] = (),
    attachments: Sequence[bytes] = (),
    template: Path | None = None,
) -> StoredResult:
    """Write a result into `out_dir`, all of it or nothing.

    The digests of the evidence files are added to the provenance of the result.

    Parameters
    ----------
    portfolio_toml, terms_toml, price_sheets, attachments
        The documents as they were read.
    template
        A workbook to fill instead of the shipped one.

    Raises
    ------
    InputError
        A template that lacks what is filled in.
    OSError
        A directory that cannot be written.
    """
    files: dict[str, bytes] = {}
    result = outcome.result
    if isinstance(result, Recommendation):
        from api.scenarios_file import scenarios_bytes
        from excel_templates.fill import build_workbook

        assert outcome.decisions is not None
        files[SCENARIOS] = scenarios_bytes(outcome.decisions)
        files[DAILY] = parquet(outcome.daily)
        if outcome.card is not None:
            files[RATE_CARD] = card_json(outcome.card)
        files[WORKLOADS] = portfolio_toml
        files[TERMS] = terms_toml
        for i, sheet in enumerate(price_sheets, start=1):
            files[f"{EVIDENCE}/price_sheet_{i}.toml"] = sheet
        for i, file in enumerate(attachments, start=1):
            files[f"{EVIDENCE}/attachment_{i}.csv"] = file
        result = _with_digests(result, files)
        files[WORKBOOK] = build_workbook(result, outcome.decisions, template=template)
    files[ANSWER] = answer_json(result).encode()
    replace_files(out_dir, files, stale=(WORKBOOK, EVIDENCE))
    return StoredResult(result, out_dir, tuple(reversed(files)))


def _with_digests(result: Recommendation, files: Mapping[str, bytes]) -> Recommendation:
    evidence = [InputDigest(name=name, sha256=digest(data)) for name, data in files.items()]
    provenance = result.provenance.model_copy(
        update={"inputs": (*result.provenance.inputs, *evidence)}
    )
    return result.model_copy(update={"provenance": provenance})


def card_json(card: RateCard) -> bytes:
    """Write the prices that a result rests on."""
    return (card.model_dump_json(indent=1, exclude_defaults=True) + "\n").encode()


def parquet(frame: pd.DataFrame) -> bytes:
    """Write a frame as Parquet."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def read_result(path: Path) -> StoredResult:
    """Read a recommendation.json and check that the evidence beside it is the one it names.

    Parameters
    ----------
    path
        The file, or the directory that holds it.

    Raises
    ------
    InputError
        Not a result, or evidence that is absent or was changed afterwards.
    """
    file = path / ANSWER if path.is_dir() else path
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=file.name) from None
    result = parse_answer(data, file=file.name)
    evidence = [i for i in result.provenance.inputs if i.name.startswith(f"{EVIDENCE}/")]
    for item in evidence:
        check_evidence(file.parent, item)
    files = [ANSWER, *(i.name for i in evidence)]
    if (file.parent / WORKBOOK).exists():
        files.insert(1, WORKBOOK)
    return StoredResult(result, file.parent, tuple(files))


def parse_answer(data: bytes, *, file: str = ANSWER) -> Recommendation | Refusal:
    """Read the bytes of a recommendation.json.

    Raises
    ------
    InputError
        Neither a recommendation nor a refusal.
    """
    document = parse_json(data, file=file)
    status = document.get("status") if isinstance(document, dict) else None
    kinds: dict[object, type[Recommendation] | type[Refusal]] = {
        "recommended": Recommendation,
        "insufficient_evidence": Refusal,
    }
    if status not in kinds:
        raise InputError(
            "is not what `commitment recommend` writes: its status is neither recommended nor "
            "insufficient_evidence",
            file=file,
            column="status",
        )
    try:
        return kinds[status].model_validate_json(data, strict=True)
    except ValidationError as error:
        raise DocumentError(faults_of(error, kinds[status]), file=file) from None


def check_evidence(directory: Path, item: InputDigest) -> None:
    """Refuse an evidence file that is absent or was changed since.

    Raises
    ------
    InputError
        With the file.
    """
    known = item.name in (SCENARIOS, DAILY, WORKLOADS, TERMS, RATE_CARD)
    if not known and NUMBERED.fullmatch(item.name) is None:
        raise InputError(f"names an evidence file nobody writes: {item.name!r}", file=ANSWER)
    try:
        found = digest((directory / item.name).read_bytes())
    except OSError:
        raise InputError(
            f"is absent; keep the {EVIDENCE} directory beside {ANSWER}", file=item.name
        ) from None
    if found != item.sha256:
        raise InputError(
            f"is not the file that {ANSWER} was made with (its SHA-256 differs); "
            "run `commitment recommend` again",
            file=item.name,
        )
