"""The service in one process: an application, and a worker in a thread beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask.testing import FlaskClient
from sqlalchemy import func, select

from api.app import create_app
from api.jobs.worker import Worker
from api.settings import Settings
from api.store.opening import Store
from api.store.schema import files, recommendations


@contextmanager
def working(store: Store) -> Iterator[Worker]:
    """Work on the jobs of a store until the block ends."""
    worker = Worker(store, poll_seconds=0.01)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop.set()
        thread.join()


@contextmanager
def served(settings: Settings) -> Iterator[FlaskClient]:
    """Serve, with a worker; the client waits for answers."""
    app = create_app(settings)
    client = app.test_client()
    client.environ_base["HTTP_PREFER"] = "wait=60"
    store = store_of(client)
    with working(store):
        yield client
    store.close()


def store_of(client: FlaskClient) -> Store:
    found: Store = client.application.extensions["store"]
    return found


def keeps_nothing(client: FlaskClient) -> bool:
    """Tell whether no result is published and no file is named by anything."""
    with store_of(client).read() as connection:
        return not any(
            connection.scalar(select(func.count()).select_from(table))
            for table in (files, recommendations)
        )
