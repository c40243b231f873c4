from datetime import date
from decimal import Decimal

import pytest
from export_samples.samples_a import MONTHLY_INVOICE
from mutation_harness import MUTANTS, csv_totals, survives
from usage_samples import write

from forecast.errors import UsageFormatError
from forecast.usage.reading import read_exports


def read_one(tmp_path, text):
    return read_exports([write(tmp_path, "billed.csv", text)])


def test_a_month_is_a_line(tmp_path):
    exports = read_one(tmp_path, MONTHLY_INVOICE)
    assert [
        (line["start"].date(), line["end"].date(), line["billed_usd"], line["charge"])
        for line in exports.costs.to_dict("records")
    ] == [
        (date(2026, 9, 1), date(2026, 10, 1), Decimal("1234.56"), "usage"),
        (date(2026, 10, 1), date(2026, 11, 1), Decimal("-10"), "usage"),
        (date(2026, 11, 1), date(2026, 12, 1), Decimal("0.005"), "usage"),
    ]
    assert set(exports.costs["platform"]) == {""}
    (source,) = exports.sources
    assert (source.first_day, source.last_day) == (date(2026, 9, 1), date(2026, 11, 30))
    assert source.warnings == ()


def test_what_spreadsheets_do_to_it_changes_nothing(tmp_path):
    text = "\ufeffMonth, USD\r\n2026-09-01,1234.56\r\n\r\n2026-10,-10\r\n2026-11,0.005\r\n"
    assert read_one(tmp_path, text).costs.equals(read_one(tmp_path, MONTHLY_INVOICE).costs)


@pytest.mark.parametrize(
    ("text", "row", "column", "words"),
    [
        ("month,usd\n", None, None, "holds no month"),
        ("month,usd\n2026-13,1\n", 1, "month", "is not a month: '2026-13'; write 2026-10"),
        ("month,usd\n2026-03-15,1\n", 1, "month", "is not a month"),
        ("month,usd\n9999-12,1\n", 1, "month", "is not a month"),
        ("month,usd\n2026-03,1\n2026-03-01,2\n", 2, "month", "stands twice"),
        ('month,usd\n2026-03,"1,000"\n', 1, "usd", "without separators"),
        ("month,usd\n2026-03,$5\n", 1, "usd", "is not an amount"),
        ("month,usd\n2026-03,NaN\n", 1, "usd", "is not an amount"),
        ("month,usd\n2026-03,٣\n", 1, "usd", "is not an amount"),
        ("month,usd\n2026-03\n", 1, None, "has 1 cells instead of 2"),
        ('month,usd\n2026-03,"1\n', None, None, "is not a CSV text"),
    ],
)
def test_a_bad_invoice_is_refused_with_its_place(tmp_path, text, row, column, words):
    with pytest.raises(UsageFormatError) as refused:
        read_one(tmp_path, text)
    where = (refused.value.file, refused.value.row, refused.value.column)
    assert where == ("billed.csv", row, column)
    assert words in refused.value.problem


def test_another_header_is_named(tmp_path):
    with pytest.raises(UsageFormatError, match="needs the header month,usd, not 'month,eur'"):
        read_exports(
            [write(tmp_path, "billed.csv", "month,eur\n2026-03,1\n")],
            format_name="monthly_invoice",
        )


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_invoices_are_refused_or_read_right(n):
    totals = csv_totals({"billed_usd": {"usd": 1, "USD": 1}})
    survived = survives("monthly_invoice", MONTHLY_INVOICE, n=n, totals=totals, places=False)
    assert survived.read > n / 20
    assert survived.refused > n / 5
