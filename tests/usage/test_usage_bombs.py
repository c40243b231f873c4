"""Files made to exhaust: refused within bounded time and memory, whatever they declare."""

import gzip
import json
import random
import struct
import tarfile
import time
import zlib

import pytest
from archive_samples import raw_deflate, tar_of, tarred, zip_entry, zip_of, zipped, zstd
from measured_process import measured

from forecast.errors import UsageFormatError
from forecast.usage.containers.limits import Limits
from forecast.usage.containers.opening import opened

MIB = 2**20
ZEROS = bytes(64 * MIB)
TEN_GB = 160
"""Times 64 MiB."""

SMALL = Limits(entry_bytes=8 * MIB, inflated_bytes=20 * MIB, ratio_free_bytes=2 * MIB, entries=50)


def refusal(path, limits=SMALL):
    with pytest.raises(UsageFormatError) as refused:
        for _ in opened([path], limits=limits):
            pass
    return str(refused.value)


def written(folder, data, name="bomb"):
    path = folder / name
    path.write_bytes(data)
    return path


def gzip_bomb():
    return gzip.compress(ZEROS) * TEN_GB


def zip_bomb(declared):
    packed = raw_deflate(ZEROS, TEN_GB)
    return zip_of(zip_entry("usage.csv", packed, size=declared, crc=0))


def tar_bomb():
    member = tarfile.TarInfo("usage.csv")
    member.size = TEN_GB * len(ZEROS)
    header = member.tobuf(tarfile.GNU_FORMAT)
    return gzip.compress(header) + gzip_bomb()


def headers_bomb():
    folder = tarfile.TarInfo("d/")
    folder.type = tarfile.DIRTYPE
    headers = folder.tobuf() * 8192
    return gzip.compress(headers) * 2560  # 10 GiB of nothing but folders


def zstd_bomb():
    return zstd(ZEROS) * TEN_GB


BOMBS = {
    "gzip": gzip_bomb,
    "zstd": zstd_bomb,
    "zip that declares 10 GB": lambda: zip_bomb(TEN_GB * len(ZEROS)),
    "zip that declares 200 MB": lambda: zip_bomb(200 * MIB),
    "zip that declares 1 kB": lambda: zip_bomb(1000),
    "gzip in a zip": lambda: zipped({"usage.csv.gz": gzip_bomb()}),
    "tar.gz": tar_bomb,
    "tar.gz of headers": headers_bomb,
}

OPEN = """
from pathlib import Path
from forecast.usage.containers.opening import opened
for entry in opened([Path(sys.argv[1])]):
    pass
"""


@pytest.mark.parametrize("kind", BOMBS)
def test_ten_gigabytes_are_refused_in_a_process_with_little_memory(tmp_path, kind):
    peak_mib, seconds, told = measured(OPEN, written(tmp_path, BOMBS[kind]()))
    assert told.startswith("bomb")
    assert peak_mib < 400, "the largest entry that is read has 256 MiB"
    assert seconds < 10


@pytest.mark.slow
def test_the_most_that_is_inflated_takes_seconds(tmp_path):
    noise = random.Random(1).randbytes(3000)
    packed = raw_deflate(bytes(MIB) + noise, 200)
    entry = (bytes(MIB) + noise) * 200
    assert 200 < len(entry) / len(packed) < 300
    crc, at, entries = zlib.crc32(entry), 0, []
    for i in range(50):
        entries.append(zip_entry(f"{i:02}.csv", packed, size=len(entry), crc=crc, at=at))
        at += len(entries[-1][0])
    peak_mib, seconds, told = measured(OPEN, written(tmp_path, zip_of(*entries)))
    assert "more than 4096 MiB" in told
    assert peak_mib < 600, "one entry is given out while the next is inflated"
    assert seconds < 60


def test_sizes_are_counted_and_not_believed(tmp_path):
    packed = raw_deflate(bytes(MIB), 9)
    honest = zip_of(zip_entry("a.csv", packed, size=9 * MIB))
    assert "larger than 8 MiB" in refusal(written(tmp_path, honest))
    lying = zip_of(zip_entry("a.csv", packed, size=7 * MIB, crc=zlib.crc32(bytes(9 * MIB))))
    assert "is not whole" in refusal(written(tmp_path, lying), Limits(entry_bytes=8 * MIB))


