"""A Chromium that goes through the pages, and what must hold of each of them."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from flask import Flask
    from playwright.sync_api import Browser, Page

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
NARROW, WIDE = 360, 1440
LOOKS = ((NARROW, "dark"), (WIDE, "light"))
"""Widths decide what overflows, colour schemes what is told apart; two windows show all of it."""

SERIOUS = ("serious", "critical")


def chromium() -> str:
    """Find the system's browser; the package downloads none here."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is not on the path, and CI may leave nothing out")
        pytest.skip("Chromium is not on the path")
    return found


@contextmanager
def opened() -> Iterator[Browser]:
    """Open a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def listening(app: Flask) -> Iterator[str]:
    """Serve an application on a free port; give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Watch:
    """What a page said and asked for beside what was meant."""

    said: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


@contextmanager
def visit(
    browser: Browser, address: str, *, width: int = WIDE, scheme: str = "light"
) -> Iterator[tuple[Page, Watch]]:
    """Open a window; afterwards nothing may have gone wrong in it and nothing come from elsewhere.

    A refused form is an answer with an error status, which Chromium notes in its console; that
    note alone is let through.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        base_url=address,
        accept_downloads=True,
    )
    context.set_default_timeout(60_000)
    page, watch = context.new_page(), Watch()
    page.on(
        "console",
        lambda message: (
            watch.said.append(message.text)
            if message.type in ("error", "warning") and "status of 4" not in message.text
            else None
        ),
    )
    page.on("pageerror", lambda error: watch.said.append(str(error)))
    page.on(
        "request",
        lambda request: (
            watch.elsewhere.append(request.url)
            if urlsplit(request.url).scheme in ("http", "https", "ws", "wss")
            and not request.url.startswith(address)
            else None
        ),
    )
    try:
        yield page, watch
    finally:
        context.close()
    assert not watch.said, watch.said
    assert not watch.elsewhere, watch.elsewhere


def overflowing(page: Page) -> list[str]:
    """Say how far the page is wider than its window; nothing where it is not."""
    wider = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return [f"{wider} px too wide"] if wider > 0 else []


def findings(page: Page) -> list[str]:
    """Give what axe-core finds serious or critical on a page."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in found
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


def drawn(page: Page) -> None:
    """Wait until every chart of a page is drawn."""
    from playwright.sync_api import expect

    page.wait_for_load_state("load")
    expect(page.locator(".drawing:not(:has(svg.marks))")).to_have_count(0, timeout=60_000)


def check_everywhere(
    browser: Browser, address: str, state: Any, paths: dict[str, Callable[[Page], None] | None]
) -> int:
    """Hold every page against each of the looks; give how many were looked at.

    Parameters
    ----------
    state
        Cookies of who is signed in.
    paths
        Pages, each with what is done on it first.
    """
    n = 0
    for width, scheme in LOOKS:
        with visit(browser, address, width=width, scheme=scheme) as (page, _):
            page.context.add_cookies(state)
            for path, before in paths.items():
                page.goto(path)
                if before is not None:
                    before(page)
                drawn(page)
                place = f"{path} at {width} px, {scheme}"
                wrong = [*findings(page), *overflowing(page)]
                assert not wrong, f"{place}: {wrong}"
                n += 1
    return n


def dark_background(page: Page) -> bool:
    """Tell whether the page itself is dark."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    parts = json.loads(f"[{colour.removeprefix('rgb(').removesuffix(')')}]")
    return sum(parts) < 3 * 60
