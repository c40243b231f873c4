"""Templates of every page, printed or served: one environment, and how values are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from forecast.short_form import total

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES: Final = Path(__file__).parent / "templates"


def render(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template in; everything is escaped, and a name that is not given is an error."""
    return environment().get_template(template).render(values)


@cache
def environment() -> Environment:
    """Give the environment that all templates share."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "usd": usd,
        "percent": percent,
        "words": words,
        "hours": hours,
        "sentence": sentence,
        "instant": instant,
        "month": month,
        "size": size,
        "total": total,
        "embedded": embedded,
    }
    return found


def usd(amount: Decimal | None) -> str:
    """Write an amount in whole dollars.

    >>> usd(Decimal("-1234.50")), usd(None)
    ('−1,234 USD', '–')
    """
    if amount is None:
        return "–"
    whole = int(amount.quantize(Decimal(1)))
    return f"{'−' if whole < 0 else ''}{abs(whole):,} USD"


def percent(share: float | None) -> str:
    """Write a share in per cent.

    >>> percent(0.125), percent(None)
    ('12.5 %', '–')
    """
    return "–" if share is None else f"{100 * share:.1f} %"


def hours(number: float | None) -> str:
    """Write hours, or that nobody stated them."""
    return "not stated" if number is None else f"{number:g} h"


def sentence(text: str) -> str:
    """Begin with a capital letter and leave the rest as it is.

    >>> sentence("saves 3 USD on Haiku")
    'Saves 3 USD on Haiku'
    """
    return text[:1].upper() + text[1:]


def words(value: str) -> str:
    """Write an identifier as words.

    >>> words("needs_review")
    'needs review'
    """
    return value.replace("_", " ")


def instant(at: datetime) -> str:
    """Write an instant to the minute.

    >>> instant(datetime(2026, 11, 24, 9, 5, tzinfo=UTC))
    '2026-11-24 09:05 UTC'
    """
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def month(day: date | None) -> str:
    """Write the month of a day.

    >>> month(date(2027, 2, 1))
    '2027-02'
    """
    return "–" if day is None else f"{day:%Y-%m}"


def embedded(value: Any) -> Markup:
    r"""Write a value as JSON that no text in it can break out of.

    >>> embedded({"step": "</script>"})
    Markup('{"step": "\\u003c/script>"}')
    """
    from markupsafe import Markup

    text = json.dumps(value).replace("<", "\\u003c")
    return Markup(text)  # noqa: S704  no character of it opens a tag


def size(n_bytes: int) -> str:
    """Write the size of a file.

    >>> size(917), size(917_148), size(5_200_000)
    ('917 bytes', '917 kB', '5.2 MB')
    """
    if n_bytes < 1000:
        return f"{n_bytes} bytes"
    return f"{n_bytes / 1e3:.0f} kB" if n_bytes < 1e6 else f"{n_bytes / 1e6:.1f} MB"
