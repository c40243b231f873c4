"""The words of consumption: token kinds, platforms, tiers, and the key of a priced row."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class TokenKind(StrEnum):
    """The five kinds of tokens that a vendor bills at their own rate."""

    INPUT = "input"
    CACHE_WRITE_5M = "cache_write_5m"
    CACHE_WRITE_1H = "cache_write_1h"
    CACHE_READ = "cache_read"
    OUTPUT = "output"


TOKEN_KINDS: Final = tuple(TokenKind)
"""The order of the token axis of every array."""

TOKEN_COLUMNS: Final = tuple(f"{kind.value}_tokens" for kind in TOKEN_KINDS)
"""The token columns of every usage table, in the order of `TOKEN_KINDS`.

`input_tokens` are uncached input only; cache writes and reads never count twice.
"""

UNASSIGNED: Final = "unassigned"
"""The workload of usage that no rule catches: shown, never dropped."""


class ServiceTier(StrEnum):
    """How fast the vendor promises to answer; `batch` is the half-price asynchronous tier."""

    STANDARD = "standard"
    BATCH = "batch"
    PRIORITY = "priority"
    FLEX = "flex"


class Geography(StrEnum):
    """Where inference may run; anything but `global` may carry a premium."""

    GLOBAL = "global"
    US = "us"
    REGIONAL = "regional"


class Speed(StrEnum):
    """The vendor's fast mode is a price of its own."""

    STANDARD = "standard"
    FAST = "fast"


class MixKey(NamedTuple):
    """Everything besides the token kind that decides a rate on a given day."""

    platform: str
    model: str
    service_tier: str = ServiceTier.STANDARD.value
    geography: str = Geography.GLOBAL.value
    speed: str = Speed.STANDARD.value
    context_window: str = ""
    """As reported by the vendor ("0-200k", "200k-1M"), empty when unknown."""
