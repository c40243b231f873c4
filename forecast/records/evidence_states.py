"""How well an effect is known."""

from __future__ import annotations

from enum import StrEnum


class Evidence(StrEnum):
    """How well an effect is known; it decides how widely it is drawn."""

    ASSUMED = "assumed"
    PILOTED = "piloted"
    PROVEN = "proven"
    MEASURED = "measured"
