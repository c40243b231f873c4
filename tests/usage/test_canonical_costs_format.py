import io
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from export_samples import SAMPLES
from export_samples.samples_a import CANONICAL_COSTS
from mutation_harness import MUTANTS, survives
from usage_samples import write

from forecast.errors import UsageFormatError
from forecast.tables import COST_LINES
from forecast.usage.formats import canonical_costs
from forecast.usage.formats.canonical_costs import COLUMNS
from forecast.usage.reading import read_exports


def read_one(tmp_path, text):
    return read_exports([write(tmp_path, "invoice.csv", text)])


def test_invoice_lines_by_model_and_token_kind(tmp_path):
    exports = read_one(tmp_path, CANONICAL_COSTS)
    lines = exports.costs.sort_values("row").to_dict("records")
    shown = ["model", "service_tier", "token_kind", "charge", "list_usd", "billed_usd"]
    assert [[line[name] for name in shown] for line in lines] == [
        ["claude-opus-5-5", "standard", "output", "usage", Decimal("100.00"), Decimal("85.00")],
        ["claude-opus-5-5", "batch", "input", "usage", Decimal("1200.50"), Decimal("1020.425")],
        ["", "", "", "credit", None, Decimal("-40.00")],
    ]
    assert lines[0]["quantity"] == 5_000_000
    assert [line["start"].date() for line in lines] == [date(2026, 10, 1)] * 2 + [date(2026, 11, 1)]
    assert lines[0]["end"].date() == date(2026, 11, 1)
    assert exports.sources[0].warnings == ()


def test_days_instead_of_months(tmp_path):
    text = "start,end,contracted_usd\n2026-10-05,2026-10-12,7\n2026-10-20,,1\n"
    costs = read_one(tmp_path, text).costs
    assert (costs["end"] - costs["start"]).dt.days.tolist() == [7, 1]
    assert costs["contracted_usd"].tolist() == [Decimal("7"), Decimal("1")]
    assert costs["billed_usd"].isna().all()


def test_every_column_of_the_cost_table_can_be_given():
    assert {c.name for c in COST_LINES.columns} - {"row"} == set(COLUMNS) - {"month"}


def test_parquet_says_the_same(tmp_path):
    frame = pd.DataFrame(
        {
            "start": [date(2026, 10, 5), date(2026, 10, 6)],
            "token_kind": ["output", None],
            "billed_usd": [Decimal("1.25"), Decimal("-0.50")],
        }
    )
    frame.to_parquet(tmp_path / "costs.parquet")
    text = "start,token_kind,billed_usd\n2026-10-05,output,1.25\n2026-10-06,,-0.50\n"
    assert read_exports([tmp_path / "costs.parquet"]).costs.equals(read_one(tmp_path, text).costs)


@pytest.mark.parametrize(
    ("text", "row", "column", "words"),
    [
        ("month,billed_usd\n2026-13,1\n", 1, "month", "is not a month"),
        ("month,billed_usd\n,1\n", 1, "month", "is not a month"),
        ("start,billed_usd\n2026-10-05T10:00:00Z,1\n", 1, "start", "is not a day"),
        ("start,billed_usd\n2026-10-05T10:00:00,1\n", 1, "start", "has no time zone"),
        ("start,end,billed_usd\n2026-10-05,2026-10-05,1\n", 1, "end", "is not after the start"),
        ("month,billed_usd\n2026-10,1\n2026-11,\n", 2, "billed_usd", "is empty, and so is"),
        ("month,billed_usd\n2026-10,inf\n", 1, "billed_usd", "is not an amount"),
        ("month,billed_usd\n2026-10,1\n2026-11,x\n", 2, "billed_usd", "is not an amount"),
        ("month,list_usd\n2026-10,1\n", None, "billed_usd", "is missing, and so is"),
        ("month,start,billed_usd\n2026-10,2026-10-01,1\n", None, "month", "not both"),
        ("month,billed_usd,modle\n2026-10,1,x\n", None, "modle", "did you mean model"),
        ("month,billed_usd,token_kind\n2026-10,1,cache\n", 1, "token_kind", "not a known token"),
        ("month,billed_usd,charge\n2026-10,1,gift\n", 1, "charge", "not a known charge"),
        ("month,billed_usd,service_tier\n2026-10,1,turbo\n", 1, "service_tier", "not a known"),
        ("month,billed_usd,quantity\n2026-10,1,1.5\n", 1, "quantity", "has a fraction"),
        ("month,billed_usd\n", None, None, "a header and no rows"),
    ],
)
def test_a_bad_table_is_refused_with_its_place(tmp_path, text, row, column, words):
    with pytest.raises(UsageFormatError) as refused:
        read_one(tmp_path, text)
    where = (refused.value.file, refused.value.row, refused.value.column)
    assert where == ("invoice.csv", row, column)
    assert words in refused.value.problem


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_tables_are_refused_or_read_right(n):
    survived = survives("canonical_costs", CANONICAL_COSTS, n=n, totals=_derived)
    assert survived.read > n / 10
    assert survived.refused > n / 10


def _derived(data):
    """Add the billed amounts up as a spreadsheet would show them."""
    frame = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    if "billed_usd" not in frame:
        return None
    return {"billed_usd": sum(map(_dollars, frame["billed_usd"]), Decimal(0))}


def _dollars(text):
    plain = text.strip().replace("$", "").replace(",", "")
    return -Decimal(plain.strip("()")) if plain.startswith("(") else Decimal(plain or 0)


def test_what_is_written_is_read_back_exactly(tmp_path):
    costs = canonical_costs.read(SAMPLES["canonical_costs"], "costs.csv").costs
    path = tmp_path / "again.csv"
    canonical_costs.write_costs(costs, path)
    back = canonical_costs.read(path.read_bytes(), path.name).costs
    assert back.drop(columns="row").equals(costs.drop(columns="row"))
    with pytest.raises(UsageFormatError, match=r"should end in \.csv"):
        canonical_costs.write_costs(costs, tmp_path / "again.xlsx")
    with pytest.raises(UsageFormatError, match="no export has amounts"):
        canonical_costs.write_costs(costs.iloc[:0], path)
