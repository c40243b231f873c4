from __future__ import annotations

import json
from pathlib import Path

from example_buyer import run

PAGE = """{"data": [{"starting_at": "2026-11-01T00:00:00Z", "ending_at": "2026-11-02T00:00:00Z",
"results": [{"uncached_input_tokens": 1500, "cache_creation": {"ephemeral_5m_input_tokens": 500,
"ephemeral_1h_input_tokens": 0}, "cache_read_input_tokens": 200, "output_tokens": 700,
"model": "claude-opus-5-5", "service_tier": "batch", "inference_geo": "us"}]}],
"has_more": true, "next_page": "page_x"}"""


def page(folder: Path) -> Path:
    path = folder / "page.json"
    path.write_text(PAGE)
    return path


def test_it_tells_what_was_understood_and_writes_nothing(tmp_path: Path) -> None:
    answer = run("import", page(tmp_path), "--explain")
    assert answer.exit_code == 0
    shown = " ".join(answer.stdout.split())
    assert "page.json is Anthropic messages usage report" in shown
    assert "2026-11-01 to 2026-11-01 (UTC): 1 records of usage, 0 cost lines" in shown
    assert "without cached tokens, as exported" in shown
    assert "cannot tell requests" in shown
    assert "more pages follow 2026-11-01" in shown
    for what in (
        "input tokens │ 1,500",
        "cache write 5m tokens │ 500",
        "cache read tokens │ 200",
        "output tokens │ 700",
        "requests │ –",
    ):
        assert f"anthropic: claude-opus-5-5 │ batch │ {what}" in shown
    assert "write 1h" not in shown  # nothing of it was used
    assert [p.name for p in tmp_path.iterdir()] == ["page.json"]


def test_counts_of_a_large_company_leave_the_model_readable(tmp_path: Path) -> None:
    large = tmp_path / "page.json"
    large.write_text(PAGE.replace("1500", "987654321098").replace("700", "123456789012"))
    shown = run("import", large, "--explain").stdout
    assert "anthropic: claude-opus-5-5" in shown
    assert "987,654,321,098" in shown


def test_it_may_write_the_table_too(tmp_path: Path) -> None:
    out = tmp_path / "usage.csv"
    answer = run("import", page(tmp_path), "--explain", "--out", out)
    assert answer.exit_code == 0
    assert out.read_text().count("\n") == 2


def test_a_place_or_an_explanation_is_needed(tmp_path: Path) -> None:
    answer = run("import", page(tmp_path))
    assert answer.exit_code == 2
    assert "say where the table goes" in answer.stderr


def test_the_same_for_machines(tmp_path: Path) -> None:
    answer = run("import", page(tmp_path), "--explain", "--json")
    source = json.loads(answer.stdout)["sources"][0]
    assert source["seen_by"] == "vendor"
    assert source["amounts"] is None
    assert source["cost_lines"] == 0


def spend_log(folder: Path) -> Path:
    path = folder / "spend.json"
    path.write_text(
        json.dumps(
            [
                {
                    "request_id": "r1", "call_type": "acompletion", "api_key": "hash",
                    "spend": 0.5, "total_tokens": 1100, "prompt_tokens": 1000,
                    "completion_tokens": 100, "startTime": "2026-11-01T10:00:00Z",
                    "endTime": "2026-11-01T10:00:10Z", "model": "claude-opus-5-5",
                    "custom_llm_provider": "anthropic", "cache_hit": "False", "metadata": {},
                    "request_tags": [], "user": "", "status": "success",
                }
            ]
        )
    )  # fmt: skip
    return path


def invoice(folder: Path) -> Path:
    path = folder / "invoice.csv"
    path.write_text("month,usd\n2026-11,0.85\n")
    return path


def test_an_estimate_never_becomes_a_bill(tmp_path: Path) -> None:
    """A cost table is read back as a bill: a gateway's own multiplication must not be in it."""
    costs = tmp_path / "costs.csv"
    answer = run("import", spend_log(tmp_path), invoice(tmp_path), "--costs", costs)
    assert answer.exit_code == 0, answer.output
    assert "1 cost lines are in" in answer.stdout
    assert "1 estimated ones are left out" in " ".join(answer.stdout.split())
    assert [line.rsplit(",", 1)[1] for line in costs.read_text().split()] == ["billed_usd", "0.85"]


def test_estimates_alone_make_no_cost_table(tmp_path: Path) -> None:
    out, costs = tmp_path / "usage.csv", tmp_path / "costs.csv"
    answer = run("import", spend_log(tmp_path), "--out", out, "--costs", costs)
    assert answer.exit_code == 2
    assert "no export has amounts that somebody billed" in answer.stderr
    assert not out.exists()
