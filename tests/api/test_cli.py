from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from example_buyer import FIRST_DAY, LAST_DAY, TERMS, TWELVE_WEEKS, Buyer, run, usage_csv

from api.cli import app
from api.documents import load_portfolio, load_terms
from api.results import ANSWER, read_result
from forecast import __version__
from forecast.usage.formats.registry import FORMATS

COMMANDS = (
    "import",
    "fetch-usage",
    "formats",
    "price",
    "rates",
    "init",
    "forecast",
    "replay-cache",
    "recommend",
    "size",
    "compare-offers",
    "explain-terms",
    "export-commitment",
    "import-commitment",
    "sign",
    "reforecast",
    "renewal",
    "workbook",
    "evaluate-routing",
    "questionnaire",
    "import-questionnaire",
    "split-workload",
    "workload-pages",
    "dossier",
    "import-workbook",
    "vendor-pack",
    "memo",
    "serve",
    "worker",
)


def outside(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, as a shell does."""
    command = [sys.executable, "-m", "api.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


class TestHelp:
    def test_it_names_every_command(self) -> None:
        answer = run("--help")
        assert answer.exit_code == 0
        assert all(command in answer.stdout for command in COMMANDS)

    def test_the_commands_are_those_and_no_others(self) -> None:
        assert tuple(command.name for command in app.registered_commands) == COMMANDS

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_has_help_with_an_example(self, command: str) -> None:
        answer = run(command, "--help")
        assert answer.exit_code == 0
        shown = " ".join(answer.stdout.split())
        assert f"Example: commitment {command}" in shown

    def test_help_imports_nothing_heavy(self) -> None:
        code = (
            "import sys; from api.cli import app\n"
            "try: app(['--help'])\n"
            "except SystemExit: pass\n"
            "heavy = ('numpy', 'pandas', 'pydantic', 'flask', 'scipy', 'statsmodels', 'openpyxl')\n"
            "print([m for m in (*heavy, 'httpx2') if m in sys.modules], file=sys.stderr)"
        )
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert found.stderr.strip() == "[]"

    def test_the_version(self) -> None:
        assert run("--version").stdout == f"commitment {__version__}\n"

    def test_without_a_command_it_teaches(self) -> None:
        answer = run()
        assert answer.exit_code == 2
        assert "recommend" in answer.output


class TestImport:
    def test_a_table_goes_in_and_comes_out(self, buyer: Buyer) -> None:
        out = buyer.directory / "usage.parquet"
        answer = run("import", buyer.usage, "--out", out, "--json")
        assert answer.exit_code == 0, answer.output
        document = json.loads(answer.stdout)
        n_rows = 2 * ((LAST_DAY - FIRST_DAY).days + 1)
        assert document["rows"] == n_rows
        assert document["sources"][0]["first_day"] == str(FIRST_DAY)
        frame = pd.read_parquet(out)
        assert len(frame) == n_rows
        assert frame["input_tokens"].sum() == pd.read_csv(buyer.usage)["input_tokens"].sum()

    def test_the_page_names_file_format_and_rows(self, buyer: Buyer) -> None:
        answer = run("import", buyer.usage, "--out", buyer.directory / "usage.csv.out.csv")
        assert answer.exit_code == 0, answer.output
        assert "usage.csv" in answer.stdout
        assert "canonical" in answer.stdout

    def test_an_unknown_format_is_refused(self, buyer: Buyer) -> None:
        out = buyer.directory / "usage.parquet"
        answer = run("import", buyer.usage, "--out", out, "--format", "canonicle")
        assert answer.exit_code == 2
        assert "did you mean canonical" in answer.stderr
        assert not out.exists()


class TestPrice:
    def priced(self, buyer: Buyer, *more: object) -> dict[str, object]:
        answer = run("price", buyer.usage, "--json", *more)
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.stdout)

    def test_list_cost_is_exact(self, buyer: Buyer) -> None:
        usage = pd.read_csv(buyer.usage)
        million = Decimal(1_000_000)
        expected = (
            int(usage["input_tokens"].sum()) * Decimal(5)
            + int(usage["output_tokens"].sum()) * Decimal(25)
        ) / million
        document = self.priced(buyer)
        assert Decimal(document["list_usd"]) == expected
        assert sum(Decimal(r["list_usd"]) for r in document["rows"]) == expected
        assert {r["token_kind"] for r in document["rows"]} == {"input", "output"}

    def test_a_day_cuts_the_usage(self, buyer: Buyer) -> None:
        months = [m["month"] for m in self.priced(buyer, "--as-of", "2026-02-28")["months"]]
        assert months == ["2026-01", "2026-02"]

    def test_the_page_has_months_models_kinds_and_the_total(self, buyer: Buyer) -> None:
        total = Decimal(self.priced(buyer)["list_usd"])
        page = run("price", buyer.usage).stdout
        for text in ("2026-10", "claude-opus-5", "output", "all models", f"${total:,.2f}"):
            assert text in page

    def test_every_row_can_be_kept(self, buyer: Buyer) -> None:
        out = buyer.directory / "rated.parquet"
        document = self.priced(buyer, "--out", out)
        rated = pd.read_parquet(out)
        assert sum(rated["list_usd"]) == Decimal(document["list_usd"])

    @pytest.mark.parametrize(
        ("factor", "status", "code"),
        [("1.01", "within_tolerance", 0), ("1.05", "warning", 0), ("2", "refused", 3)],
    )
    def test_it_is_compared_with_the_invoice(
        self, buyer: Buyer, factor: str, status: str, code: int
    ) -> None:
        invoice = buyer.directory / "billed.csv"
        lines = [
            f"{m['month']},{Decimal(m['list_usd']) * Decimal(factor):.2f}"
            for m in self.priced(buyer)["months"]
        ]
        invoice.write_text("\n".join(["month,usd", *lines]) + "\n")
        answer = run("price", buyer.usage, "--invoice", invoice, "--json")
        found = json.loads(answer.stdout)["reconciliation"]
        assert (answer.exit_code, found["status"]) == (code, status)
        assert found["months"][0]["said"] == "usage covers a part of it"
        page = run("price", buyer.usage, "--invoice", invoice)
        assert page.exit_code == code
        assert "By month (repriced at the prices the bill is in)" in page.stdout


class TestInit:
    def test_drafts_can_be_read(self, buyer: Buyer) -> None:
        out = buyer.directory / "drafts"
        answer = run("init", buyer.usage, "--out", out)
        assert answer.exit_code == 0, answer.output
        portfolio = load_portfolio(out / "workloads.toml")
        assert [w.match[0].api_key for w in portfolio.workloads] == ["nightly-1", "chat-1"]
        assert all(w.latency.needed_at_once is None for w in portfolio.workloads)
        terms = load_terms(out / "terms.toml")
        assert str(terms.term_start) == "2026-11-01"

    @pytest.mark.slow
    def test_drafts_give_a_recommendation_as_they_are(self, buyer: Buyer) -> None:
        out = buyer.directory / "drafts"
        assert run("init", buyer.usage, "--out", out).exit_code == 0
        buyer.workloads, buyer.terms = out / "workloads.toml", out / "terms.toml"
        assert buyer.recommend().exit_code == 0

    def test_nothing_is_overwritten(self, buyer: Buyer) -> None:
        before = buyer.terms.read_text()
        answer = run("init", buyer.usage, "--out", buyer.directory)
        assert answer.exit_code == 2
        assert "exists already" in answer.stderr
        assert buyer.terms.read_text() == before

    def test_machines_get_the_names(self, buyer: Buyer) -> None:
        answer = run("init", buyer.usage, "--out", buyer.directory / "new", "--json")
        document = json.loads(answer.stdout)
        assert len(document["workloads"]) == 2
        drafts = [Path(f) for f in document["files"]]
        assert [f.name for f in drafts] == ["workloads.toml", "terms.toml", "intake.xlsx"]
        assert all(tomllib.loads(f.read_text()) for f in drafts[:2])


class TestRecommend:
    def test_the_page_shows_the_four_numbers_of_the_answer(self, finished: Buyer) -> None:
        headline = read_result(finished.out).recommendation().headline
        for amount in headline.model_dump().values():
            assert f"${amount:,.0f}" in finished.page
        for part in ("Tiers", "last quarter", "Workloads", "nightly tags", "Files"):
            assert part in finished.page
        assert str(finished.out / "negotiation.xlsx") in finished.page.replace("\n", "")

    def test_machines_get_the_file_and_people_the_progress(self, buyer: Buyer) -> None:
        answer = buyer.recommend("--json", "--progress")
        assert answer.stdout == (buyer.out / ANSWER).read_text()
        assert "usage read" in answer.stderr
        assert "result written" in answer.stderr

    def test_options_are_taken_and_a_breached_threshold_has_its_own_code(
        self, buyer: Buyer
    ) -> None:
        lines = buyer.usage.read_text().splitlines()
        rest = buyer.directory / "rest.csv"
        rest.write_text("\n".join([lines[0], *lines[401:]]) + "\n")
        buyer.usage.write_text("\n".join(lines[:401]) + "\n")
        answer = run(
            "recommend", "--usage", buyer.usage, rest, "--workloads", buyer.workloads,
            "--terms", buyer.terms, "--out", buyer.out, "--paths", 120, "--seed", 7,
            "--as-of", "2026-10-15", "--max-budget-p80-usd", "1000",
            "--max-waste-p95-usd", "1e9",
        )  # fmt: skip
        assert answer.exit_code == 4, answer.output
        assert answer.stderr.count("above") == 1
        assert "the P80 of the total paid is" in answer.stderr
        assert "above 1000 USD" in answer.stderr
        found = read_result(buyer.out).result.provenance
        assert [i.name for i in found.inputs][:2] == ["usage.csv", "rest.csv"]
        assert (found.seed, str(found.as_of), found.n_scenarios) == (7, "2026-10-15", 120)

    @pytest.mark.parametrize("amount", ["-1", "NaN", "many", "Infinity"])
    def test_a_threshold_that_is_no_amount_is_refused(self, buyer: Buyer, amount: str) -> None:
        answer = buyer.recommend("--max-waste-p95-usd", amount)
        assert answer.exit_code == 2
        assert not buyer.out.exists()

    def test_a_short_history_is_refused_with_a_safe_amount(self, buyer: Buyer) -> None:
        buyer.write(usage_csv(last=TWELVE_WEEKS))
        answer = buyer.recommend()
        assert answer.exit_code == 3, answer.output
        document = json.loads((buyer.out / ANSWER).read_text())
        assert document["status"] == "insufficient_evidence"
        assert Decimal(document["do_not_exceed_usd"]) > 0
        assert document["missing_evidence"]
        assert [p.name for p in buyer.out.iterdir()] == [ANSWER]
        assert "Do not exceed" in answer.stdout


class TestSize:
    @pytest.fixture
    def paths(self, buyer: Buyer) -> Path:
        rng = np.random.default_rng(1)
        values = 12_000 * np.exp(0.2 * rng.standard_normal((200, 1)) + np.zeros((1, 12)))
        path = buyer.directory / "paths.csv"
        np.savetxt(path, values, delimiter=",", fmt="%.2f")
        return path

    def test_paths_are_sized(self, buyer: Buyer, paths: Path) -> None:
        answer = run("size", "--paths", paths, "--terms", buyer.terms, "--json")
        document = json.loads(answer.stdout)
        assert document["status"] == "recommended"
        page = run("size", "--paths", paths, "--terms", buyer.terms)
        signed = Decimal(document["headline"]["sign_for_usd"])
        assert f"${signed:,.0f}" in page.stdout
        assert "What a concession is worth" in page.stdout

    def test_a_bad_cell_is_named(self, buyer: Buyer, paths: Path) -> None:
        paths.write_text(paths.read_text() + "1,2,3\n")
        answer = run("size", "--paths", paths, "--terms", buyer.terms)
        assert answer.exit_code == 2
        assert "paths.csv, row 201: has 3 cells" in answer.stderr

    def test_paths_of_another_term_are_refused(self, buyer: Buyer, paths: Path) -> None:
        buyer.terms.write_text(TERMS.replace("term_months = 12", "term_months = 24"))
        answer = run("size", "--paths", paths, "--terms", buyer.terms)
        assert answer.exit_code == 2
        assert "24" in answer.stderr


class TestCompareOffers:
    def test_offers_are_settled_on_the_stored_paths(self, finished: Buyer, tmp_path: Path) -> None:
        files = []
        for name, amount in (("A", "100000"), ("B", "400000")):
            files += ["--terms", tmp_path / f"{name}.toml"]
            text = f'commitment_usd = "{amount}"\n' + TERMS.replace("Draft of the vendor", name)
            (tmp_path / f"{name}.toml").write_text(text)
        answer = run("compare-offers", finished.out / ANSWER, *files, "--json")
        assert answer.exit_code == 0, answer.output
        scores = json.loads(answer.stdout)["offers"]
        assert [s["name"] for s in scores] == ["A", "B"]
        assert all(Decimal(s["regret_usd"]) >= 0 for s in scores)
        assert scores[0]["percentile"] <= scores[1]["percentile"]
        page = run("compare-offers", finished.out, *files)
        assert page.exit_code == 0
        assert "$400,000" in page.stdout

    def test_an_offer_for_another_term_is_refused(self, finished: Buyer, tmp_path: Path) -> None:
        offer = tmp_path / "o.toml"
        offer.write_text('commitment_usd = "1"\n' + TERMS.replace("2027-01-01", "2027-02-01"))
        answer = run("compare-offers", finished.out / ANSWER, "--terms", offer)
        assert answer.exit_code == 2
        assert "2027-02-01" in answer.stderr

    def test_terms_without_an_amount_are_no_offer(self, finished: Buyer) -> None:
        answer = run("compare-offers", finished.out / ANSWER, "--terms", finished.terms)
        assert answer.exit_code == 2
        assert "names commitment_usd or schedule_usd" in answer.stderr


class TestExitCodesOfTheProcess:
    def test_bad_input_is_two_and_shows_no_traceback(self, buyer: Buyer) -> None:
        buyer.terms.write_text("tiers = 1")
        found = outside("size", "--paths", buyer.usage, "--terms", buyer.terms)
        assert found.returncode == 2
        assert found.stderr.startswith("commitment: terms.toml, column ")
        assert "Traceback" not in found.stderr
        assert found.stdout == ""

    def test_a_place_that_cannot_be_written_is_one(self, buyer: Buyer) -> None:
        (buyer.directory / "file").write_text("in the way")
        out = buyer.directory / "file" / "usage.parquet"
        found = outside("init", buyer.usage, "--out", out)
        assert found.returncode == 1
        assert f"{buyer.directory / 'file'}: " in found.stderr
        assert "Traceback" not in found.stderr

    def test_terminal_codes_in_names_are_not_passed_on(self, buyer: Buyer) -> None:
        text = TERMS.replace("term_months = 12", 'term_months = 12\n"a\\u001b[2J" = 1')
        buyer.terms.write_text(text)
        answer = run("size", "--paths", buyer.usage, "--terms", buyer.terms)
        assert answer.exit_code == 2
        assert "\x1b" not in answer.stderr

    def test_an_unknown_command_is_two(self) -> None:
        assert outside("sign").returncode == 2


class TestServe:
    @pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "example.com"])
    def test_other_addresses_are_refused(self, host: str) -> None:
        answer = run("serve", "--host", host)
        assert answer.exit_code == 2
        assert "without keys the service is not offered" in answer.stderr

    def test_a_bad_port_is_refused(self) -> None:
        assert run("serve", "--port", "0").exit_code == 2


class TestFormats:
    def test_every_format_says_what_it_holds_and_cannot_tell(self) -> None:
        found = json.loads(run("formats", "--json").stdout)["formats"]
        assert [k["name"] for k in found] == [*(k.name for k in FORMATS), "canonical_requests"]
        assert all(set(kind["holds"]) <= {"usage", "costs"} and kind["holds"] for kind in found)
        assert all((kind["amounts"] is None) == ("costs" not in kind["holds"]) for kind in found)

    def test_a_person_can_read_them(self) -> None:
        shown = " ".join(run("formats").stdout.split())
        assert "Anthropic messages usage report" in shown
        assert "without cache" in shown
