"""Take the README's pictures of the pages, of the example portfolio.

    python scripts/page_pictures.py [--out .github/images]

Needs Chromium on the path and the development extra. The service runs in this process, in a
directory of its own; the pictures show what a reader of the page sees, in 256 colours.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import example_portfolio
from PIL import Image
from werkzeug.serving import make_server

from api.app import create_app
from api.jobs.worker import Worker
from api.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
TALL, WIDE = (1200, 1480), (1200, 760)
"""Windows of the two pictures: from the four numbers to the slider, and an offer's answer."""
OFFER = ("1000000", "18")
"""Of offer_a.toml: the vendor's first proposal."""


@contextmanager
def serving(data_dir: Path) -> Iterator[str]:
    """Run the service with a worker; give its address."""
    app = create_app(Settings(data_dir=data_dir))
    store = app.extensions["store"]
    store.migrate()
    worker = Worker(store)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    threads = [threading.Thread(target=run) for run in (worker.run, server.serve_forever)]
    for thread in threads:
        thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        worker.stop.set()
        server.shutdown()
        for thread in threads:
            thread.join()
        server.server_close()


def decide(page: Page, files: Path) -> None:
    """Go from the files of the example to its decision."""
    page.goto("/usage")
    page.get_by_label("Usage exports").set_input_files(files / "usage.csv")
    page.get_by_role("button", name="Upload and read").click()
    page.get_by_label("Name of the new portfolio").fill("example")
    page.get_by_role("button", name="Draft a portfolio").click()
    page.get_by_label("workloads.toml").set_input_files(files / "workloads.toml")
    page.get_by_label("terms.toml").set_input_files(files / "terms.toml")
    page.get_by_role("button", name="Take these files").click()
    page.get_by_role("button", name="Recommend a commitment").click()
    page.get_by_role("heading", name="what to commit to").wait_for()


def settle_offer(page: Page) -> None:
    """Type an offer in and look at its answer."""
    amount, discount = OFFER
    page.get_by_label("Name", exact=True).fill("Offer A")
    page.get_by_role("textbox", name="Commitment over the term, USD").fill(amount)
    page.get_by_label("Discount, % off list").fill(discount)
    page.get_by_label("Usage beyond it").select_option("committed_rate")
    page.get_by_role("button", name="Settle on our scenarios").click()
    page.get_by_role("table", name="Offers on the same scenarios").wait_for()


def picture(page: Page) -> bytes:
    """Take what the window shows, once its charts are drawn."""
    from playwright.sync_api import expect

    expect(page.locator(".drawing:not(:has(svg.marks))")).to_have_count(0, timeout=60_000)
    few = Image.open(BytesIO(page.screenshot())).convert("RGB").quantize(256)
    sink = BytesIO()
    few.save(sink, "PNG", optimize=True)
    return sink.getvalue()


def take(out: Path) -> list[Path]:
    """Take both pictures; give their paths."""
    from playwright.sync_api import sync_playwright

    browser_path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if browser_path is None:
        raise SystemExit("Chromium is not on the path")
    taken = {}
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        files = Path(place) / "files"
        example_portfolio.write(files, seed=example_portfolio.DEFAULT_SEED)
        browser = playwright.chromium.launch(executable_path=browser_path)
        with serving(Path(place) / "data") as address:
            context = browser.new_context(
                viewport={"width": TALL[0], "height": TALL[1]}, base_url=address
            )
            context.set_default_timeout(120_000)
            page = context.new_page()
            decide(page, files)
            taken["page.png"] = picture(page)
            page.emulate_media(color_scheme="dark")
            page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
            settle_offer(page)
            taken["page_offer.png"] = picture(page)
            context.close()
        browser.close()
    out.mkdir(parents=True, exist_ok=True)
    for name, data in taken.items():
        (out / name).write_bytes(data)
    return [out / name for name in taken]


def main() -> None:
    """Take the pictures and say where they are."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / ".github" / "images")
    for path in take(parser.parse_args().out):
        print(f"{path} ({path.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
