"""Pages of a company with many workloads: short where one decides, whole where one searches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from many_workloads import of_many, portfolio_of_many
from page_house import House
from page_visitor import etag_of, text_of, usd

from api import results
from api.pages import decided
from api.pages.long_lists import LISTS
from forecast.records.recommendation import Recommendation, Refusal
from forecast.short_form import MOST_ROWS

N_TIMES = 60


@pytest.fixture
def large(house: House, monkeypatch: pytest.MonkeyPatch) -> Recommendation:
    """The house's decision as if every workload stood there sixty times."""
    made: list[Recommendation] = []

    def enlarged(data: bytes) -> Recommendation | Refusal:
        found = results.parse_answer(data)
        assert isinstance(found, Recommendation)
        made.append(of_many(found, N_TIMES))
        return made[-1]

    monkeypatch.setattr(decided, "parse_answer", enlarged)
    house.visitor().get(house.decision)
    return made[-1]


def test_a_decision_shows_what_matters_first_and_sums_the_rest(
    house: House, large: Recommendation
) -> None:
    said = text_of(house.visitor().get(house.decision))

    by_size = sorted((w.as_is_usd for w in large.workloads), reverse=True)
    rest = sum(by_size[MOST_ROWS - 1 :], Decimal(0))
    assert f"{len(by_size) - MOST_ROWS + 1} smaller ones {usd(str(rest))}" in said
    assert f"All {len(by_size)}, to search" in said
    assert f"{N_TIMES} workloads (chat 059, chat 058, chat 057, …): not in it: the term" in said


def test_a_decision_of_many_is_not_much_longer_than_one_of_few(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = house.visitor().get(house.decision).text
    sizes = []
    for times in (20, 200):
        stored = results.parse_answer(_stored(house))
        assert isinstance(stored, Recommendation)
        made = of_many(stored, times)
        monkeypatch.setattr(decided, "parse_answer", lambda _data, made=made: made)
        sizes.append(len(house.visitor().get(house.decision).text))

    assert sizes[1] < 1.02 * sizes[0]
    assert sizes[0] < len(few) + 120_000


def _stored(house: House) -> bytes:
    return house.visitor().get(f"{house.decision}/recommendation.json").data


def rows_in(page: str) -> list[str]:
    body = page.rpartition("<tbody>")[2].partition("</tbody>")[0]
    return re.findall(r'<tr[^>]*><th scope="row"[^>]*>(.*?)</th>', body)


@pytest.mark.parametrize("name", LISTS)
def test_the_whole_list_holds_every_entry(house: House, large: Recommendation, name: str) -> None:
    page = house.visitor().get(f"{house.decision}/lists/{name}")

    assert page.status_code == 200
    assert len(rows_in(page.text)) == len(LISTS[name].entries(large))
    if name == "assumptions":
        held = {owner for owner, _ in re.findall(r"((?:chat|nightly tags) \d{3})(: )?", page.text)}
        told = {a.name.partition(": ")[0] for a in large.assumptions}
        assert held >= {w.name for w in large.workloads} & told


@pytest.mark.parametrize(
    ("looked_for", "found"),
    [
        ("chat 007", ["chat 007"]),
        ("CHAT 00", [f"chat 00{i}" for i in range(9, -1, -1)]),
        ("xyz", []),
    ],
)
def test_a_list_is_searched(
    house: House, large: Recommendation, looked_for: str, found: list[str]
) -> None:
    address = f"{house.decision}/lists/workloads"

    page = house.visitor().get(address, query_string={"find": looked_for})

    assert rows_in(page.text) == found
    assert f"{len(found)} of {len(large.workloads)}" in text_of(page)


def test_what_is_looked_for_is_shown_and_never_markup(house: House, large: Recommendation) -> None:
    page = house.visitor().get(
        f"{house.decision}/lists/workloads", query_string={"find": '"><script>x'}
    )

    assert "<script>x" not in page.text
    assert 'value="&#34;&gt;&lt;script&gt;x"' in page.text


def test_an_unknown_list_and_a_list_of_somebody_else_are_not_there(house: House) -> None:
    assert house.visitor().get(f"{house.decision}/lists/secrets").status_code == 404
    assert house.stranger().get(f"{house.decision}/lists/workloads").status_code == 404


class TestQuestions:
    N = 40

    @pytest.fixture
    def address(self, house: House) -> Iterator[str]:
        """A portfolio of forty workloads, of which chat is answered."""
        visitor = house.visitor()
        address = portfolio_of_many(visitor, house.upload, self.N)
        yield address
        visitor.post("/portfolios/many/deletion", {"etag": etag_of(visitor.get(address))})

    def asked(self, house: House, address: str, **query: str) -> list[str]:
        page = house.visitor().get(address, query_string=query)
        return re.findall(r'name="workload" value="([^"]+)"', page.text)

    def test_every_workload_is_asked_about_on_exactly_one_page(
        self, house: House, address: str
    ) -> None:
        pages = [self.asked(house, address, page=str(n)) for n in (1, 2, 3)]

        assert [len(names) for names in pages] == [MOST_ROWS, MOST_ROWS, self.N - 2 * MOST_ROWS]
        assert len({name for names in pages for name in names}) == self.N

    def test_workloads_are_found_by_words_and_by_having_no_answer(
        self, house: House, address: str
    ) -> None:
        assert self.asked(house, address, find="CRAWLER 07") == ["crawler 07"]
        assert self.asked(house, address, find="ana") == ["nightly tags"]
        unanswered = self.asked(house, address, unanswered="yes")
        assert len(unanswered) == MOST_ROWS
        assert "chat" not in unanswered

    def test_answers_of_one_page_are_kept_and_the_others_stay(
        self, house: House, address: str
    ) -> None:
        visitor = house.visitor()
        query = "?find=crawler&unanswered=yes"
        page = visitor.get(f"{address}{query}")
        form = {"etag": etag_of(page), "workload": "crawler 00"} | {
            "needed-1": "at_once",
            "evidence-1": "a person reads along",
            "answered_by-1": "Ana",
            "owner_state-1": "proposed",
        }

        kept = visitor.post(f"{address}/answers{query}", form)

        assert kept.status_code == 303, text_of(kept)
        assert "find=crawler&unanswered=yes" in kept.headers["Location"]
        names = re.findall(r'name="workload" value="([^"]+)"', visitor.get(kept.location).text)
        assert names[0] == "crawler 01"
        assert f"{self.N} workloads, {self.N - 3} unanswered" in text_of(visitor.get(address))
