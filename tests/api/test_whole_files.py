from __future__ import annotations

from pathlib import Path

import pytest

import api.whole_files
from api.whole_files import NotPutBackError, create_files, replace_files, write_file
from forecast.errors import InputError


def files(directory: Path) -> dict[str, str]:
    return {
        str(p.relative_to(directory)): p.read_text() for p in directory.rglob("*") if p.is_file()
    }


def test_a_new_directory_is_there_at_once(tmp_path: Path) -> None:
    replace_files(tmp_path / "a" / "b", {"x/y": b"1", "z": b"2"})
    assert files(tmp_path) == {"a/b/x/y": "1", "a/b/z": "2"}


def test_what_is_not_ours_is_kept_and_what_is_stale_goes(tmp_path: Path) -> None:
    replace_files(tmp_path, {"mine": b"m", "x/old": b"o", "z": b"o", "w": b"o"})
    replace_files(tmp_path, {"x/new": b"n", "z": b"n"}, stale=("w", "never"))
    assert files(tmp_path) == {"mine": "m", "x/new": "n", "z": "n"}


@pytest.mark.parametrize("failing", range(6))
def test_a_failure_at_any_move_puts_everything_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    replace_files(tmp_path, {"x/old": b"o", "z": b"o", "w": b"o"})
    before = files(tmp_path)
    moves = iter(range(100))
    move = Path.replace

    def fail_once(self: Path, target: Path) -> Path:
        if next(moves) == failing:
            raise OSError(28, "No space left on device")
        return move(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fail_once)
        if failing < 5:
            with pytest.raises(OSError, match="No space left"):
                replace_files(tmp_path, {"x/new": b"n", "z": b"n"}, stale=("w",))
            assert files(tmp_path) == before
        else:
            replace_files(tmp_path, {"x/new": b"n", "z": b"n"}, stale=("w",))
            assert files(tmp_path) == {"x/new": "n", "z": "n"}


def test_older_files_that_cannot_be_put_back_are_kept_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_files(tmp_path, {"a": b"older", "z": b"older"})
    move = Path.replace

    def fail_into(self: Path, target: Path) -> Path:
        if Path(target) == tmp_path / "z":
            raise OSError(5, "Input/output error")
        return move(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fail_into)
        with pytest.raises(NotPutBackError, match="the older files are kept there") as caught:
            replace_files(tmp_path, {"a": b"new", "z": b"new"})
    kept = Path(caught.value.filename)
    assert (kept / "z").read_text() == "older"


def test_a_failure_while_writing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(api.whole_files.os, "fsync", full)
    for place in (tmp_path, tmp_path / "new"):
        with pytest.raises(OSError, match="No space left"):
            replace_files(place, {"x": b"1"})
    assert list(tmp_path.iterdir()) == []


def test_one_file_is_replaced_whole(tmp_path: Path) -> None:
    write_file(tmp_path / "deep" / "a", b"1")
    write_file(tmp_path / "deep" / "a", b"2")
    assert files(tmp_path) == {"deep/a": "2"}


def test_new_files_never_overwrite(tmp_path: Path) -> None:
    create_files(tmp_path, {"a": b"1"})
    with pytest.raises(InputError, match="exists already"):
        create_files(tmp_path, {"b": b"2", "a": b"3"})
    assert files(tmp_path) == {"a": "1"}
