"""A handful of kills; `scripts/kill_service.py --kills 100` is the long version."""

import os
from contextlib import ExitStack
from pathlib import Path

import kill_service
import pytest
from kill_service import postgresql_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc"),
]


@pytest.mark.timeout(280)
@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def test_nothing_accepted_is_lost_or_done_twice(tmp_path: Path, database: str) -> None:
    with ExitStack() as open_while:
        log = open_while.enter_context(Path(os.devnull).open("wb"))
        url = None
        if database == "postgresql":
            if postgresql_server.binaries() is None:
                pytest.skip("PostgreSQL is absent here")
            url = open_while.enter_context(postgresql_server.started()).format("postgres")
        found = kill_service.run(5, seed=3, data_dir=tmp_path / "data", log=log, database_url=url)
    assert found.kills.total() == 5
    assert found.accepted > 5
    assert (found.lost, found.repeated) == (0, 0)
    assert found.answered + found.told_failures == found.accepted
    assert found.answers == 1, "the same inputs gave different bytes"
