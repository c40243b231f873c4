"""What a person gives: files, compressed files, archives, folders; told apart by content."""

import gzip
import os
import random
import socket
import tarfile
import zipfile
from pathlib import Path

import pytest
from archive_samples import tar_of, tarred, zip_entry, zip_of, zipped, zstd
from mutation_kinds import BYTE_KINDS
from usage_samples import CANONICAL, usage_rows

from forecast.errors import UsageFormatError
from forecast.usage.containers.limits import Limits
from forecast.usage.containers.names import MAX_SHOWN
from forecast.usage.containers.opening import opened
from forecast.usage.formats import canonical

CSV = CANONICAL.encode()
DEVICE_NAMES = ("CON", "aux.csv", "NUL.json", "com1", "a/PRN/b.csv")
PLACES_OUTSIDE = (
    *("../x.csv", "a/../../x.csv", "/etc/passwd", "\\x.csv", "..\\x.csv", "C:\\x.csv", "c:x.csv"),
    *("\\\\server\\share\\x.csv", "//x.csv", ".."),
)


def read(*paths, **options):
    return {entry.name: entry.data for entry in opened(list(paths), **options)}


def written(folder, name, data):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def refusal(*paths, **options):
    with pytest.raises(UsageFormatError) as refused:
        read(*paths, **options)
    assert refused.value.file
    assert len(refused.value.file) <= MAX_SHOWN
    assert refused.value.file.isprintable()
    return str(refused.value)


# --- what is read ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        CSV,
        gzip.compress(CSV),
        gzip.compress(CSV[:50]) + gzip.compress(b"") + gzip.compress(CSV[50:]),
        gzip.compress(CSV) + b"\0" * 700,
        zstd(CSV),
        zstd(CSV[:50]) + zstd(CSV[50:]),
    ],
    ids=["plain", "gzip", "gzip members", "padded gzip", "zstd", "zstd frames"],
)
@pytest.mark.parametrize("name", ["march.csv", "march.csv.gz", "march.zip", "march"])
def test_a_file_is_told_by_its_content(tmp_path, name, data):
    assert read(written(tmp_path, name, data)) == {name: CSV}


@pytest.mark.parametrize(
    "pack",
    [
        zipped,
        lambda files: zipped(files, zipfile.ZIP_STORED),
        tarred,
        lambda files: tarred(files, kind=tarfile.GNU_FORMAT),
        lambda files: tarred(files, kind=tarfile.USTAR_FORMAT),
        lambda files: tarred(files, "w:gz"),
        lambda files: zstd(tarred(files)),
    ],
    ids=["zip", "stored zip", "tar", "gnu tar", "ustar", "tar.gz", "tar.zst"],
)
def test_an_archive_gives_every_file_with_its_path(tmp_path, pack):
    long = f"{'d' * 90}/{'f' * 80}.csv"
    files = {"usage/2026-03.csv": CSV, "usage/2026-04.csv.gz": gzip.compress(b"b"), long: b"c"}
    entries = read(written(tmp_path, "march.zip", pack(files)))
    assert entries["march.zip/usage/2026-03.csv"] == CSV
    assert entries["march.zip/usage/2026-04.csv.gz"] == b"b"
    assert sorted(entries.values()) == sorted([CSV, b"b", b"c"])


def test_a_name_beyond_ascii_in_a_tar_is_kept(tmp_path):
    long = f"{'é' * 60}.csv"
    path = written(tmp_path, "a.tar", tarred({long: b"x"}))
    assert list(read(path)) == [f"a.tar/{long}"]


def test_a_parquet_may_be_compressed_once_more(tmp_path):
    canonical.write_canonical(usage_rows({}), tmp_path / "usage.parquet")
    data = (tmp_path / "usage.parquet").read_bytes()
    entry = read(written(tmp_path, "usage.parquet.gz", gzip.compress(data)))["usage.parquet.gz"]
    assert canonical.read(entry, "usage.parquet.gz").rows["input_tokens"].tolist() == [100]


def test_hundreds_of_files_in_folders_come_in_order(tmp_path):
    names = [f"year=2026/month={m:02}/part-{i:03}.csv.gz" for m in range(1, 13) for i in range(30)]
    for name in random.Random(1).sample(names, len(names)):
        written(tmp_path / "export", name, gzip.compress(name.encode()))
    entries = list(opened([tmp_path / "export"]))
    assert [e.name for e in entries] == [f"export/{name}" for name in names]
    assert [e.data for e in entries] == [name.encode() for name in names]
    assert entries[0].path == tmp_path / "export" / names[0]


