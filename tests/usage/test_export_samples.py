"""Every sample is recognised as exactly its own format, and read by it."""

import pytest
from export_samples import SAMPLES

from forecast.records.costs import Amounts
from forecast.tables import COST_LINES, USAGE_ROWS, check
from forecast.usage.formats.head import Head
from forecast.usage.formats.registry import FORMATS, format_named


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_fits_its_own_format_alone(sample):
    head = Head.of(SAMPLES[sample], sample)
    assert [kind.name for kind in FORMATS if kind.fits(head)] == [sample.split(".")[0]]


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_read_into_what_its_format_declares(sample):
    kind = format_named(sample.split(".")[0])
    parsed = kind.read(SAMPLES[sample], sample)
    check(parsed.rows[USAGE_ROWS.names], USAGE_ROWS)
    check(parsed.costs, COST_LINES)
    assert bool(len(parsed.rows)) == ("usage" in kind.holds)
    assert bool(len(parsed.costs)) == ("costs" in kind.holds)
    assert (kind.amounts is not None) == ("costs" in kind.holds)
    assert not parsed.pages_missing


def test_formats_have_names_of_their_own_and_say_who_counted():
    names = [kind.name for kind in FORMATS]
    assert len(names) == len(set(names))
    for kind in FORMATS:
        assert kind.description
        assert kind.seen_by in ("vendor", "observer")
        assert kind.amounts is None or isinstance(kind.amounts, Amounts)
        assert set(kind.holds) <= {"usage", "costs"}


def test_what_observers_multiplied_out_is_no_bill():
    for kind in FORMATS:
        if kind.seen_by == "observer" and kind.amounts is not None:
            assert kind.amounts.meaning == "estimated"
