"""The pack for the vendor: what it shows, and that nothing else can be found in the file."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import workbook_example
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from pydantic import ValidationError

from excel_templates.bare import bare_file
from excel_templates.vendor_pack import vendor_workbook
from forecast.errors import InputError
from forecast.pipeline.vendor_pack import Chosen, disclosures, vendor_pack
from forecast.records.base import Provenance
from forecast.records.dossier import ClaimEvidence, DossierClaim, EfficiencyDossier, ModelShare
from forecast.records.recommendation import Recommendation
from forecast.records.vendor_pack import ClauseAsk, CounterProposal, VendorPack
from forecast.records.workloads import Evidence, OwnerState

FORBIDDEN = (
    "percentile", "quantile", "scenario", "walk", "p80", "p95", "expected", "forecast", "budget",
    "regret", "offer a", "offer b", "shortfall", "waste", "unused (", "sha256", "recommend",
    "usage.csv", "answers.csv", "/tmp", "openpyxl", "creator", "seed",
)  # fmt: skip


def evidence(workload: str, change: str, rests_on: Evidence) -> ClaimEvidence:
    return ClaimEvidence(
        workload=workload,
        said=f"{change}; {rests_on.value}, answers.csv: shown on 872 pairs; accepted",
        provenance=Provenance.USER,
        change=change,
        rests_on=rests_on,
        state=OwnerState.ACCEPTED,
    )


DOSSIER = EfficiencyDossier(
    claims=(
        DossierClaim(
            claim="work that may wait, at batch rates",
            before_share=0.38809953633474914,
            after_share=0.9024767370949258,
            measured_on="usage of the last 28 days",
            evidence=(
                evidence("nightly enrichment", "batch 100 %", Evidence.PROVEN),
                evidence("bulk tagging", "batch 80 %", Evidence.PILOTED),
            ),
            lever="batch",
        ),
        DossierClaim(
            claim="work that a lighter model answers",
            before_share=None,
            after_share=0.03392161520748212,
            measured_on="usage of the last 28 days",
            evidence=(evidence("bulk tagging", "Haiku 5.5 for 40 %", Evidence.PROVEN),),
            lever="routing",
        ),
    ),
    models=(
        ModelShare(model="Opus 5.5", before_share=0.7, after_share=0.55),
        ModelShare(model="Haiku 5.5", before_share=0.2, after_share=0.35),
        ModelShare(
            model="arn:aws:bedrock:us-east-1:123456789012:profile/x",
            before_share=0.1, after_share=0.1,
        ),
    ),
    same_work_costs_share=0.6771036777653804,
)  # fmt: skip

PROPOSAL = CounterProposal(
    term_start=date(2027, 1, 1),
    term_months=12,
    commitment_usd=Decimal("432100.98"),
    discount_share=0.137,
    overage="discounted",
    overage_discount_share=0.09,
    rollover_share=0.5,
    asks=(
        ClauseAsk(clause="=HYPERLINK(1)", ask="+list prices are locked for the term"),
        ClauseAsk(clause="True-down", ask="once, after six months"),
    ),
)
CHOSEN = Chosen(evidence=frozenset({"nightly enrichment", "bulk tagging"}))


@pytest.fixture(scope="module")
def result() -> Recommendation:
    found, _ = workbook_example.recommendation(dossier=DOSSIER)
    return found


@pytest.fixture(scope="module")
def pack(result: Recommendation) -> VendorPack:
    return vendor_pack(result, PROPOSAL, CHOSEN, buyer="Example Company")


def parts(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


def leaves(value: Any) -> Iterator[Any]:
    """Every value at the end of a nested document."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def written(number: Decimal | float) -> set[str]:
    """The ways in which somebody could write a number, exact, in cents, whole or in per cent."""
    value = float(number)
    found = {str(number), repr(value), f"{value:.2f}", f"{value:,.2f}", f"{value:.0f}"}
    found |= {f"{value:,.0f}", f"{value:.4f}", f"{100 * value:.1f}", f"{100 * value:.2f}"}
    return {text for text in found if sum(c.isdigit() for c in text) >= 4}


def cells(content: bytes) -> list[Any]:
    book = load_workbook(io.BytesIO(content))
    return [
        cell.value
        for ws in book.worksheets
        for row in ws.iter_rows()
        for cell in row
        if cell.value is not None
    ]


def test_every_number_in_a_cell_is_one_of_the_record(pack: VendorPack) -> None:
    allowed = {float(v) for v in leaves(pack.model_dump()) if isinstance(v, int | float | Decimal)}
    numbers = {c for c in cells(vendor_workbook(pack)) if isinstance(c, int | float)}
    assert {0.388, 0.902, 0.137, 432100.98} <= numbers
    assert numbers <= allowed


def test_no_figure_of_the_recommendation_is_in_any_part(
    result: Recommendation, pack: VendorPack
) -> None:
    """Every amount, percentile and share of the answer, in every way of writing it."""
    content = vendor_workbook(pack)
    private = [
        v
        for v in leaves(result.model_dump(exclude={"dossier"}))
        if isinstance(v, float | Decimal) and v != int(v)
    ]
    assert len(private) > 500
    allowed = set().union(
        *(written(v) for v in leaves(pack.model_dump()) if isinstance(v, float | Decimal))
    )
    searched = set().union(*(written(v) for v in private)) - allowed
    assert {f"{float(result.headline.sign_for_usd):,.0f}", repr(result.commitment.percentile)} & (
        searched
    )
    for name, text in parts(content).items():
        if name == "xl/theme/theme1.xml":  # openpyxl's own, the same in every file
            assert text == parts(vendor_workbook(pack.model_copy(update={"claims": ()})))[name]
            continue
        numbers = set(re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w.])", text))
        assert not numbers & searched, (name, numbers & searched)


