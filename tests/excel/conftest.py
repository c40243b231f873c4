"""LibreOffice for the tests that calculate: a private profile that always recalculates."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
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


@pytest.fixture(scope="session")
def convert(tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """Open a workbook in LibreOffice, calculate all of it, and save it as xlsx or pdf."""
    soffice = shutil.which("soffice")
    if soffice is None:
        if os.environ.get("CI") == "true":
            pytest.fail("LibreOffice's soffice is not on the path, and CI may leave nothing out")
        pytest.skip("LibreOffice's soffice is not on the path")
    profile = tmp_path_factory.mktemp("libreoffice_profile")
    (profile / "user").mkdir()
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS_RECALCULATE)

    def converted(path: Path, kind: str) -> Path:
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
                str(path),
            ],
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        result = out / f"{path.stem}.{kind}"
        assert result.exists(), done.stdout + done.stderr
        return result

    return converted
