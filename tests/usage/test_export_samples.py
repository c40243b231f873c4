"""Every sample is recognised as exactly its own format, and read as that declares."""

import pytest
from export_samples import SAMPLES
from export_samples.samples_b import OTHER_SYNTAXES

from forecast.usage.formats.head import Head
from forecast.usage.formats.registry import FORMATS, format_named

EVERY = [*SAMPLES.items(), *OTHER_SYNTAXES.items()]


@pytest.mark.parametrize(("name", "sample"), EVERY, ids=[name for name, _ in EVERY])
def test_a_sample_fits_its_own_format_alone(name, sample):
    head = Head.of(sample, "export")
    assert [kind.name for kind in FORMATS if kind.fits(head)] == [name]


@pytest.mark.parametrize(("name", "sample"), EVERY, ids=[name for name, _ in EVERY])
def test_a_sample_gives_what_its_format_holds(name, sample):
    kind = format_named(name)
    parsed = kind.read(sample, "export")
    assert ("usage" in kind.holds) == (len(parsed.rows) > 0)
    assert ("costs" in kind.holds) == (len(parsed.costs) > 0)
    assert (kind.amounts is not None) == ("costs" in kind.holds)
    assert set(parsed.rows.columns[parsed.rows.isna().any()]) <= {"requests"}


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("langfuse_observations", "modelParameters"),
        ("helicone_requests", "response_status"),
        ("bedrock_invocation_log", "input"),
        ("litellm_spend_logs", "endTime"),
    ],
)
def test_a_prompt_longer_than_the_head_does_not_hide_the_format(name, member):
    prompt = b'"prompt": "' + b"x" * 70_000 + b'", '
    sample = SAMPLES[name].replace(f'"{member}"'.encode(), prompt + f'"{member}"'.encode(), 1)
    assert len(sample) > len(SAMPLES[name])
    head = Head.of(sample, "export")
    assert [kind.name for kind in FORMATS if kind.fits(head)] == [name]


def test_what_an_observer_multiplied_out_is_no_bill():
    observed = [kind for kind in FORMATS if kind.seen_by == "observer" and kind.amounts]
    assert len(observed) > 5
    assert {kind.amounts.meaning for kind in observed} == {"estimated"}
