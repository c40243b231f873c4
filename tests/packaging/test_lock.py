"""The lock: exact, hashed, without addresses, and it covers what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
RUNTIME, DEVELOPMENT, SPARK = re.split(r"# --- [a-z]+ ---\n", LOCK)[1:]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def versions(section: str) -> dict[str, list[Version]]:
    found: dict[str, list[Version]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==(\S+)", section, flags=re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(Version(version))
    return found


@pytest.mark.parametrize(
    ("section", "least"),
    [(RUNTIME, 10), (DEVELOPMENT, 10), (SPARK, 2)],
    ids=["runtime", "development", "spark"],
)
def test_every_entry_is_exact_and_hashed(section: str, least: int) -> None:
    entries = re.split(r"\n(?=\S)", section.strip())
    assert len(entries) >= least
    for entry in entries:
        head, *hashes = entry.split("\n")
        assert re.match(r"^[a-z0-9._-]+==[^\s*;]+( ; .+)? \\$", head), head
        assert hashes, head
        for line in hashes:
            assert re.match(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$", line), line


def test_no_address_and_no_path() -> None:
    for section in (RUNTIME, DEVELOPMENT, SPARK):
        assert not re.search(r"[/@]|^-", section, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("wanted", "section"),
    [
        (PROJECT["project"]["dependencies"], RUNTIME),
        (PROJECT["build-system"]["requires"], RUNTIME),
        (PROJECT["project"]["optional-dependencies"]["dev"], RUNTIME + DEVELOPMENT),
        (PROJECT["project"]["optional-dependencies"]["spark"], RUNTIME + DEVELOPMENT + SPARK),
    ],
    ids=["runtime", "build", "dev", "spark"],
)
def test_it_covers_pyproject(wanted: list[str], section: str) -> None:
    locked = versions(section)
    for line in wanted:
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{line} is not locked; run scripts/lock"
        for version in locked[name]:
            assert requirement.specifier.contains(version), f"{line}: {version} is locked"


def test_a_package_that_developers_need_on_more_platforms_has_one_version() -> None:
    users, developers = versions(RUNTIME), versions(DEVELOPMENT)
    for name in set(users) & set(developers):
        assert set(developers[name]) <= set(users[name]), name
