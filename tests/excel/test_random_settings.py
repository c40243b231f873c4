"""Whatever is typed, LibreOffice and the service say the same.

COMMITMENT_SETTINGS=200 draws 200 settings instead of 20 (`scripts/workbook_settings` runs them).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path

import drawn_settings as drawn
import numpy as np
import opened
import pytest

ConvertAll = Callable[[Sequence[Path], str], list[Path]]
N_SETTINGS = int(os.environ.get("COMMITMENT_SETTINGS", "20"))
A_BATCH = 10


@lru_cache(maxsize=len(drawn.CONTRACTS))
def _subject(k: int) -> drawn.Subject:
    return drawn.Subject.of(drawn.CONTRACTS[k])


@pytest.mark.libreoffice
@pytest.mark.parametrize("first", range(0, N_SETTINGS, A_BATCH))
def test_libreoffice_says_what_the_service_says(
    first: int, tmp_path: Path, convert_all: ConvertAll
) -> None:
    files, settings = [], []
    for seed in range(first, min(first + A_BATCH, N_SETTINGS)):
        subject = _subject(seed % len(drawn.CONTRACTS))
        setting = drawn.draw(subject, np.random.default_rng(seed))
        before = opened.type_in(subject.workbook, setting.typed)
        files.append(opened.saved(subject.workbook, tmp_path / f"setting_{seed}.xlsx"))
        opened.type_in(subject.workbook, before)
        settings.append((seed, subject, setting))
    for file, (_seed, subject, setting) in zip(convert_all(files, "xlsx"), settings, strict=True):
        theirs = opened.values(file)
        for sheet in theirs.worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type != "e", (file.name, sheet.title, cell.coordinate)
        assert opened.read(theirs, "checks_failed") == 0, file.name
        read, twin = partial(opened.read, theirs), subject.twin(setting)
        drawn.assert_agrees(read, twin)
        drawn.assert_offer_agrees(read, twin, setting)


@pytest.mark.parametrize("seed", range(3))
def test_our_own_calculator_says_the_same(seed: int) -> None:
    subject = _subject(seed)
    setting = drawn.draw(subject, np.random.default_rng(1000 + seed))
    with opened.typed_in(subject.workbook, setting.typed) as book:
        assert book["checks_failed"] == 0
        twin = subject.twin(setting)
        drawn.assert_agrees(book.__getitem__, twin)
        drawn.assert_offer_agrees(book.__getitem__, twin, setting)
