"""Pages to sign and to show: complete, escaped, and silent about the negotiation."""

from __future__ import annotations

import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from example_buyer import Buyer, run
from many_workloads import of_many

from api.pages.printed import dossier_page, workload_pages
from api.results import read_result
from forecast.errors import InputError
from forecast.levers.acceptance import acceptance
from forecast.records.recommendation import Recommendation
from forecast.records.workloads import BatchLever, CachingLever, OwnerState, Workload

HOSTILE = "<script>alert('x')</script> & \"co\""


@pytest.fixture(scope="module")
def answer(finished: Buyer) -> Recommendation:
    return read_result(finished.out).recommendation()


class Tags(HTMLParser):
    """Collects the tags of a page and checks that they close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags(page: str) -> set[str]:
    parser = Tags()
    parser.feed(page)
    assert parser.open == []
    return parser.seen


def test_every_owned_workload_has_a_page(answer: Recommendation) -> None:
    pages = workload_pages(answer)
    assert list(pages) == ["index.html", "01-nightly-tags.html", "02-chat.html"]
    nightly = pages["01-nightly-tags.html"]
    tags(nightly)
    for said in (
        "Consumed later.",
        "read by the morning report",
        "batch 100 %",
        "agent loop",
        "data residency",
        "I decline, because",
        "accepted without a day",
        "accepted without a trigger to go back",
        "Turnaround: assumed",
        "Batch pays while a late result costs less than",
        "USD a month; what building and running it costs is not stated",
    ):
        assert said in nightly, said
    assert "Needed at once." in pages["02-chat.html"]
    assert "No lever saves anything here" in pages["02-chat.html"]


def test_what_people_wrote_is_escaped(answer: Recommendation) -> None:
    evidence = answer.workload_evidence[0]
    owner = evidence.acceptance.model_copy(
        update={"owner": HOSTILE, "service_level": HOSTILE, "answer_evidence": HOSTILE}
    )
    hostile = answer.model_copy(
        update={"workload_evidence": (evidence.model_copy(update={"acceptance": owner}),)}
    )
    for page in workload_pages(hostile).values():
        assert "script" not in tags(page)
        assert "&lt;script&gt;" in page


def test_the_dossier_gives_away_nothing(answer: Recommendation) -> None:
    """Shares alone: no amount of money, and nothing that is only proposed."""
    page = dossier_page(answer)
    tags(page)
    assert "USD" not in page
    for amount in (answer.headline.sign_for_usd, answer.headline.expect_to_pay_usd):
        assert f"{int(amount):,}" not in page
    assert answer.dossier is not None
    states = {w.name: w.owner_state for w in answer.workloads}
    for claim in answer.dossier.claims:
        assert all(states[e.workload].counts for e in claim.evidence)


def test_the_dossier_does_not_print_what_the_same_work_costs(answer: Recommendation) -> None:
    """With the bill at hand a vendor could read the optimised demand off it."""
    assert answer.dossier is not None
    told = answer.dossier.model_copy(update={"same_work_costs_share": 0.123456})
    page = dossier_page(answer.model_copy(update={"dossier": told}))
    assert "12.3" not in page
    assert "same work costs" not in page


def test_the_dossier_before_and_after(answer: Recommendation) -> None:
    """The nightly job may wait until 24 h; 1.2 % of its batches come too late by the claim."""
    assert answer.dossier is not None
    batch, cache, lighter = answer.dossier.claims
    assert batch.before_share == 0.0
    assert batch.after_share == pytest.approx(0.978, abs=0.01)
    assert (cache.before_share, cache.after_share) == (0.0, 0.0)
    assert (lighter.before_share, lighter.after_share) == (0.0, 0.0)
    (item,) = batch.evidence
    assert item.said == "batch 100 %; piloted; accepted"
    assert sum(m.before_share for m in answer.dossier.models) == pytest.approx(1)
    as_is = {w.name: float(w.as_is_usd) for w in answer.workloads}
    nightly = as_is["nightly tags"] / sum(as_is.values())
    assert answer.dossier.same_work_costs_share == pytest.approx(
        1 - nightly * batch.after_share / 2, abs=1e-6
    )


def test_the_commands_write_them(finished: Buyer, tmp_path: Path) -> None:
    answer = finished.out / "recommendation.json"
    found = run("workload-pages", answer, "--out", tmp_path / "pages", "--json")
    assert found.exit_code == 0
    told = json.loads(found.stdout)
    written = sorted(p.name for p in (tmp_path / "pages").iterdir())
    assert [Path(p).name for p in (*told["pages"], told["index"])] == written
    found = run("dossier", answer, "--out", tmp_path / "dossier.html")
    assert found.exit_code == 0
    text = (tmp_path / "dossier.html").read_text(encoding="utf-8")
    assert re.search(r"work that may wait, at batch rates", text, re.IGNORECASE)


def test_a_result_without_a_dossier_says_so(answer: Recommendation) -> None:
    with pytest.raises(InputError, match="recommend` again"):
        dossier_page(answer.model_copy(update={"dossier": None}))


SIGNED = Workload(
    name="w",
    owner="Ana",
    owner_state=OwnerState.ACCEPTED,
    accepted_on=date(2026, 11, 1),
    service_level="results by 7:00",
    rollback_trigger="two late mornings in a week",
    batch=BatchLever(),
)


def test_a_yes_with_everything_lacks_nothing() -> None:
    assert acceptance(SIGNED).missing == ()


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"owner": None}, "accepted without an owner: state owner"),
        ({"accepted_on": None}, "accepted without a day: state accepted_on"),
        ({"service_level": ""}, "accepted without a service level: state service_level"),
        ({"rollback_trigger": ""}, "accepted without a trigger to go back: state rollback_trigger"),
        (
            {"owner_state": OwnerState.SCHEDULED},
            "scheduled without a month: state adoption_month",
        ),
        (
            {"owner_state": OwnerState.DECLINED},
            "declined without a reason: state declined_reason",
        ),
    ],
)
def test_a_yes_names_what_it_lacks(change: dict[str, object], missing: str) -> None:
    assert acceptance(SIGNED.model_copy(update=change)).missing == (missing,)


def test_a_proposal_and_a_cache_need_less() -> None:
    proposed = {"owner_state": OwnerState.PROPOSED, "owner": None}
    assert acceptance(SIGNED.model_copy(update=proposed)).missing == ()
    cache = CachingLever(stable_prefix_tokens=4000, prompt_tokens=5000, hit_share=0.9)
    only = SIGNED.model_copy(update={"batch": None, "caching": cache, "service_level": ""})
    assert acceptance(only).missing == ()


def test_the_index_lists_every_page_under_its_owner(answer: Recommendation) -> None:
    pages = workload_pages(of_many(answer, 60))

    index = pages["index.html"]
    tags(index)
    linked = re.findall(r'<a href="([^"]+)">', index)
    assert sorted(linked) == sorted(set(pages) - {"index.html"})
    owners = re.findall(r"<h2>(.*?)</h2>", index)
    assert sorted(owners) == ["Ana", "Nobody yet"]
    names = [name for name in pages if name != "index.html"]
    assert names == sorted(names), "a file manager lists the largest first"
