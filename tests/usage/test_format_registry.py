"""Every format knows its own export and no other."""

import sys
from types import ModuleType

import pytest
from export_samples import SAMPLES

from forecast.usage.formats.head import Head
from forecast.usage.formats.registry import FORMATS, format_of


def module_of(kind):
    """The module of a format; views of one source share theirs."""
    return kind if isinstance(kind, ModuleType) else sys.modules[type(kind).__module__]


def test_every_format_has_a_sample():
    sampled = {name.split(".")[0] for name in SAMPLES}
    assert sampled <= {kind.name for kind in FORMATS}
    with_sample = {module_of(kind) for kind in FORMATS if kind.name in sampled}
    assert {module_of(kind) for kind in FORMATS} == with_sample


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_fits_its_own_format_alone(name):
    head = Head.of(SAMPLES[name], "export")
    assert [kind.name for kind in FORMATS if kind.fits(head)] == [name.split(".")[0]]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_gives_what_its_format_holds(name):
    kind = format_of(SAMPLES[name], "export")
    parsed = kind.read(SAMPLES[name], "export")
    assert ("usage" in kind.holds) == (len(parsed.rows) > 0)
    assert ("costs" in kind.holds) == (len(parsed.costs) > 0)
    assert (kind.amounts is not None) == ("costs" in kind.holds)


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_a_format_says_where_its_shape_was_read(kind):
    assert kind.description
    assert len(module_of(kind).__doc__) > 200
