"""A company with many workloads, made from one with few: what tests of long lists read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from example_buyer import WORKLOADS
from page_visitor import Visitor, as_file, etag_of, text_of

from forecast.records.cleaning import CleaningEntry
from forecast.records.migration import MigrationPlan, NotPlanned
from forecast.records.recommendation import Recommendation
from forecast.short_form import subject

ODD = CleaningEntry(
    workload="chat",
    what="burst",
    start=date(2026, 3, 2),
    end=date(2026, 3, 4),
    effect="bring these days down to the same weekdays around them",
    source="3 days with up to 6.1 times the usual of a day",
    state="off",
    list_usd=Decimal(-50),
)


def of_many(result: Recommendation, times: int) -> Recommendation:
    """Give every workload of a result `times` over, each a little larger than the one before.

    What is said of a workload is said of its copies too; dollars of the contract stay as they are.
    """
    names = {w.name: [f"{w.name} {i:03}" for i in range(times)] for w in result.workloads}
    steps = [
        step.model_copy(
            update={
                "workload": name,
                "order": 1 + order * times + i,
                "saving_usd": step.saving_usd + i,
            }
        )
        for order, step in enumerate(result.migration)
        for i, name in enumerate(names[step.workload])
    ]
    left_out = tuple(
        NotPlanned(workload=name, reason="the term has no room") for name in names["chat"]
    )
    return result.model_copy(
        update={
            "workloads": tuple(
                w.model_copy(update={"name": name, "as_is_usd": w.as_is_usd + i})
                for w in result.workloads
                for i, name in enumerate(names[w.name])
            ),
            "workload_evidence": tuple(
                e.model_copy(update={"workload": name})
                for e in result.workload_evidence
                for name in names[e.workload]
            ),
            "migration": tuple(steps),
            "migration_plan": _plan(left_out),
            "cleaning": tuple(_odd(name, i) for i, name in enumerate(names["chat"])),
            "assumptions": tuple(
                a.model_copy(update={"name": f"{name}: {said}"}) if owner else a
                for a in result.assumptions
                for owner, said in [subject(a.name, names)]
                for name in (names[owner] if owner else [""])
            ),
            "evidence": result.evidence.model_copy(
                update={
                    "items": tuple(
                        item.model_copy(
                            update={"rests_on_it": tuple(_every(item.rests_on_it, names))}
                        )
                        for item in result.evidence.items
                    )
                }
            ),
        }
    )


def _every(levers: tuple[str, ...], names: dict[str, list[str]]) -> list[str]:
    split = [subject(lever, names) for lever in levers]
    return [f"{name}: {lever}" for owner, lever in split for name in names[owner]]


def _plan(left_out: tuple[NotPlanned, ...]) -> MigrationPlan:
    return MigrationPlan(
        weeks_per_month=4,
        migrations_per_month=1,
        saving_usd=Decimal(9000),
        volume_first_saving_usd=Decimal(9000),
        gain_usd=Decimal(0),
        settled_gain_usd=Decimal(0),
        gap_share=0.0,
        volume_first=(),
        not_planned=left_out,
    )


def _odd(workload: str, i: int) -> CleaningEntry:
    return ODD.model_copy(
        update={"id": f"burst-{i}", "workload": workload, "yearly_usd": Decimal(-100 - i)}
    )


def portfolio_of_many(visitor: Visitor, upload: str, n: int) -> str:
    """Draft a portfolio of n workloads, of which chat and nightly tags are answered."""
    page = visitor.post(f"{upload}/portfolio", {"name": "many"})
    assert page.status_code == 303, text_of(page)
    blocks = "".join(
        f'\n[[workloads]]\nname = "crawler {i:02}"\nmatch = [{{ api_key = "crawler-{i}" }}]\n'
        for i in range(n - 2)
    )
    files = {
        "workloads": as_file(WORKLOADS + blocks, "workloads.toml"),
        "etag": etag_of(visitor.get("/portfolios/many")),
    }
    page = visitor.post("/portfolios/many/files", files)
    assert page.status_code == 303, text_of(page)
    return "/portfolios/many"
