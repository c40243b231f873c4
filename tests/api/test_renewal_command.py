"""`commitment renewal`: the file, its page, and the advice beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from contract_buyer import ContractBuyer
from example_buyer import TERMS, Buyer, run

from api.reforecasts import REFORECAST
from api.renewals import RENEWAL, RENEWAL_PAGE
from api.results import ANSWER, WORKBOOK


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory, finished: Buyer) -> Path:
    directory = tmp_path_factory.mktemp("renewal")
    buyer = ContractBuyer(directory, finished)
    assert buyer.sign().exit_code == 0
    assert buyer.reforecast(directory / "q1").exit_code == 0
    return directory / "q1"


def renewal(quarter: Path, out: Path, terms: str, *more: object):
    file = quarter.parent / "next.toml"
    file.write_text(terms, encoding="utf-8")
    return run(
        "renewal", "--last", quarter, "--terms", file, "--out", out, "--paths", "100", *more
    )  # fmt: skip


def test_everything_is_written_and_again_the_same(quarter: Path, tmp_path: Path) -> None:
    following = TERMS.replace("term_start = 2027-01-01", "term_start = 2028-01-01")
    assert following != TERMS
    first = renewal(quarter, tmp_path / "one", following)
    assert first.exit_code == 0, first.output
    assert "What we signed, what we used, what we should have signed" in first.output
    assert "months, recorded so far │ 3 of 12, the rest expected" in " ".join(first.output.split())
    for name in (RENEWAL, RENEWAL_PAGE, ANSWER, WORKBOOK):
        assert (tmp_path / "one" / name).stat().st_size > 0
    again = renewal(quarter, tmp_path / "two", following, "--json")
    assert again.exit_code == 0, again.output
    for name in (RENEWAL, RENEWAL_PAGE, ANSWER):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    found = json.loads((tmp_path / "one" / RENEWAL).read_bytes())
    assert json.loads(again.output) == found
    assert found["last"]["name"] == REFORECAST
    assert (found["months_left"], found["next"]["term_start"]) == (9, "2028-01-01")


def test_terms_that_overlap_are_bad_input(quarter: Path, tmp_path: Path) -> None:
    refused = renewal(quarter, tmp_path / "out", TERMS)
    assert refused.exit_code == 2
    assert "before the running contract ends" in refused.output
    assert not (tmp_path / "out").exists()
