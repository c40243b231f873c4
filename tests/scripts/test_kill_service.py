"""A handful of kills; `scripts/kill_service.py --kills 100` is the long version."""

import os
from pathlib import Path

import kill_service
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc"),
]


@pytest.mark.timeout(280)
def test_nothing_accepted_is_lost_or_done_twice(tmp_path: Path) -> None:
    with Path(os.devnull).open("wb") as log:
        found = kill_service.run(5, seed=3, data_dir=tmp_path / "data", log=log)
    assert found.kills.total() == 5
    assert found.accepted > 5
    assert (found.lost, found.repeated) == (0, 0)
    assert found.answered + found.told_failures == found.accepted
    assert found.answers == 1, "the same inputs gave different bytes"
