from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from example_buyer import TERMS, WORKLOADS

from api.documents import (
    load_offer,
    load_portfolio,
    load_terms,
    parse_json,
    parse_toml,
    read_text,
)
from api.validation import DocumentError, validate
from forecast.errors import InputError
from forecast.records.terms import Terms


def faults(text: str, load=load_terms) -> dict[str, str]:
    with pytest.raises(DocumentError) as caught:
        load(text, file="contract.toml")
    assert str(caught.value).startswith("contract.toml")
    return {fault.dotted: fault.problem for fault in caught.value.faults}


def terms(**changes: str) -> str:
    """Change, add or (with an empty text) remove keys of the contract."""
    lines = dict(line.split(" = ", 1) for line in TERMS.split("[[tiers]]")[0].splitlines())
    lines |= changes
    head = "".join(f"{k} = {v}\n" for k, v in lines.items() if v)
    return head + TERMS[TERMS.index("[[tiers]]") :]


def test_money_is_read_exactly() -> None:
    read = load_terms(TERMS.replace('"100000"', "100000.10"))
    assert read.tiers[1].from_commitment_usd == Decimal("100000.10")


def test_a_path_and_a_text_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "terms.toml"
    path.write_text("\ufeff" + TERMS, encoding="utf-8")
    assert load_terms(path) == load_terms(TERMS)


def test_every_fault_is_reported_with_its_path() -> None:
    text = terms(term_months="0", rollover_share="1.5").replace("0.12", "12")
    assert faults(text) == {
        "term_months": "must be greater than or equal to 1, not 0",
        "rollover_share": "must be less than or equal to 1, not 1.5",
        "tiers[2].discount_share": "must be less than 1, not 12; 12 % is 0.12 (entry 3 of tiers)",
    }


def test_the_message_names_file_path_and_every_other_fault() -> None:
    with pytest.raises(DocumentError) as caught:
        load_terms(terms(term_months="0", kind='"prepaid"'), file="contract.toml")
    message = str(caught.value)
    assert message.startswith("contract.toml, column term_months: must be greater")
    assert "also kind: must be 'build_up' or 'burn_down', not 'prepaid'" in message
    assert caught.value.row is None


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("rollover", "rollover_share"),
        ("outside_discount", "outside_discount_share"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_one(key: str, near: str) -> None:
    problem = faults(terms(**{key: "0.1"}))[key]
    assert "not a known key" in problem
    assert near in problem


def test_an_unknown_key_of_a_workload_names_the_workload() -> None:
    text = WORKLOADS.replace("needed_at_once = true", "needed_at_one = true")
    problem = faults(text, load_portfolio)["workloads[1].latency.needed_at_one"]
    assert "did you mean 'needed_at_once'" in problem
    assert "'chat' of workloads" in problem


def test_tiers_out_of_order_are_refused_at_the_tiers() -> None:
    text = TERMS.replace('"100000"', '"200000"')
    assert faults(text) == {"tiers": "from_commitment_usd must rise from each tier to the next"}


def test_a_rule_between_fields_is_reported_at_the_field_it_names() -> None:
    assert list(faults(terms(term_start="2027-01-02"))) == ["term_start"]
    assert list(faults(terms(term_months="7"))) == ["settlement"]
    text = WORKLOADS.replace("adoption_month = 2027-02-01", "adoption_month = 2027-02-15")
    assert list(faults(text, load_portfolio)) == ["workloads[0].adoption_month"]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("rollover_share", "true", "must be a number, not true"),
        ("rollover_share", '"0.1"', "must be a number, not '0.1'"),
        ("term_months", '"12"', "must be a number, not '12'"),
        ("usage_is_portable", "1", "must be true or false, not 1"),
        ("term_start", "0", "must be a day such as 2027-01-01, not 0"),
        ("term_start", "2027-01-01T00:00:00Z", "must be a day"),
        ("rollover_share", "nan", "must be"),
        ("rollover_share", "inf", "must be"),
    ],
)
def test_nothing_is_converted_that_nobody_said(key: str, value: str, says: str) -> None:
    assert says in faults(terms(**{key: value}))[key]


@pytest.mark.parametrize(
    "text",
    [
        "tiers = [",
        "a = " + "[" * 100_000,
        "term_months = " + "9" * 5000,
        "rollover_share = 1e999999999999999999999",
        "rollover_share = 1e400",
        "term_start = 2027-13-01",
    ],
)
def test_a_text_that_is_no_toml_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"^x\.toml: is not a TOML document"):
        parse_toml(text, file="x.toml")


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1',
        "[" * 100_000,
        "1" * 5000,
        "1e999",
        "",
        "{'a': 1}",
    ],
)
def test_json_that_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a JSON document"):
        parse_json(text)


def test_a_huge_exponent_is_refused_without_being_written_out() -> None:
    with pytest.raises(InputError):
        parse_json('{"term_months": 1e300000000}')
    with pytest.raises(DocumentError):
        validate(Terms, parse_json('{"term_months": 1e300}'))


def test_a_document_that_is_no_table_is_refused() -> None:
    with pytest.raises(DocumentError, match="must be a table of keys, not a list"):
        validate(Terms, [])


def test_only_the_first_faults_are_told() -> None:
    text = TERMS + "".join(f"[[tiers]]\nfrom_commitment_usd = {-i}\n" for i in range(1, 20))
    with pytest.raises(DocumentError, match=r"and \d+ more") as caught:
        load_terms(text)
    assert len(caught.value.faults) == 25


class TestOffer:
    amount = 'commitment_usd = "120000"\n'

    def test_terms_with_an_amount(self) -> None:
        offer = load_offer(self.amount + TERMS)
        assert offer.commitment_usd == Decimal(120000)
        assert offer.terms == load_terms(TERMS)

    def test_a_schedule(self) -> None:
        text = 'schedule_usd = ["1", "2", "3", "4"]\nsettlement = "quarterly"\n' + TERMS
        assert load_offer(text).total_usd == 10

    def test_a_schedule_of_other_periods_is_refused(self) -> None:
        text = 'schedule_usd = ["1", "2"]\nsettlement = "quarterly"\n' + TERMS
        assert list(faults(text, load_offer)) == ["schedule_usd"]

    def test_no_amount_and_two_amounts_are_refused(self) -> None:
        for text in (TERMS, self.amount + 'schedule_usd = ["1"]\n' + TERMS):
            with pytest.raises(DocumentError, match="commitment_usd or schedule_usd, one of them"):
                load_offer(text)

    def test_faults_of_its_terms_have_their_own_path(self) -> None:
        text = self.amount + TERMS.replace("0.12", "12")
        assert list(faults(text, load_offer)) == ["tiers[2].discount_share"]


def test_a_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "terms.toml"
    path.write_bytes(b'name = "Caf\xe9"')
    with pytest.raises(InputError, match=r"^terms\.toml: is not UTF-8 text \(byte 12\)"):
        read_text(path)


def test_a_file_that_is_absent_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^none\.toml: cannot be read"):
        read_text(tmp_path / "none.toml")
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (8 * 2**20 + 1))
    with pytest.raises(InputError, match="is larger than 8 MB"):
        read_text(large)