def test_what_is_no_export_is_skipped_and_named(tmp_path):
    beside = {
        ".DS_Store": "is hidden",
        "__MACOSX/._march.csv": "is hidden",
        ".hidden/march.csv": "is hidden",
        "_delta_log/0000.json": "is hidden",
        "README.md": "stands beside exports",
        "cur/cur-Manifest.json": "stands beside exports",
        "cur/create_table.sql": "stands beside exports",
        "_SUCCESS": "stands beside exports",
        "march.csv.sha256": "stands beside exports",
    }
    files = {"march.csv": CSV, **dict.fromkeys(beside, b"x")}
    for name, data in files.items():
        written(tmp_path / "in", name, data)
    for path in (
        tmp_path / "in",
        written(tmp_path, "in.zip", zipped(files)),
        written(tmp_path, "in.tar.gz", tarred(files, "w:gz")),
    ):
        notes = []
        assert read(path, on_skipped=notes.append) == {f"{path.name}/march.csv": CSV}
        told = {note.name.removeprefix(f"{path.name}/"): note.why for note in notes}
        folder = {n: n.split("/")[0] for n, why in beside.items() if "/" in n and "hidden" in why}
        wanted = {
            (folder.get(name, name) if path.is_dir() else name): why for name, why in beside.items()
        }
        assert told == wanted


def test_a_folder_is_entered_whatever_its_name(tmp_path):
    for path in (
        written(tmp_path, "manifest/readme/march.csv", CSV).parents[1],
        written(tmp_path, "m.zip", zipped({"manifest/readme/march.csv": CSV})),
    ):
        assert list(read(path).values()) == [CSV]


def test_a_file_that_is_named_is_read_whatever_its_name(tmp_path):
    assert read(written(tmp_path, "README.md", CSV)) == {"README.md": CSV}


def test_files_of_one_name_are_told_apart(tmp_path):
    paths = [written(tmp_path, f"{folder}/usage.csv", CSV) for folder in "ab"]
    assert list(read(*paths)) == ["a/usage.csv", "b/usage.csv"]
    long = [written(tmp_path, f"{'n' * 100}{i}{'n' * 100}.csv", CSV) for i in range(3)]
    names = list(read(*long))
    assert len(set(names)) == 3
    assert all(len(name) <= MAX_SHOWN for name in names)


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLACES_OUTSIDE)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_name_that_leads_out_of_an_archive_is_refused(tmp_path, kind, name):
    if kind == "zip":
        data = zip_of(zip_entry(name, b"x", size=1, method=0))
    else:
        data = tarred({name: b"x"}, kind=tarfile.GNU_FORMAT)
    assert "leads out of its archive" in refusal(written(tmp_path, "a.zip", data))


@pytest.mark.parametrize("name", ["a\0b.csv", "a\nb.csv", "a\x1b[31m.csv"])
def test_control_characters_in_a_name_are_refused_and_not_printed(tmp_path, name):
    data = zip_of(zip_entry(name, b"x", size=1, method=0))
    assert "cannot be printed" in refusal(written(tmp_path, "a.zip", data))


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_nothing_is_ever_written(tmp_path, monkeypatch, pack):
    path = written(tmp_path, "in/a.zip", pack(dict.fromkeys(DEVICE_NAMES, b"x")))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert sorted(read(path)) == sorted(f"a.zip/{name}" for name in DEVICE_NAMES)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.zip", "here", "in"]


def test_an_encrypted_entry_is_refused_by_its_name(tmp_path):
    data = zip_of(zip_entry("usage/march.csv", b"x" * 13, size=1, flags=1))
    message = refusal(written(tmp_path, "a.zip", data))
    assert message.startswith("a.zip/usage/march.csv: is encrypted")


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_archive_in_an_archive_is_refused(tmp_path, pack):
    for inner in (
        zipped({"b.csv": CSV}),
        tarred({"b.csv": CSV}),
        gzip.compress(zipped({"b": CSV})),
    ):
        message = refusal(written(tmp_path, "a.zip", pack({"in/b": inner})))
        assert message.startswith("a.zip/in/b: is packed inside another archive")
    twice = written(tmp_path, "a.gz", gzip.compress(gzip.compress(CSV)))
    assert "packed inside another" in refusal(twice)


def test_two_entries_of_one_path_are_refused(tmp_path):
    entry = zip_entry("a.csv", b"x", size=1, method=0)
    far = zip_entry(".\\a.csv", b"y", size=1, method=0, at=len(entry[0]))
    assert "stands twice" in refusal(written(tmp_path, "a.zip", zip_of(entry, far)))
    one = tarred({"a.csv": b"x"})[:1024]
    assert "stands twice" in refusal(written(tmp_path, "a.tar", one + tarred({"a.csv": b"y"})))


def test_entries_that_share_bytes_are_refused(tmp_path):
    first = zip_entry("a.csv", b"x" * 50, size=50, method=0)
    second = zip_entry("b.csv", b"x" * 50, size=50, method=0, at=20)
    assert "overlap" in refusal(written(tmp_path, "a.zip", zip_of(first, second)))


