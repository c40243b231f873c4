"""Drift against another version of the price package, read in a process of its own."""

import json
import shutil
import subprocess
import sys
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import genai_prices
import pytest

from forecast.pricing.drift import Snapshot, compare, snapshot
from forecast.records.rates import BandedRates, LongContext, TokenRates

ROOT = Path(__file__).parents[2]

NEWER = '''

def _newer():
    from datetime import date
    from decimal import Decimal

    from genai_prices.types import ConditionalPrice, StartDateConstraint

    by_id = {p.id: p for p in providers}
    claude = {m.id: m for m in by_id["anthropic"].models}
    opus = claude["claude-opus-5-5"]
    cut = type(opus.prices)(**vars(opus.prices) | {"input_mtok": Decimal("3")})
    opus.prices = [
        ConditionalPrice(prices=opus.prices),
        ConditionalPrice(constraint=StartDateConstraint(start_date=date(2026, 12, 1)), prices=cut),
    ]
    by_id["anthropic"].models.remove(claude["claude-3-opus-latest"])
    gpt = {m.id: m for m in by_id["openai"].models}
    gpt["gpt-5"].id = "gpt-5-renamed"
    gpt["gpt-5.1"].price_variants[1].prices.input_mtok = Decimal("0.7")
    gpt["o1"].prices.requests_kcount = Decimal("1")


_newer()
'''  # fmt: skip


@pytest.fixture(scope="module")
def newer(tmp_path_factory) -> Path:
    """Give a copy of the installed package with five differences."""
    folder = tmp_path_factory.mktemp("newer")
    shutil.copytree(
        Path(genai_prices.__file__).parent,
        folder / "genai_prices",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    with (folder / "genai_prices" / "data.py").open("a", encoding="utf-8") as data:
        data.write(NEWER)
    return folder


def _check(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "check_rate_cards.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )


def test_every_difference_is_listed_and_the_check_fails(newer):
    found = _check("--against", str(newer))
    assert (found.returncode, found.stderr) == (1, "")
    lines = [line.split() for line in found.stdout.splitlines()]
    assert [
        "changed",
        "anthropic",
        "claude-opus-5-5",
        "2026-12-01",
        "standard.input",
        "4",
        "3",
    ] in (lines)
    assert [line[:3] for line in lines if line[:1] == ["vanished"]] == [
        ["vanished", "anthropic", "claude-3-opus-latest"],
        ["vanished", "openai", "gpt-5"],
    ]
    assert [line[:3] for line in lines if line[:1] == ["new"]] == [
        ["new", "openai", "gpt-5-renamed"]
    ]
    assert [line[:3] for line in lines if line[:1] == ["unreadable"]] == [
        ["unreadable", "openai", "o1"]
    ]
    assert "requests_kcount" in found.stdout
    assert {line[2] for line in lines if line[:1] == ["changed"]} == {"claude-opus-5-5", "gpt-5.1"}


def test_a_wheel_is_read_as_a_folder_is(newer, tmp_path):
    wheel = tmp_path / "genai_prices-9.9.9-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for file in (newer / "genai_prices").rglob("*.py"):
            packed.write(file, file.relative_to(newer))
    found = _check("--against", str(wheel))
    assert (found.returncode, found.stderr) == (1, "")
    assert "2 vanished, 11 changed, 1 new" in found.stdout.splitlines()[-1]


def test_the_same_package_has_not_drifted():
    same = _check("--against", str(Path(genai_prices.__file__).parents[1]))
    assert same.returncode == 0
    assert "every price" in same.stdout


def test_a_folder_without_the_package_is_refused(tmp_path):
    refused = _check("--against", str(tmp_path))
    assert refused.returncode == 2
    assert "holds no genai-prices" in refused.stderr


def _changed(index: int, **change: object) -> Snapshot:
    pinned = snapshot()
    rates = list(pinned.rates)
    rates[index] = rates[index].model_copy(update=change)
    return Snapshot(rates=tuple(rates))


@pytest.mark.parametrize(
    ("change", "field", "after"),
    [
        ({"batch_multiple": Decimal("0.4")}, "batch_multiple", "0.4"),
        ({"web_search_usd_per_1000": Decimal(12)}, "web_search_usd_per_1000", "12"),
        (
            {
                "long_context": LongContext(
                    above_prompt_tokens=5, rates=TokenRates(input=Decimal(9))
                )
            },
            "long_context.above_prompt_tokens",
            "5",
        ),
        (
            {"flex": BandedRates(input=Decimal(1), output=Decimal(2))},
            "flex.input",
            "1",
        ),
        ({"other_units": ("smoke signals",)}, "other_units", "('smoke signals',)"),
    ],
)
def test_every_part_of_a_price_is_compared(change, field, after):
    pinned = snapshot()
    index = next(i for i, r in enumerate(pinned.rates) if r.model == "claude-opus-5")
    found = {d.field: d for d in compare(pinned, _changed(index, **change))}
    assert found[field].after == after


def test_sources_and_days_of_checks_are_no_drift():
    change = {"source": "elsewhere", "checked_on": date(2027, 1, 1)}
    assert compare(snapshot(), _changed(0, **change)) == ()


def test_a_snapshot_survives_its_json():
    from forecast.pricing.drift import snapshot_json

    assert Snapshot.model_validate(json.loads(snapshot_json())) == snapshot()
