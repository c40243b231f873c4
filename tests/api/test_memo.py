"""The approval memo: one page, complete, escaped, the same as a slide."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from example_buyer import TERMS, Buyer, run
from many_workloads import of_many
from pptx import Presentation

from api.pages.memo import MAX_OFFERS, Memo, approval_memo
from api.pages.memo_slide import memo_slide
from api.pages.printed import memo_page
from api.results import read_result
from forecast.records.base import Provenance
from forecast.records.recommendation import Assumption, Recommendation
from forecast.records.sizing_result import OfferScore

HOSTILE = "<script>alert('x')</script>\x07 & co"


def offer(name: str, regret: int) -> OfferScore:
    return OfferScore(
        name=name, commitment_usd=Decimal(160_000), discount_share=0.12, percentile=0.3,
        expected_cost_usd=Decimal(170_000), p95_cost_usd=Decimal(190_000),
        waste_expected_usd=Decimal(1_000), regret_usd=Decimal(regret), verdict="costs more",
    )  # fmt: skip


@pytest.fixture(scope="module")
def answer(finished: Buyer) -> Recommendation:
    return read_result(finished.out).recommendation()


@pytest.fixture(scope="module")
def memo(answer: Recommendation) -> Memo:
    return approval_memo(
        answer,
        offers=[offer("Offer A", 900), offer("Offer B", 300)],
        approvers=[("Finance", "Zoe"), ("Legal", "")],
    )


def slide_texts(content: bytes) -> list[str]:
    (slide,) = Presentation(io.BytesIO(content)).slides
    found = []
    for shape in slide.shapes:
        if shape.has_text_frame:
            found += [p.text for p in shape.text_frame.paragraphs]
        if shape.has_table:
            found += [cell.text for row in shape.table.rows for cell in row.cells]
    return found


def test_the_same_word_about_many_workloads_is_one_line(answer: Recommendation) -> None:
    page = approval_memo(of_many(answer, 60))

    (line,) = [h for h in page.holders if "nightly tags" in h.what]
    assert line.what.startswith("60 workloads (nightly tags 0")
    assert line.said.startswith("batch share 1")
    assert line.owner == "Ana"


def words(page: str) -> str:
    """The text of a page without its tags."""
    text = re.sub(r"<[^>]+>", " ", page.split("</style>")[1])
    return re.sub(r"\s+", " ", html.unescape(text))


def test_both_hold_decision_numbers_bridge_offers_and_approvers(
    answer: Recommendation, memo: Memo
) -> None:
    head = answer.headline
    page, slide = words(memo_page(memo)), " ".join(slide_texts(memo_slide(memo)))
    for said in (
        memo.decision,
        *(f"{amount:,.0f} USD" for amount in head.model_dump().values()),
        *(step.step[1:] for step in answer.bridge),
        "Offer A",
        "Zoe",
        "Legal",
        *memo.risks,
    ):
        assert said in page, said
        assert said in slide, said


def test_the_decision_says_what_the_answer_says(answer: Recommendation, memo: Memo) -> None:
    found = answer.commitment
    saves = found.no_deal_expected_cost_usd - found.cost.expected_usd
    assert f"{found.recommended_usd:,.0f} USD over 12 months" in memo.decision
    assert f"saves {saves:,.0f} USD against no deal" in memo.decision
    assert f"{100 * found.percentile:.1f} % of our futures" in memo.decision


def test_the_bridge_adds_up_to_the_commitment(answer: Recommendation, memo: Memo) -> None:
    *steps, last = memo.bridge
    assert sum(step.usd for step in steps) == last.usd == answer.headline.sign_for_usd


def test_no_commitment_is_a_decision(answer: Recommendation) -> None:
    nothing = answer.commitment.model_copy(update={"recommended_usd": Decimal(0)})
    page = approval_memo(answer.model_copy(update={"commitment": nothing}))
    assert page.decision.startswith("Sign no commitment")


def test_offers_stand_in_order_of_regret_and_what_does_not_fit_is_counted(
    answer: Recommendation,
) -> None:
    page = approval_memo(answer, offers=[offer(f"Offer {i}", 900 - i) for i in range(7)])
    assert [o.name for o in page.offers] == ["Offer 6", "Offer 5", "Offer 4", "Offer 3"]
    assert f"{7 - MAX_OFFERS} more offers" in page.left_out
    assert f"{7 - MAX_OFFERS} more offers" in words(memo_page(page))


def test_assumptions_have_the_owner_of_their_workload(answer: Recommendation) -> None:
    stated = Assumption(
        name="nightly tags: batch share", value="1", provenance=Provenance.USER, source="inventory"
    )
    general = Assumption(
        name="growth", value="as before", provenance=Provenance.CLAIM, source="nobody"
    )
    measured = general.model_copy(update={"name": "m", "provenance": Provenance.MEASURED})
    page = approval_memo(answer.model_copy(update={"assumptions": (general, measured, stated)}))
    assert [(h.what, h.said, h.owner) for h in page.holders] == [
        ("nightly tags", "batch share 1", "Ana"),
        ("The whole forecast", "growth: as before", "to be named"),
    ]


def test_what_people_wrote_is_text(answer: Recommendation) -> None:
    page = approval_memo(
        answer.model_copy(update={"terms": answer.terms.model_copy(update={"name": HOSTILE})}),
        offers=[offer(HOSTILE, 1)],
        approvers=[(HOSTILE, HOSTILE)],
    )
    assert "<script" not in memo_page(page)
    assert "<script>alert('x')</script> & co" in slide_texts(memo_slide(page))


def test_the_page_needs_nothing_from_elsewhere(memo: Memo) -> None:
    assert not re.search(r"src=|href=|url\(|@import", memo_page(memo))
    assert "default-src 'none'" in memo_page(memo)


def test_the_slide_is_a4_editable_and_stable(memo: Memo) -> None:
    content = memo_slide(memo)
    assert content == memo_slide(memo)
    deck = Presentation(io.BytesIO(content))
    assert (deck.slide_width, deck.slide_height) == (297 * 36_000, 210 * 36_000)
    shapes = list(deck.slides[0].shapes)
    assert not any(shape.shape_type == 13 for shape in shapes)  # a picture
    for shape in shapes:
        assert 0 <= shape.left <= shape.left + shape.width <= deck.slide_width
        assert 0 <= shape.top <= shape.top + shape.height <= deck.slide_height
    assert deck.core_properties.author == "commitment-sizing"
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert {info.date_time for info in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_command_writes_both_and_scores_offers(finished: Buyer, tmp_path: Path) -> None:
    terms = tmp_path / "offer.toml"
    terms.write_text('commitment_usd = "160000"\n' + TERMS)
    answer = finished.out / "recommendation.json"
    for suffix in ("html", "pptx"):
        out = tmp_path / f"memo.{suffix}"
        found = run("memo", answer, "--terms", terms, "--approver", "CFO: Kim", "--out", out,
                    "--json")  # fmt: skip
        assert found.exit_code == 0, found.output
        assert "Commit to" in json.loads(found.stdout)["decision"]
        text = out.read_text() if suffix == "html" else " ".join(slide_texts(out.read_bytes()))
        assert "Draft of the vendor" in text
        assert "Kim" in text
    assert run("memo", answer, "--out", tmp_path / "memo.pdf").exit_code == 2
