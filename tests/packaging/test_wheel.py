"""A wheel of this tree, installed into an environment of its own, does the whole job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGES = ("forecast", "api", "excel_templates")


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    # what pip runs to build a wheel, without its isolated download of the build backend
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    run(sys.executable, "-c", build, out, cwd=ROOT)
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def home(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel; its dependencies are read where this one has them.

    A directory named in a .pth file is searched, but its own .pth files are not read: an
    editable install of the tree cannot stand in for the wheel.
    """
    home = tmp_path_factory.mktemp("home")
    venv.create(home / "venv", with_pip=False)
    python = home / "venv" / "bin" / "python"
    pip = ("-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet")
    run(sys.executable, *pip, wheel, cwd=home)
    site = run(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=home)
    dependencies = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (Path(site.stdout.strip()) / "dependencies.pth").write_text("\n".join(dependencies))
    return home


def test_every_data_file_is_in_the_wheel(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert len(expected) > 50
    assert expected - packed == set()
    strangers = {name for name in packed - expected if ".dist-info/" not in name}
    assert strangers == set()


def test_prices_and_template_are_found(home: Path) -> None:
    program = """
import datetime, importlib.resources, json
import forecast
from forecast.pricing.rate_cards import load_rate_card
card = load_rate_card(datetime.date(2026, 11, 22))
template = importlib.resources.files("excel_templates") / "negotiation.xlsx"
print(json.dumps({
    "file": forecast.__file__,
    "models": len({r.model for r in card.rates}),
    "facts": len(card.models),
    "template": len(template.read_bytes()),
}))
"""
    told = json.loads(run(home / "venv" / "bin" / "python", "-c", program, cwd=home).stdout)
    assert Path(told["file"]).is_relative_to(home)
    assert told["models"] >= 20
    assert told["facts"] >= 10
    assert told["template"] > 5_000


def test_the_whole_road_from_another_directory(home: Path) -> None:
    bin_ = home / "venv" / "bin"
    run(bin_ / "python", ROOT / "scripts" / "example_portfolio.py", "--out", "in", cwd=home)
    run(
        *(bin_ / "commitment", "recommend", "--usage", "in/usage.csv"),
        *("--workloads", "in/workloads.toml", "--terms", "in/terms.toml", "--out", "out"),
        *("--paths", "200"),
        cwd=home,
    )
    answer = json.loads((home / "out" / "recommendation.json").read_text())
    assert answer["status"] == "recommended"
    assert (home / "out" / "negotiation.xlsx").stat().st_size > 5_000
