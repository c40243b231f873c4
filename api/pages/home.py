"""The first page: what was decided, and what is being made."""

from __future__ import annotations

from flask import Response

from api.access import organisation, the_store
from api.charts import page_charts
from api.jobs import queue
from api.pages.serving import page, show
from api.queries import wanted_page
from api.store import datasets, portfolios, recommendations
from api.store.organisations import Scope
from api.store.pages import Wanted


@page("/", scope=Scope.READ)
def home() -> Response:
    """Show recommendations, the newest first, and those under way."""
    store, mine = the_store(), organisation()
    made = recommendations.list_recommendations(store, mine, wanted_page())
    decided = [
        (r.created_at.date(), r.amount_usd)
        for r in reversed(made.items)
        if r.status == "recommended"
    ]
    return show(
        "home.html",
        made=made.items,
        next_cursor=made.next_cursor,
        under_way=queue.unfinished(store, mine),
        has_usage=bool(datasets.list_datasets(store, mine, Wanted(n_items=1)).items),
        has_portfolio=bool(portfolios.list_portfolios(store, mine, Wanted(n_items=1)).items),
        chart=page_charts.history(decided),
    )
