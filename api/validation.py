"""From a parsed document to a record, strictly, with every fault at its place.

Nothing is converted that the writer did not say (`true` is no number, `"12"` is no count, a
number is no day), no key is ignored, and every fault is reported, not only the first.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from forecast.errors import InputError
from forecast.records.terms.exchange import in_usd

R = TypeVar("R", bound=BaseModel)

Step = str | int

_TYPES = {
    "model_type": "a table of keys",
    "dict_type": "a table of keys",
    "tuple_type": "a list",
    "decimal_type": 'an amount such as "250000.00"',
    "decimal_parsing": 'an amount such as "250000.00"',
    "decimal_max_digits": "an amount of at most 24 digits",
    "date_type": "a day such as 2027-01-01",
    "date_from_datetime_parsing": "a day such as 2027-01-01",
    "date_from_datetime_inexact": "a day such as 2027-01-01",
    "date_parsing": "a day such as 2027-01-01",
}
"""What pydantic's type faults mean to somebody who does not read Python."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a document, and where.

    >>> fault = Fault(("tiers", 1, "discount_share"), "must be less than 1, not 1.5")
    >>> fault.dotted, fault.pointer
    ('tiers[1].discount_share', '/tiers/1/discount_share')
    """

    path: tuple[Step, ...]
    problem: str

    @property
    def dotted(self) -> str:
        """The path as people write it; list entries count from 0."""
        text = "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in self.path)
        return text.removeprefix(".")

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer (RFC 6901)."""
        steps = (str(s).replace("~", "~0").replace("/", "~1") for s in self.path)
        return "".join(f"/{s}" for s in steps)


MAX_FAULTS = 25
"""Faults that are told; nobody mends more of them at once."""


class DocumentError(InputError):
    """A document that cannot be used.

    Attributes
    ----------
    faults
        What is wrong with it: everything, or the first 25.
    """

    def __init__(self, faults: Sequence[Fault], *, file: str | None = None) -> None:
        self.faults = tuple(faults[:MAX_FAULTS])
        first, *others = self.faults
        also = "".join(f"\n  also {f.dotted or 'the document'}: {f.problem}" for f in others)
        if len(faults) > MAX_FAULTS:
            also += f"\n  and {len(faults) - MAX_FAULTS} more"
        super().__init__(first.problem + also, file=file, column=first.dotted or None)


def validate(
    record_type: type[R],
    document: object,
    file: str | None = None,
    at: tuple[Step, ...] = (),
) -> R:
    """Turn a parsed document into a record, strictly.

    Terms that state amounts in a currency of their own are converted first.

    Parameters
    ----------
    at
        Where the document stands in a larger one; it is put before the path of every fault.

    Raises
    ------
    DocumentError
        With every fault of the document.
    """
    document = in_usd(document)
    try:
        record = record_type.model_validate(document)
    except ValidationError as error:
        faults = faults_of(error, record_type)
    else:
        faults = list(_misread(document, record, ()))
    if faults:
        raise DocumentError(
            [Fault((*at, *f.path), f.problem + _entry(document, f.path)) for f in faults],
            file=file,
        )
    return record


def faults_of(error: ValidationError, record_type: type[BaseModel]) -> list[Fault]:
    """Say in plain words what pydantic found, each at the key that has to change."""
    details = error.errors(include_url=False)
    places = [tuple(d["loc"]) for d in details]
    faults = []
    for detail, place in zip(details, places, strict=True):
        shadow = detail["type"] == "too_short" and any(
            other[: len(place)] == place and other != place for other in places
        )
        if not shadow:
            faults.append(_fault(dict(detail), place, record_type))
    return faults


