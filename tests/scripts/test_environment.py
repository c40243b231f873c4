"""The bash part: it names what is missing, and removes nothing it did not make."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def bash(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", "-c", f'set -euo pipefail; source "{ROOT}/scripts/environment.sh"; {script}'],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
    )


def test_a_directory_that_is_no_environment_is_kept(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    done = bash("prepare_environment runtime", COMMITMENT_VENV=str(tmp_path), PYTHON=sys.executable)
    assert done.returncode == 1
    assert "is not an environment" in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "three years of work"


def test_a_half_made_environment_is_removed(tmp_path: Path) -> None:
    half = tmp_path / "venv"
    (half / "lib").mkdir(parents=True)
    (half / ".commitment-environment").touch()
    done = bash("remove_environment", COMMITMENT_VENV=str(half))
    assert done.returncode == 0, done.stderr
    assert not half.exists()


@pytest.fixture
def only_python(tmp_path: Path) -> Path:
    """A path with nothing on it but a python3 that the test writes, and what bash needs."""
    for tool in ("dirname", "sed", "awk"):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / tool).symlink_to(found)
    return tmp_path


def python3(directory: Path, body: str) -> None:
    program = directory / "python3"
    program.write_text(f"#!/bin/bash\n{body}\n")
    program.chmod(0o755)


def test_an_old_python_is_named(only_python: Path) -> None:
    python3(only_python, 'case "$*" in -V) echo Python 3.9 ;; *version_info*) exit 1 ;; esac')
    done = bash("find_python", PATH=str(only_python))
    assert done.returncode == 1
    assert "needs Python 3.11 or later" in done.stderr
    assert "Python 3.9" in done.stderr


def test_a_name_that_does_not_run_is_passed_over(only_python: Path) -> None:
    python3(only_python, "exit 127")
    done = bash("find_python", PATH=str(only_python), PYTHON=sys.executable)
    assert done.stdout.strip() == sys.executable, done.stderr


def test_a_python_without_venv_says_what_to_install(only_python: Path) -> None:
    python3(only_python, 'case "$2" in *ensurepip*) exit 1 ;; esac')
    done = bash("find_python", PATH=str(only_python))
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
