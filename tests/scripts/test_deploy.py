"""What is deployed: the container file, the units, the example settings."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from deploy.locked_requirements import LOCK, requirements

from api import configuration
from api.settings import Access

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "scripts" / "deploy"
CONTAINERFILE = re.sub(r"\\\n\s*", "", (DEPLOY / "Containerfile").read_text())
UNITS = sorted(DEPLOY.glob("*.service"))
PROGRAM = "/opt/commitment/bin/commitment"


def instructions(name: str) -> list[str]:
    return re.findall(rf"^\s*{name} +(.*)$", CONTAINERFILE, re.MULTILINE)


class TestContainer:
    def test_what_is_copied_exists(self) -> None:
        copied = [words.split()[:-1] for words in instructions("COPY") if "--from" not in words]
        sources = [source for words in copied for source in words]
        assert len(sources) >= 8
        for source in sources:
            assert (ROOT / source).exists(), source

    def test_every_package_has_its_hash(self) -> None:
        installs = [run for run in instructions("RUN") if "pip install" in run]
        assert len(installs) == 2
        for run in installs:
            assert "--require-hashes" in run or "--no-index" in run

    def test_it_runs_as_nobody_in_particular_and_says_how_it_is(self) -> None:
        last_stage = CONTAINERFILE.rsplit("\nFROM ", 1)[1]
        users = re.findall(r"^USER (.*)$", last_stage, re.MULTILINE)
        assert users == ["10001:10001"]
        assert last_stage.index("USER ") < last_stage.index("ENTRYPOINT")
        assert "HEALTHCHECK" in last_stage

    def test_its_settings_can_be_used(self) -> None:
        (line,) = instructions("ENV")
        environ = dict(re.findall(r"(COMMITMENT_\w+)=(\S+)", line))
        assert "COMMITMENT_SECRETS_DIR" in environ
        assert configuration.unknown_variables(environ) == []
        found = configuration.read(environ).settings
        assert found.access is Access.KEYS
        assert configuration.refusals(found) == []

    def test_its_health_check_is_a_command(self) -> None:
        program, *arguments = json.loads(instructions("HEALTHCHECK")[0].split(" CMD ")[1])
        assert program == "python"
        done = subprocess.run(
            [sys.executable, *arguments],
            env=os.environ | {"COMMITMENT_PORT": "9"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        assert "Connection refused" in done.stderr


def test_more_packages_than_the_runtime_keep_their_hashes() -> None:
    found = requirements(LOCK.read_text(), ["psycopg", "psycopg-binary", "fsspec"])
    names = re.findall(r"^([a-z0-9._-]+)==", found, re.MULTILINE)
    assert {"flask", "gunicorn", "psycopg", "psycopg-binary", "fsspec"} <= set(names)
    assert "pytest" not in names
    entries = re.split(r"\n(?=\S)", found.strip())
    assert all("--hash=sha256:" in entry for entry in entries)


def test_a_package_that_is_not_locked_is_named() -> None:
    with pytest.raises(LookupError, match="gevent"):
        requirements(LOCK.read_text(), ["gevent"])


def test_the_example_settings_can_be_used() -> None:
    found = configuration.read({}, file=DEPLOY / "commitment.toml")
    assert configuration.refusals(found.settings) == []
    assert found.settings.trusted_hosts[-1] == "commitment.example"


@pytest.mark.parametrize("unit", UNITS, ids=[unit.name for unit in UNITS])
def test_the_units_are_units(unit: Path, tmp_path: Path) -> None:
    analyser = shutil.which("systemd-analyze")
    if analyser is None:
        pytest.skip("systemd is absent here")
    text = unit.read_text()
    assert text.count(PROGRAM) == 2
    # The program is not installed here; systemd looks whether it is there.
    installed = tmp_path / unit.name.replace("@.", "@1.")
    installed.write_text(text.replace(PROGRAM, str(shutil.which("true"))))
    done = subprocess.run([analyser, "verify", installed], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
