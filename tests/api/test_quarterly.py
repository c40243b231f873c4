"""The folder that a scheduler keeps: published once, whole, whatever happens to a run."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from contract_buyer import Q1, Q2, ContractBuyer, months
from example_buyer import TERMS, Buyer

import forecast.pipeline.reforecast as pipeline
from api.documents import load_terms
from api.quarterly import (
    LOCK,
    AlreadyRunningError,
    last_quarter_end,
    publish_quarter,
    published_quarters,
)
from api.reforecasts import REFORECAST, QuarterFiles
from api.whole_files import WORKPLACE
from forecast.errors import InputError

KILLED = 137


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, finished: Buyer) -> ContractBuyer:
    found = ContractBuyer(tmp_path_factory.mktemp("quarterly"), finished)
    assert found.sign().exit_code == 0
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "quarters"


@pytest.fixture(autouse=True)
def computed_once(monkeypatch: pytest.MonkeyPatch, outcomes: dict) -> None:
    """Give the same outcome for the same inputs without forecasting again."""
    whole = pipeline.reforecast

    def known(usage, contract, previous, portfolio, **options):
        inputs = tuple((i.name, i.sha256) for i in options["inputs"])
        key = (previous.digest.sha256, inputs, options["as_of"])
        if key not in outcomes:
            outcomes[key] = whole(usage, contract, previous, portfolio, **options)
        return outcomes[key]

    monkeypatch.setattr(pipeline, "reforecast", known)


@pytest.fixture(scope="module")
def outcomes() -> dict:
    return {}


def files(signed: ContractBuyer, *usage: Path, as_of: date | None = Q1) -> QuarterFiles:
    return QuarterFiles(
        contract=signed.contract,
        previous=signed.advice,
        usage=usage or (signed.usage,),
        as_of=as_of,
    )


def tree(directory: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(directory)): p.read_bytes()
        for p in directory.rglob("*")
        if p.is_file() and p.name != LOCK
    }


def test_quarters_stand_on_one_another(signed: ContractBuyer, root: Path) -> None:
    publish_quarter(root, signed.advice, files(signed))
    second = publish_quarter(root, signed.advice, files(signed, signed.later, as_of=Q2))
    assert published_quarters(root) == [Q1, Q2]
    assert second.stored.result.previous.name == REFORECAST
    assert second.stored.result.months_elapsed == 6


def test_the_same_run_again_changes_nothing(signed: ContractBuyer, root: Path) -> None:
    assert publish_quarter(root, signed.advice, files(signed)).stored.is_new
    before = tree(root)
    assert not publish_quarter(root, signed.advice, files(signed)).stored.is_new
    assert tree(root) == before


def test_restated_usage_publishes_the_quarter_again_and_names_what_rests_on_it(
    signed: ContractBuyer, root: Path, tmp_path: Path
) -> None:
    publish_quarter(root, signed.advice, files(signed))
    publish_quarter(root, signed.advice, files(signed, signed.later, as_of=Q2))
    restated = tmp_path / "restated.csv"
    lines = months(date(2026, 11, 1), Q1).splitlines()
    lines[-1] = lines[-1].replace(",prod,,", ",prod,,9")
    restated.write_text("\n".join(lines) + "\n")
    again = publish_quarter(root, signed.advice, files(signed, restated))
    assert again.stored.is_new
    assert again.outdated == (Q2,)
    mended = publish_quarter(root, signed.advice, files(signed, signed.later, as_of=Q2))
    assert (mended.stored.is_new, mended.outdated) == (True, ())


def test_a_second_run_at_the_same_time_is_turned_away(signed: ContractBuyer, root: Path) -> None:
    root.mkdir()
    with (root / LOCK).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(AlreadyRunningError):
            publish_quarter(root, signed.advice, files(signed))
    assert publish_quarter(root, signed.advice, files(signed)).stored.is_new


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Run `work` in a child that dies at its n-th touch of the disk; tell whether it died."""
    child = os.fork()
    if child == 0:
        left = [step]

        def dying(call: Callable[..., object]) -> Callable[..., object]:
            def called(*arguments: object, **options: object) -> object:
                left[0] -= 1
                if left[0] < 0:
                    os._exit(KILLED)
                return call(*arguments, **options)

            return called

        for name in ("replace", "mkdir"):
            setattr(Path, name, dying(getattr(Path, name)))
        os.fsync = dying(os.fsync)  # type: ignore[assignment]
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


@pytest.mark.parametrize("is_first", [True, False], ids=["fresh", "over an older state"])
def test_killed_at_any_point_the_next_run_completes(
    signed: ContractBuyer, tmp_path: Path, is_first: bool
) -> None:
    restated = tmp_path / "restated.csv"
    lines = months(date(2026, 11, 1), Q1).splitlines()
    lines[-1] = lines[-1].replace(",prod,,", ",prod,,9")
    restated.write_text("\n".join(lines) + "\n")
    wanted = files(signed) if is_first else files(signed, restated)
    whole = tmp_path / "whole"
    publish_quarter(whole, signed.advice, wanted)
    older = tmp_path / "older"
    publish_quarter(older, signed.advice, files(signed))
    n_deaths = 0
    while True:
        root = tmp_path / f"killed_{n_deaths}"
        if not is_first:
            publish_quarter(root, signed.advice, files(signed))
        died = killed_at(n_deaths, lambda at=root: publish_quarter(at, signed.advice, wanted))
        if died and root.exists() and published_quarters(root):
            shown = {n: d for n, d in tree(root).items() if WORKPLACE not in n}
            assert shown in (tree(older), tree(whole))
        publish_quarter(root, signed.advice, wanted)
        assert tree(root) == tree(whole)
        assert not list(root.rglob(f"{WORKPLACE}*"))
        if not died:
            break
        n_deaths += 1
    assert n_deaths >= 8


def test_the_quarter_is_the_last_one_that_is_over() -> None:
    terms = load_terms(TERMS)
    assert last_quarter_end(terms, date(2027, 4, 1)) == Q1
    assert last_quarter_end(terms, date(2027, 6, 30)) == Q1
    assert last_quarter_end(terms, date(2030, 1, 1)) == date(2027, 12, 31)
    with pytest.raises(InputError, match="2027-03-31"):
        last_quarter_end(terms, Q1)


@pytest.mark.slow
def test_the_script_exits_as_the_command_line_does(signed: ContractBuyer, root: Path) -> None:
    script = Path(__file__).parents[2] / "scripts" / "reforecast_quarter.py"
    base = [
        sys.executable, script, "--root", root, "--contract", signed.contract, "--advice",
        signed.advice, "--usage", signed.usage,
    ]  # fmt: skip

    def ran(*more: object) -> subprocess.CompletedProcess[str]:
        command = [str(part) for part in (*base, *more)]
        environment = os.environ | {"PYTHONPATH": str(script.parents[1])}
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=200, check=False
        )

    first = ran("--today", "2027-04-05")
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("# Draft of the vendor")
    again = ran("--today", "2027-04-05", "--max-budget-p80-usd", "1000")
    assert (again.returncode, again.stdout.count("\n")) == (4, 1)
    assert "nothing changed" in again.stdout
    late = ran("--today", "2027-07-05")
    assert late.returncode == 2
    assert "an export is late" in late.stderr
    with (root / LOCK).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        busy = ran("--today", "2027-04-05")
    assert busy.returncode == 1
    assert json.loads((root / str(Q1) / REFORECAST).read_text())["status"] == "reforecast"
