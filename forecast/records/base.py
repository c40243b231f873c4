"""What every record has in common, and the annotated types records are made of."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Record(BaseModel):
    """An immutable value with named fields; unknown fields are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        ser_json_inf_nan="constants",
    )


Usd = Annotated[Decimal, Field(allow_inf_nan=False, max_digits=24)]
"""Exact US dollars; a string in JSON."""

NonNegativeUsd = Annotated[Decimal, Field(ge=0, allow_inf_nan=False, max_digits=24)]
"""Exact US dollars, zero or more."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A share from 0 to 1, never per cent."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
"""A short label given by a person."""

Note = Annotated[str, StringConstraints(max_length=2000)]
"""Free text given by a person."""


class Provenance(StrEnum):
    """Where a number comes from, from the strongest to the weakest."""

    MEASURED = "measured"
    LIST_PRICE = "list_price"
    CONTRACT = "contract"
    USER = "user"
    CLAIM = "claim"
