"""What another version of the price package says differently.

The pinned version stays the source; a newer one is only read, in a process of its own, to see
which reviewed prices a person should look at again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

from forecast.errors import InputError
from forecast.pricing.published import PROVIDERS, platform_rates, providers
from forecast.records.base import Record
from forecast.records.rates import ModelRates

_NOT_PRICE = {"platform", "model", "effective_from", "effective_to", "source", "checked_on"}

Key = tuple[str, str]


class Drift(Record):
    """One price that another version has differently."""

    platform: str
    model: str
    what: Literal["changed", "new", "vanished", "unreadable"]
    day: date | None = None
    """The first day on which the two differ."""
    field: str = ""
    """standard.input, batch_multiple, …"""
    before: str = ""
    after: str = ""


class Snapshot(Record):
    """What one version of the package publishes, as this reader understands it."""

    rates: tuple[ModelRates, ...]
    unreadable: tuple[Drift, ...] = ()


def snapshot() -> Snapshot:
    """Read the installed package; a model whose price has an unknown shape is named, not dropped.

    Examples
    --------
    >>> len(snapshot().rates) > 500, snapshot().unreadable
    (True, ())
    """
    listed = providers()
    rates: list[ModelRates] = []
    unreadable: list[Drift] = []
    for platform, provider in PROVIDERS.items():
        if provider not in listed:
            unreadable.append(Drift(platform=platform, model="*", what="vanished", before=provider))
            continue
        models = listed[provider].models
        try:
            rates += platform_rates(platform, models, partner_claude=True)
        except InputError:
            for model in models:
                try:
                    rates += platform_rates(platform, [model], partner_claude=True)
                except InputError as fault:
                    unreadable.append(
                        Drift(
                            platform=platform,
                            model=model.id,
                            what="unreadable",
                            after=fault.problem,
                        )
                    )
    return Snapshot(rates=tuple(rates), unreadable=tuple(unreadable))


def compare(old: Snapshot, new: Snapshot) -> tuple[Drift, ...]:
    """Give every price that changed, is new or vanished.

    Returns
    -------
    tuple of Drift
        By platform and model; a changed price once for each field, with its first day.
    """
    before, after = _by_model(old.rates), _by_model(new.rates)
    unreadable = {(d.platform, d.model) for d in new.unreadable}
    found: list[Drift] = []
    for platform, model in sorted({*before, *after}):
        key = (platform, model)
        if key not in before:
            found.append(_whole(key, "new", after[key][-1]))
        elif key in after:
            found += _changes(before[key], after[key])
        elif key not in unreadable:
            found.append(_whole(key, "vanished", before[key][-1]))
    return (*new.unreadable, *found)


def snapshot_json() -> str:
    """Write the snapshot of the installed package as JSON, for another process to read."""
    return json.dumps(snapshot().model_dump(mode="json"))


def _whole(key: Key, what: Literal["new", "vanished"], row: ModelRates) -> Drift:
    price = ", ".join(f"{k} {v}" for k, v in row.standard.by_kind().items() if v is not None)
    return Drift(
        platform=key[0],
        model=key[1],
        what=what,
        field="standard",
        before=price if what == "vanished" else "",
        after=price if what == "new" else "",
    )


def _changes(before: list[ModelRates], after: list[ModelRates]) -> Iterator[Drift]:
    seen: set[str] = set()
    for day in sorted({row.effective_from for row in (*before, *after)}):
        old, new = _fields(before, day), _fields(after, day)
        for field in sorted({*old, *new}):
            if old.get(field) != new.get(field) and field not in seen:
                seen.add(field)
                yield Drift(
                    platform=before[0].platform,
                    model=before[0].model,
                    what="changed",
                    day=day,
                    field=field,
                    before=old.get(field, "none"),
                    after=new.get(field, "none"),
                )


def _fields(rows: Iterable[ModelRates], day: date) -> dict[str, str]:
    """Give what a price says on a day, one entry a figure: {"standard.input": "4", …}."""
    row = next((row for row in rows if row.in_force(day)), None)
    if row is None:
        return {}
    return dict(_flat(row.model_dump(exclude=_NOT_PRICE)))


def _flat(values: dict[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif value not in (None, ()):
            yield f"{prefix}{name}", _exact(value)


def _exact(value: object) -> str:
    """Write a figure so that 0.20 and 0.2 are the same."""
    normal = getattr(value, "normalize", None)
    return f"{normal():f}" if normal is not None else str(value)


def _by_model(rows: Iterable[ModelRates]) -> dict[Key, list[ModelRates]]:
    found: dict[Key, list[ModelRates]] = {}
    for row in rows:
        found.setdefault((row.platform, row.model), []).append(row)
    return found