@pytest.mark.parametrize("method", [9, 12, 14, 93, 99])
def test_an_unusual_compression_is_refused(tmp_path, method):
    data = zip_of(zip_entry("a.csv", b"x", size=1, method=method))
    assert f"method {method}" in refusal(written(tmp_path, "a.zip", data))


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"BZh91AY&SY", "bzip2"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"Rar!\x1a\x07\x00", "rar"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "CSV UTF-8"),
        (zipped({"[Content_Types].xml": b"x", "xl/workbook.xml": b"y"}), "CSV UTF-8"),
    ],
)
def test_what_is_packed_otherwise_is_named(tmp_path, start, what):
    assert what in refusal(written(tmp_path, "usage", start + b"\0" * 600))


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_archive_without_an_export_is_refused(tmp_path, pack):
    assert "holds no export" in refusal(written(tmp_path, "a", pack({"README.md": b"x"})))
    (tmp_path / "empty").mkdir()
    assert "holds no export" in refusal(tmp_path / "empty")


@pytest.mark.parametrize(
    "damaged",
    [
        gzip.compress(CSV)[:-9],
        gzip.compress(CSV)[:-8] + b"\0" * 8,
        gzip.compress(CSV) + b"trailing",
        zstd(CSV)[:-5],
        zipped({"a.csv": CSV})[:-30],
        zipped({"a.csv": CSV}, zipfile.ZIP_STORED).replace(b"claude", b"clawed"),
        tarred({"a.csv": CSV})[:600],
        tarred({"a.csv": CSV})[:1024],
    ],
    ids=["cut gzip", "gzip sum", "gzip tail", "zstd", "cut zip", "zip sum", "cut tar", "no end"],
)
def test_a_damaged_container_is_refused(tmp_path, damaged):
    assert "whole" in refusal(written(tmp_path, "a", damaged))


def test_a_text_that_only_looks_like_a_tar_is_left_to_the_formats(tmp_path):
    text = b"x" * 257 + b"ustar" + b"x" * 300
    assert read(written(tmp_path, "a.csv", text)) == {"a.csv": text}


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a named pipe"),
        (tarfile.GNUTYPE_SPARSE, "a sparse file"),
    ],
)
def test_only_ordinary_members_of_a_tar_are_read(tmp_path, kind, what):
    member = tarfile.TarInfo("a.csv")
    member.type, member.linkname = kind, "/etc/passwd"
    assert what in refusal(written(tmp_path, "a.tar", tar_of(member)))


# --- what is no file -------------------------------------------------------------------------


def test_what_is_no_ordinary_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "named pipe" in refusal(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert "socket" in refusal(tmp_path / "socket")
    assert "device" in refusal(Path("/dev/zero"))
    assert "does not exist" in refusal(tmp_path / "nowhere")
    assert "cannot be read" in refusal(tmp_path / "a\0b")


def test_a_folder_with_a_pipe_is_refused(tmp_path):
    written(tmp_path, "in/a.csv", CSV)
    os.mkfifo(tmp_path / "in" / "b.csv")
    assert refusal(tmp_path / "in").startswith("in/b.csv: is a named pipe")


def test_links_are_followed_inside_a_folder_only(tmp_path):
    inside = written(tmp_path, "in/a.csv", CSV)
    (tmp_path / "in" / "b.csv").symlink_to(inside)
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    notes = []
    assert read(tmp_path / "in", on_skipped=notes.append) == {"in/a.csv": CSV}
    assert [str(note) for note in notes] == [
        "in/b.csv is a link to another of these files and is not read",
        "in/loop is a link to a folder and is not read",
    ]
    (tmp_path / "in" / "c.csv").symlink_to(written(tmp_path, "out.csv", CSV))
    assert "leads out of its folder" in refusal(tmp_path / "in")
    (tmp_path / "in" / "c.csv").unlink()
    (tmp_path / "in" / "c.csv").symlink_to("nowhere")
    assert "does not exist" in refusal(tmp_path / "in")


def test_a_folder_nested_too_deep_or_too_full_is_refused(tmp_path):
    written(tmp_path, f"in/{'d/' * 9}a.csv", CSV)
    assert "deep" in refusal(tmp_path / "in", limits=Limits(depth=8))
    for i in range(6):
        written(tmp_path, f"full/{i}.csv", CSV)
    assert "more than 5 files" in refusal(tmp_path / "full", limits=Limits(entries=5))


# --- anything at all -------------------------------------------------------------------------

PACKED = {
    "gzip": gzip.compress(CSV),
    "zstd": zstd(CSV),
    "zip": zipped({"a.csv": CSV, "b/c.csv": b"x"}),
    "tar": tarred({"a.csv": CSV, "é.csv": b"x"}),
    "tar.gz": tarred({"a.csv": CSV, "é.csv": b"x"}, "w:gz"),
}


@pytest.mark.parametrize("n", [300, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", PACKED)
def test_a_damaged_archive_never_ends_in_a_traceback(tmp_path, kind, n):
    path, refused = tmp_path / "a", 0
    for i in range(n):
        rng = random.Random(f"{kind}:{i}")
        data = PACKED[kind]
        for _ in range(rng.randint(1, 3)):
            data = rng.choice(BYTE_KINDS)(data or b"x", rng)
        path.write_bytes(data)
        refused += read_or_refused(path)
    assert refused > n / 5


def read_or_refused(path):
    try:
        entries = read(path)
    except UsageFormatError as error:
        return bool(error.file)
    assert entries
    return False
