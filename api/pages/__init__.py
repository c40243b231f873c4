"""The pages: served under `/` for people, and printed for those who sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def register(app: Flask) -> None:
    """Add every page to an application."""
    from api.pages import (  # noqa: F401  they declare their views
        contracts,
        handouts,
        home,
        keys,
        long_lists,
        portfolios,
        recommendation,
        reforecast,
        serving,
        signing_in,
        uploads,
    )

    serving.register(app)
