"""The replay-cache command: a page, JSON, evidence for workloads.toml, and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.cli import app
from api.documents import load_portfolio
from forecast.tables import ARRIVALS, conform
from forecast.usage.request_logs.arrivals import arrivals_parquet

MODEL = "claude-opus-5-5"


def run(*arguments: object) -> Result:
    words = ["replay-cache", "--on", "2026-11-22", *map(str, arguments)]
    return CliRunner().invoke(app, words)


def sessions(folder: Path, n: int, **change: object) -> Path:
    """Session i has three turns, a minute apart, and comes back an hour and a half later."""
    folder.mkdir(exist_ok=True)
    for i in range(n):
        requests = [
            {
                "t": 60 * turn,
                "model": MODEL,
                "in": 1000 * (turn + 1) + i,
                "hash_ids": list(range(10 * (turn + 1))),
            }
            for turn in range(3)
        ]
        requests.append(requests[-1] | {"t": 5400 + 900 * (i % 2)})
        requests[1] |= change
        document = {"block_size": 100, "requests": requests}
        (folder / f"s{i}.json").write_text(json.dumps(document))
    return folder


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    return sessions(tmp_path / "sessions", 10)


def test_the_page_answers_in_order(traces: Path) -> None:
    shown = run(traces)
    assert shown.exit_code == 0, shown.output
    text = shown.stdout
    parts = [
        "40 requests; 10 sessions",
        "Marking every whole block, at the prices of 2026-11-22",
        "Cheapest: the lifetime of 5 minutes",
        "Where prompts are marked",
        "What the times of requests alone say",
        "marked, submitted cold",
        "Shortest prefix that is cached",
        "Notes",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    row = next(line.split("│") for line in text.splitlines() if line.startswith(" 5 minutes"))
    assert row[1].strip() == "33.33 %"
    assert all(len(line) <= 110 for line in text.splitlines())


def test_json_holds_every_figure(traces: Path) -> None:
    found = json.loads(run(traces, "--json").stdout)
    assert found["n_requests"] == 40
    five = next(o for o in found["lifetimes"] if o["ttl"] == "5m")
    assert five["hit_share_per_block"] == pytest.approx(30 / 90)
    assert five["write_multiple"] == pytest.approx(1.25)
    assert len(found["markings"]) == 8
    assert {c["choice"] for c in found["batch"]} == {"uncached", "cold", "primed"}


def test_the_evidence_becomes_a_caching_lever(traces: Path, tmp_path: Path) -> None:
    out = tmp_path / "caching.toml"
    shown = run(traces, "--out", out)
    assert f"The caching lever with this evidence is {out}" in shown.stdout.replace("\n", "")
    inventory = '[[workloads]]\nname = "Agents"\n\n' + out.read_text()
    lever = load_portfolio(inventory).workloads[0].caching
    assert lever is not None
    assert lever.replay is not None
    assert lever.prompt_tokens == 2254
    assert lever.stable_prefix_tokens == 2250
    assert lever.replay.n_sessions == 10
    (strongest, *_) = lever.replay.of("5m")
    assert strongest.hit_share == pytest.approx(1 / 3, abs=1e-5)
    assert lever.replay.source == "sessions, marked: every block"


def test_too_few_sessions_are_shown_but_are_no_evidence(tmp_path: Path) -> None:
    out = tmp_path / "caching.toml"
    shown = run(sessions(tmp_path / "few", 3), "--out", out)
    assert shown.exit_code == 3
    assert "33.33 %" in shown.stdout
    assert "3 sessions cannot say how sure their hit share is" in shown.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"in": 900}, "s0.json, row 2, column hash_ids: 20 blocks of 100 tokens are longer than"),
        ({"t": -1}, "s0.json, row 2, column t: is negative: -1"),
        ({"t": 9000}, "s0.json, row 3, column t: is earlier than the row before"),
        ({"t": float("nan")}, "s0.json, row 2, column t: is not a finite number"),
        ({"model": "gpt-nine"}, "s0.json, row 2, column model: no price in force"),
    ],
)
def test_bad_evidence_is_refused_with_the_cell(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    shown = run(sessions(tmp_path / "bad", 1, **change))
    assert shown.exit_code == 2
    assert said in shown.stderr


def test_what_is_no_trace_is_told_what_is(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text("day,model,input_tokens\n2026-11-01,m,5\n")
    shown = run(path)
    assert shown.exit_code == 2
    assert "usage.csv: is no request trace; what can be replayed" in shown.stderr


def test_writes_seen_late_are_missed(traces: Path) -> None:
    shares = [
        next(
            o["hit_share_per_block"]
            for o in json.loads(run(traces, "--json", "--visible-after", s).stdout)["lifetimes"]
            if o["ttl"] == "5m"
        )
        for s in (0, 90)
    ]
    assert shares == pytest.approx([30 / 90, 10 / 90])


@pytest.fixture
def arrivals(tmp_path: Path) -> Path:
    frame = pd.DataFrame(
        {
            "api_key": ["nightly", "nightly", "chat"],
            "at_least": [None, 150, 3600],
            "below": [None, 300, 7200],
            "requests": [100, 900, 50],
        }
    ).astype({"at_least": "Int64", "below": "Int64"})
    plain = {"workload": "", "workspace": "", "tag": "", "model": MODEL, "prefix": "p"}
    path = tmp_path / "arrivals.parquet"
    table = conform(frame.assign(measure="gap_seconds", pooled=0, **plain), ARRIVALS)
    path.write_bytes(arrivals_parquet(table))
    return path


def test_an_arrivals_file_is_evidence_too(arrivals: Path, tmp_path: Path) -> None:
    out = tmp_path / "caching.toml"
    shown = run(
        arrivals,
        "--only",
        "api_key=night*",
        "--prefix-tokens",
        4000,
        "--prompt-tokens",
        4500,
        "--out",
        out,
    )
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith("1,000 requests; 100 prefixes")
    assert "gaps between requests" in shown.stdout
    inventory = '[[workloads]]\nname = "Nightly"\n\n' + out.read_text()
    lever = load_portfolio(inventory).workloads[0].caching
    assert lever is not None
    assert lever.replay is not None
    assert (lever.stable_prefix_tokens, lever.prompt_tokens) == (4000, 4500)
    assert lever.replay.of("5m")[0].hit_share == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--out", "x.toml"), "column --prefix-tokens: is needed beside an arrivals file"),
        (
            ("--prefix-tokens", 9, "--prompt-tokens", 8, "--out", "x.toml"),
            "9 tokens are longer than the mean prompt of 8",
        ),
    ],
)
def test_an_arrivals_file_holds_no_lengths(
    arrivals: Path, words: tuple[object, ...], said: str
) -> None:
    shown = run(arrivals, *words)
    assert shown.exit_code == 2
    assert said in shown.stderr


def test_arrivals_stand_alone(arrivals: Path, traces: Path) -> None:
    shown = run(arrivals, traces)
    assert shown.exit_code == 2
    assert "give it alone, without traces" in shown.stderr


@pytest.mark.parametrize(
    "words",
    [("--marks", "some"), ("--only", "api_key"), ("--on", "soon"), ("--visible-after", "nan")],
)
def test_options_that_cannot_be_are_refused(traces: Path, words: tuple[str, str]) -> None:
    assert run(traces, *words).exit_code == 2
