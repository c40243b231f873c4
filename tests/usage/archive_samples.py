"""Archives made for the tests: honest ones by the standard library, the others by hand."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib

import pyarrow as pa


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return sink.getvalue()


def tarred(files, mode="w", kind=tarfile.PAX_FORMAT):
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode=mode, format=kind) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return sink.getvalue()


def tar_of(member, data=b""):
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(member, io.BytesIO(data))
    return sink.getvalue()


def zstd(data):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def raw_deflate(block, repeats):
    """`repeats` times `block`, compressed once: full flushes make the pieces independent."""
    packer = zlib.compressobj(9, wbits=-15)
    piece = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    last = zlib.compressobj(9, wbits=-15).flush(zlib.Z_FINISH)
    return piece * repeats + last


def zip_entry(name, packed, *, size, crc=0, flags=0, method=8, at=0):
    """A local header with its data, and the entry of the directory that points at it."""
    fields = (method, 0, 0x21, crc, len(packed), min(size, 2**32 - 1))
    raw = name.encode()
    extra = struct.pack("<HHQ", 1, 8, size) if size >= 2**32 - 1 else b""
    lengths = struct.pack("<HH", len(raw), len(extra))
    head = struct.pack("<HHHHHIII", 45, flags, *fields)
    local = b"PK\x03\x04" + head + lengths + raw + extra + packed
    attributes = struct.pack("<HHHII", 0, 0, 0, 0, at)
    central = b"PK\x01\x02" + struct.pack("<H", 45) + head + lengths + attributes + raw + extra
    return local, central


def zip_of(*entries, repeats=1):
    """A zip from (local, central) pairs; `repeats` lists the last one several times."""
    local = b"".join(entry for entry, _ in entries)
    directory = b"".join(central for _, central in entries)
    directory += entries[-1][1] * (repeats - 1)
    n = min(len(entries) + repeats - 1, 65_535)
    end = struct.pack("<HHHHIIH", 0, 0, n, n, len(directory), len(local), 0)
    return local + directory + b"PK\x05\x06" + end
