"""Recommendations as pages that are printed, signed, or shown to the vendor.

Everything is escaped and stands in one file: no script, no font, no picture from elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from api.pages.memo import Memo
from forecast.errors import InputError
from forecast.records.recommendation import Recommendation

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).parent / "templates"

_NAME_LENGTH: Final = 60


def workload_pages(result: Recommendation) -> dict[str, str]:
    """Write one page per owned workload, by file name, the largest first.

    Each says what would change, what the guard checked, what it saves and what happens when a
    result is late, and has a place to accept or decline with a reason.
    """
    evidence = {e.workload: e for e in result.workload_evidence}
    steps = {step.workload: step for step in result.migration}
    owned = [w for w in result.workloads if w.name in evidence]
    owned.sort(key=lambda w: (-w.as_is_usd, w.name))
    template = _environment().get_template("workload.html")
    return {
        f"{number:02}-{file_name(workload.name)}.html": template.render(
            workload=workload,
            evidence=evidence[workload.name],
            step=steps.get(workload.name),
            result=result,
        )
        for number, workload in enumerate(owned, start=1)
    }


def dossier_page(result: Recommendation) -> str:
    """Write the efficiency dossier: shares and their evidence, and nothing of the negotiation.

    Raises
    ------
    InputError
        A result of an older version, which holds none.
    """
    if result.dossier is None:
        raise InputError(
            "holds no efficiency dossier; run `commitment recommend` again", column="dossier"
        )
    return (
        _environment()
        .get_template("dossier.html")
        .render(dossier=result.dossier, as_of=result.provenance.as_of)
    )


def memo_page(memo: Memo) -> str:
    """Write the approval memo as one page that is printed and signed."""
    return _environment().get_template("memo.html").render(memo=memo)


def file_name(name: str) -> str:
    """Make a name that every file system takes.

    >>> file_name("Über/../Nightly  tags"), file_name("…")
    ('uber-nightly-tags', 'workload')
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_NAME_LENGTH] or "workload"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"usd": _usd, "percent": _percent, "words": _words}
    found.filters |= {"hours": _hours, "sentence": _sentence}
    return found


def _usd(amount: Decimal) -> str:
    """Write an amount in whole dollars.

    >>> _usd(Decimal("-1234.50"))
    '−1,234 USD'
    """
    whole = int(amount.quantize(Decimal(1)))
    return f"{'−' if whole < 0 else ''}{abs(whole):,} USD"


def _percent(share: float | None) -> str:
    """Write a share in per cent.

    >>> _percent(0.125), _percent(None)
    ('12.5 %', '–')
    """
    return "–" if share is None else f"{100 * share:.1f} %"


def _hours(hours: float | None) -> str:
    return "not stated" if hours is None else f"{hours:g} h"


def _sentence(text: str) -> str:
    """Begin with a capital letter and leave the rest as it is.

    >>> _sentence("saves 3 USD on Haiku")
    'Saves 3 USD on Haiku'
    """
    return text[:1].upper() + text[1:]


def _words(value: str) -> str:
    return value.replace("_", " ")