def _fault(detail: dict[str, Any], place: tuple[Step, ...], record_type: type[BaseModel]) -> Fault:
    kind, message = detail["type"], str(detail["msg"])
    if kind == "missing":
        return Fault(place, "is missing")
    owner = _record_at(record_type, place[:-1] if kind == "extra_forbidden" else place)
    if kind == "extra_forbidden":
        return Fault(place, _unknown_key(str(place[-1]), owner))
    if kind == "value_error":
        return _rule_fault(str(detail["ctx"]["error"]), place, owner)
    if kind in _TYPES:
        return Fault(place, f"must be {_TYPES[kind]}, not {_short(detail['input'])}")
    said = re.sub(r"^(Input|\w+) should ", "must ", message)
    if said == message:
        return Fault(place, message)
    return Fault(place, f"{said}, not {_short(detail['input'])}{_per_cent(place, detail)}")


def _per_cent(place: tuple[Step, ...], detail: Mapping[str, Any]) -> str:
    """Say how a share is written to somebody who wrote per cent."""
    given = detail["input"]
    is_above = detail["type"] in ("less_than", "less_than_equal")
    if not (is_above and str(place[-1]).endswith("_share") and 2 <= given <= 100):
        return ""
    return f"; {given:g} % is {given / 100:g}"


def _rule_fault(message: str, place: tuple[Step, ...], owner: type[BaseModel] | None) -> Fault:
    """Put the fault of a rule between fields at the field that its message begins with."""
    words = re.match(r"([a-z_]+(?:\.[a-z_]+)*)(:?) ", message)
    if words and owner and words[1].split(".")[0] in owner.model_fields:
        rest = message[words.end() :] if words[2] else message
        return Fault((*place, *words[1].split(".")), rest)
    return Fault(place, message)


def _unknown_key(key: str, owner: type[BaseModel] | None) -> str:
    known = list(owner.model_fields) if owner else []
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if near:
        return f"is not a known key; did you mean {near[0]!r}?"
    return f"is not a known key; known are {', '.join(known)}"


def _record_at(record_type: type[BaseModel], place: tuple[Step, ...]) -> type[BaseModel] | None:
    found: type[BaseModel] | None = record_type
    for step in place:
        if isinstance(step, int):
            continue
        if found is None or step not in found.model_fields:
            return None
        found = _record_in(found.model_fields[step].annotation)
    return found


def _record_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_record_in, get_args(annotation))), None)


def _misread(raw: object, value: object, path: tuple[Step, ...]) -> Iterator[Fault]:
    """Find what was converted although the writer did not say it."""
    if isinstance(value, BaseModel) and isinstance(raw, Mapping):
        for key, item in raw.items():
            yield from _misread(item, getattr(value, key), (*path, key))
    elif isinstance(value, tuple) and isinstance(raw, list):
        for i, (item, part) in enumerate(zip(raw, value, strict=True)):
            yield from _misread(item, part, (*path, i))
    elif isinstance(value, bool):
        if not isinstance(raw, bool):
            yield Fault(path, f"must be true or false, not {_short(raw)}")
    elif isinstance(value, int | float) and isinstance(raw, bool | str):
        yield Fault(path, f"must be a number, not {_short(raw)}")
    elif isinstance(value, date) and not _states_day(raw, value):
        yield Fault(path, f"must be a day such as 2027-01-01, not {_short(raw)}")


def _states_day(raw: object, day: date) -> bool:
    if isinstance(raw, str):
        return raw == day.isoformat()
    return isinstance(raw, date) and not isinstance(raw, datetime)


def _short(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _entry(document: object, path: tuple[Step, ...]) -> str:
    """Name the list entry a fault lies in, as people count or call it."""
    for depth, step in enumerate(path):
        if isinstance(step, int) and depth:
            entry = _follow(document, path[: depth + 1])
            name = entry.get("name") if isinstance(entry, Mapping) else None
            label = repr(name) if isinstance(name, str) and name else f"entry {step + 1}"
            return f" ({label} of {path[depth - 1]})"
    return ""


def _follow(document: Any, path: tuple[Step, ...]) -> object:
    for step in path:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document