def test_no_name_and_no_word_that_says_too_much_is_in_any_part(
    result: Recommendation, pack: VendorPack
) -> None:
    for name, text in parts(vendor_workbook(pack)).items():
        for word in (*FORBIDDEN, *(w.name for w in result.workloads)):
            assert word not in text.lower(), (name, word)
        assert "<definedName " not in text
        assert "<f>" not in text
        assert 'state="hidden"' not in text
        assert 'hidden="1"' not in text
        assert "1234567" not in text


def test_the_file_has_cells_and_no_properties(pack: VendorPack) -> None:
    names = set(parts(vendor_workbook(pack)))
    assert names == {
        "[Content_Types].xml", "_rels/.rels", "xl/_rels/workbook.xml.rels", "xl/workbook.xml",
        "xl/styles.xml", "xl/theme/theme1.xml", "xl/worksheets/sheet1.xml",
        "xl/worksheets/sheet2.xml",
    } | (names & {"xl/sharedStrings.xml"})  # fmt: skip


def test_the_same_pack_gives_the_same_bytes(pack: VendorPack) -> None:
    assert vendor_workbook(pack) == vendor_workbook(pack.model_copy())


def test_what_people_wrote_is_text(pack: VendorPack) -> None:
    book = load_workbook(io.BytesIO(vendor_workbook(pack)))
    found = {c.value: c for row in book["Proposal"].iter_rows() for c in row}
    assert found["=HYPERLINK(1)"].data_type == "s"
    assert found["+list prices are locked for the term"].quotePrefix


def test_workloads_stay_out_until_they_are_chosen(result: Recommendation) -> None:
    silent = vendor_pack(result, PROPOSAL, Chosen())
    assert [c.evidence for c in silent.claims] == [(), ()]
    shown = vendor_pack(
        result, PROPOSAL, Chosen(evidence=CHOSEN.evidence, named=frozenset({"bulk tagging"}))
    )
    assert {e.workload for c in shown.claims for e in c.evidence} == {"bulk tagging", "Workload A"}


def test_letters_follow_names_so_that_no_order_of_size_is_told(pack: VendorPack) -> None:
    batch, routing = pack.claims
    assert [(e.workload, e.change) for e in batch.evidence] == [
        ("Workload A", "batch 80 %"),
        ("Workload B", "batch 100 %"),
    ]
    assert [e.workload for e in routing.evidence] == ["Workload A"]
    assert batch.evidence[1].stage == "proven by a paired evaluation; accepted"


def test_hidden_models_and_names_with_an_account_become_one_row(result: Recommendation) -> None:
    chosen = Chosen(evidence=CHOSEN.evidence, hidden_models=frozenset({"Haiku 5.5"}))
    pack = vendor_pack(result, PROPOSAL, chosen)
    assert [(m.model, m.before_share) for m in pack.models] == [
        ("Opus 5.5", 0.7),
        ("Other models", 0.3),
    ]
    assert "Haiku" not in "".join(parts(vendor_workbook(pack)).values())


def test_a_choice_of_nothing_known_is_refused_all_at_once(result: Recommendation) -> None:
    chosen = Chosen(
        evidence=frozenset({"nobody"}), named=frozenset({"backfill"}), hidden_models=frozenset("x")
    )
    with pytest.raises(InputError, match=r"'nobody'.*'backfill'.*'x'.*bulk tagging"):
        vendor_pack(result, PROPOSAL, chosen)


def test_an_older_result_is_refused(result: Recommendation) -> None:
    older = result.model_copy(update={"dossier": None})
    with pytest.raises(InputError, match="recommend` again"):
        vendor_pack(older, PROPOSAL, Chosen())


def test_own_words_that_give_something_away_are_told(
    result: Recommendation, pack: VendorPack
) -> None:
    assert disclosures(result, pack) == ()
    worst = f"{result.headline.worst_case_unused_usd:,.0f}"
    telling = PROPOSAL.model_copy(
        update={
            "commitment_usd": result.headline.sign_for_usd,
            "asks": (ClauseAsk(clause="Backfill", ask=f"we may lose {worst} USD"),),
        }
    )
    name, amount, room = disclosures(result, pack.model_copy(update={"proposal": telling}))
    assert "'backfill'" in name
    assert "worst-case unused" in amount
    assert "leaves no room" in room


def test_a_proposal_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValidationError, match="goes with overage"):
        CounterProposal(
            term_months=12, commitment_usd=Decimal(1), discount_share=0.1,
            overage="list", overage_discount_share=0.1,
        )  # fmt: skip


@pytest.mark.parametrize("fault", ["name", "hidden", "comment", "formula", "print_area"])
def test_a_workbook_that_tells_more_than_its_cells_is_no_bare_file(fault: str) -> None:
    book = Workbook()
    ws = book.worksheets[0]
    if fault == "name":
        book.defined_names["secret"] = DefinedName("secret", attr_text="'Sheet'!$A$1")
    elif fault == "hidden":
        ws.row_dimensions[3].hidden = True
    elif fault == "comment":
        ws["A1"].comment = Comment("by us", "author")
    elif fault == "formula":
        ws["A1"] = "=1+1"
    else:
        ws.print_area = "A1:B2"
    with pytest.raises(AssertionError):
        bare_file(book)


@pytest.mark.libreoffice
@pytest.mark.slow
def test_it_opens_and_prints_on_two_pages(
    pack: VendorPack, tmp_path: Path, convert: Callable[[Path, str], Path]
) -> None:
    path = tmp_path / "pack.xlsx"
    path.write_bytes(vendor_workbook(pack))
    again = load_workbook(convert(path, "xlsx"))
    assert again["Proposal"]["A1"].value == "Counter-proposal"
    pdf = convert(path, "pdf").read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2