def test_an_entry_that_inflates_too_much_is_refused_before_it_is_large(tmp_path):
    message = refusal(written(tmp_path, gzip.compress(bytes(6 * MIB))))
    assert "300 times" in message
    assert "300 times" in refusal(written(tmp_path, zipped({"a.csv": bytes(6 * MIB)})))


def test_a_repetitive_export_is_no_bomb(tmp_path):
    result = {"uncached_input_tokens": 0, "output_tokens": 0, "cache_read_input_tokens": 0}
    data = json.dumps({"data": [{"results": [result] * 60_000}]}).encode()
    assert len(data) > 4 * MIB
    for pack in (
        gzip.compress,
        lambda d: zipped({"a.json": d}),
        lambda d: tarred({"a": d}, "w:gz"),
    ):
        path = written(tmp_path, pack(data))
        assert [entry.data for entry in opened([path], limits=SMALL)] == [data]


def test_all_entries_together_are_bounded(tmp_path):
    noise = b"".join(struct.pack("<I", i * 2654435761 % 2**32) for i in range(2**20))
    files = {f"{i}.csv": noise for i in range(6)}
    for data in (zipped(files), tarred(files, "w:gz")):
        assert "more than 20 MiB" in refusal(written(tmp_path, data))
    for i in range(6):
        written(tmp_path, gzip.compress(noise, 1), f"{i}.csv.gz")
    (tmp_path / "bomb").unlink()
    assert "more than 20 MiB" in refusal(tmp_path)


def test_too_many_entries_are_refused(tmp_path):
    files = {f"{i}.csv": b"x" for i in range(51)}
    assert "more than 50 files" in refusal(written(tmp_path, zipped(files)))
    assert "more than 50 files" in refusal(written(tmp_path, tarred(files)))


def test_a_directory_of_millions_of_entries_is_not_even_read(tmp_path):
    entry = zip_entry("a" * 40, b"", size=0)
    path = written(tmp_path, zip_of(entry, repeats=2_000_000))
    started = time.process_time()
    assert "more than 10000 files" in refusal(path, Limits())
    assert time.process_time() - started < 2


def test_endless_gzip_members_are_refused(tmp_path):
    path = written(tmp_path, gzip.compress(b"") * 500_000)
    started = time.process_time()
    assert "more than 100000 gzip streams" in refusal(path, Limits())
    assert time.process_time() - started < 10


def test_a_sparse_file_of_ten_gigabytes_is_refused_unread(tmp_path):
    path = tmp_path / "bomb"
    with path.open("wb") as stream:
        stream.truncate(10 * 2**30)
    started = time.process_time()
    assert "larger than 256 MiB" in refusal(path, Limits())
    assert time.process_time() - started < 1


def test_a_tar_that_declares_ten_gigabytes_is_refused_unread(tmp_path):
    member = tarfile.TarInfo("usage.csv")
    member.size = 10 * 2**30  # written in base 256: eleven octal digits do not hold it
    header = member.tobuf(tarfile.GNU_FORMAT)
    assert "larger than 256 MiB" in refusal(written(tmp_path, header + bytes(1024)), Limits())


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_an_extended_header_without_bound_is_refused(tmp_path, kind):
    member = tarfile.TarInfo("x")
    member.type, member.size = kind, 8 * 2**30
    data = member.tobuf(tarfile.GNU_FORMAT) + bytes(4096)
    assert "claims 8589934592 bytes" in refusal(written(tmp_path, data))


def test_a_sparse_map_in_an_extended_header_is_refused(tmp_path):
    member = tarfile.TarInfo("a.csv")
    member.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.realsize": str(10 * 2**30)}
    data = member.tobuf(tarfile.PAX_FORMAT) + tar_of(tarfile.TarInfo("b"))
    assert "sparse" in refusal(written(tmp_path, data))
