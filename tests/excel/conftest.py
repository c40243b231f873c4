"""LibreOffice for the tests that calculate: a private profile that always recalculates."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ALWAYS_RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"
 xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""
FORMATS = {"xlsx": "xlsx:Calc MS Excel 2007 XML", "pdf": "pdf"}

Convert = Callable[[Path, str], Path]
ConvertAll = Callable[[Sequence[Path], str], list[Path]]
SECONDS = 240
"""For one workbook."""


@pytest.fixture(scope="session")
def convert_all(tmp_path_factory: pytest.TempPathFactory) -> ConvertAll:
    """Open workbooks in one LibreOffice, calculate all of them, and save them as xlsx or pdf."""
    soffice = shutil.which("soffice")
    if soffice is None:
        if os.environ.get("CI") == "true":
            pytest.fail("LibreOffice's soffice is not on the path, and CI may leave nothing out")
        pytest.skip("LibreOffice's soffice is not on the path")
    profile = tmp_path_factory.mktemp("libreoffice_profile")
    (profile / "user").mkdir()
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS_RECALCULATE)

    def converted(paths: Sequence[Path], kind: str) -> list[Path]:
        out = tmp_path_factory.mktemp("converted")
        done = subprocess.run(
            [
                soffice,
                f"-env:UserInstallation={profile.as_uri()}",
                "--headless",
                "--convert-to",
                FORMATS[kind],
                "--outdir",
                str(out),
                *map(str, paths),
            ],
            capture_output=True,
            text=True,
            timeout=SECONDS * len(paths),
            check=False,
        )
        results = [out / f"{path.stem}.{kind}" for path in paths]
        assert all(result.exists() for result in results), done.stdout + done.stderr
        return results

    return converted


@pytest.fixture(scope="session")
def convert(convert_all: ConvertAll) -> Convert:
    """The same for one workbook."""
    return lambda path, kind: convert_all([path], kind)[0]
