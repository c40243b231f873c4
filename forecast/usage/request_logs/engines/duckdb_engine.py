"""The aggregation on DuckDB inside this process: a memory cap, spilling to disk, progress.

The database lives in memory and knows no other file than those of the log, under names of our
own: links in a private folder. So no name from outside stands in a statement, no pattern in a
name is expanded, and nothing else of the machine can be read, whatever a log holds.
"""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from forecast.errors import UsageFormatError
from forecast.usage.request_logs.engines.protocol import FILE, UnreadableError, type_text
from forecast.usage.request_logs.fields import Record
from forecast.usage.request_logs.files import MAX_LINE_BYTES, LogFile
from forecast.usage.request_logs.layouts.protocol import Members

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    import pyarrow as pa

MIN_ENGINE_BYTES: Final = 64 * 2**20
"""DuckDB needs about this much to sort with two threads at all."""

TICK_SECONDS: Final = 0.2
_JSON_FORMATS: Final = {
    "jsonl": "newline_delimited",
    "json_array": "array",
    "json_stream": "unstructured",
}


class DuckDBEngine:
    """Runs Ibis expressions on DuckDB; see the module.

    Parameters
    ----------
    engine_bytes
        What DuckDB may hold in memory; beyond it, it spills to `folder`.
    threads
        Each sorts in memory of its own.
    watch
        Called with a step and the share of it that is done.
    in_order
        Keep the order of rows: needed to number them, and slower.
    """

    def __init__(
        self,
        files: Sequence[LogFile],
        *,
        engine_bytes: int,
        threads: int = 1,
        watch: Callable[[str, float], None] | None = None,
        in_order: bool = False,
        unpacked: dict[Path, Path] | None = None,
    ) -> None:
        import ibis

        self.folder = Path(tempfile.mkdtemp(prefix="request-log-"))
        self.watch = watch
        self.names = itertools.count()
        self.worker = ThreadPoolExecutor(1)
        self.links = {
            file.path: self._link(number, file, (unpacked or {}).get(file.path, file.path))
            for number, file in enumerate(files)
        }
        self.by_link = {
            str(link): file for file, link in zip(files, self.links.values(), strict=True)
        }
        self.backend: Any = ibis.duckdb.connect(
            ":memory:",
            memory_limit=f"{max(engine_bytes, MIN_ENGINE_BYTES) // 2**20}MiB",
            temp_directory=str(self.folder / "spill"),
            preserve_insertion_order=in_order,
            autoinstall_known_extensions=False,
            autoload_known_extensions=False,
            allow_community_extensions=False,
            threads=threads,
        )
        self._close_doors()

    def _link(self, number: int, file: LogFile, target: Path) -> Path:
        suffix = "parquet" if file.kind == "parquet" else "txt"
        link = self.folder / f"{number:06}.{suffix}"
        link.symlink_to(target.resolve())
        return link

    def _close_doors(self) -> None:
        setting = self.backend.con.execute
        setting("SET enable_progress_bar = true")
        setting("SET enable_progress_bar_print = false")
        setting("SET allowed_paths = $1", [[str(link) for link in self.links.values()]])
        setting("SET allowed_directories = $1", [[f"{self.folder}/"]])
        setting("SET enable_external_access = false")
        setting("SET lock_configuration = true")

    def table(self, files: Sequence[LogFile], members: Members) -> ir.Table:
        """Give files of one schema as one table; see `Engine.table`."""
        import duckdb
        from ibis.common.exceptions import IbisError

        try:
            return self._table(files, members)
        except duckdb.Error as fault:
            raise self._explained(fault) from None
        except IbisError as fault:
            raise UnreadableError(
                f"has a column that cannot be read: {type(fault).__name__}", file=files[0].name
            ) from None

    def _table(self, files: Sequence[LogFile], members: Members) -> ir.Table:
        links = [str(self.links[file.path]) for file in files]
        kind = files[0].kind
        if kind == "parquet":
            rows = self.backend.read_parquet(links, hive_partitioning=False, filename=FILE)
        elif kind == "csv":
            rows = self.backend.read_csv(
                links,
                columns=dict.fromkeys(files[0].columns, "VARCHAR"),
                auto_detect=False,
                header=True,
                delim=files[0].delimiter,
                quote='"',
                escape='"',
                strict_mode=True,
                ignore_errors=False,
                null_padding=False,
                max_line_size=MAX_LINE_BYTES,
                buffer_size=2 * MAX_LINE_BYTES,  # else 16 lines of the longest kind
                hive_partitioning=False,
                filename=FILE,
            )
        else:
            rows = self.backend.read_json(
                links,
                columns={
                    name: type_text(within, "VARCHAR", '"{}" {}', "STRUCT({})")
                    for name, within in members.items()
                },
                format=_JSON_FORMATS[kind],
                auto_detect=False,
                ignore_errors=False,
                maximum_object_size=MAX_LINE_BYTES,
                hive_partitioning=False,
                filename=FILE,
            )
        return rows

    def path_of(self, key: str) -> Path:
        """Give the path behind a link."""
        return self.by_link[key].path

    def record(self, table: ir.Table) -> Record:
        """Wrap a table, with DuckDB's words for milliseconds and JSON."""
        import ibis
        import ibis.expr.datatypes as dt

        @ibis.udf.scalar.builtin(name="epoch_ms", signature=((dt.Timestamp("UTC"),), dt.int64))
        def millis(moment): ...  # type: ignore[no-untyped-def]

        @ibis.udf.scalar.builtin(
            name="json_extract_string", signature=((dt.string, dt.string), dt.string)
        )
        def json_text(text, path): ...  # type: ignore[no-untyped-def]

        @ibis.udf.scalar.builtin(name="json_valid", signature=((dt.string,), dt.boolean))
        def is_json(text): ...  # type: ignore[no-untyped-def]

        zoneless = frozenset(
            name
            for name, kind in table.schema().items()
            if kind.is_timestamp() and kind.timezone is None
        )
        return Record(table, millis, json_text, is_json, zoneless, self._view)

    def _view(self, rows: ir.Table) -> ir.Table:
        return self.backend.create_view(f"derived_{next(self.names)}", rows)

    def stage(self, rows: ir.Table, what: str) -> ir.Table:
        """Write rows to a Parquet file in the private folder, and read that from now on."""
        path = self.folder / f"staged-{next(self.names)}.parquet"
        self._run(lambda: self.backend.to_parquet(rows, path, compression="snappy"), what)
        staged = self.backend.read_parquet(str(path), hive_partitioning=False)
        return staged.cast(rows.schema())  # a constant column comes back as a narrower integer

    def keep(self, rows: ir.Table, what: str) -> ir.Table:
        """Evaluate an expression into a temporary table."""
        name = f"kept_{next(self.names)}"
        return self._run(lambda: self.backend.create_table(name, rows, temp=True), what)

    def put(self, frame: pd.DataFrame) -> ir.Table:
        """Copy a frame into a temporary table, whose size the planner then knows."""
        import ibis
        import pyarrow as pa

        return self.keep(ibis.memtable(pa.Table.from_pandas(frame, preserve_index=False)), "")

    def fetch(self, rows: ir.Table) -> pa.Table:
        """Evaluate an expression into an Arrow table."""
        return self._run(lambda: self.backend.to_pyarrow(rows), None)

    def _run(self, work: Callable[[], Any], what: str | None) -> Any:
        """Do `work` in the worker thread and report how far it is meanwhile."""
        import duckdb

        running = self.worker.submit(work)
        try:
            while True:
                try:
                    return running.result(TICK_SECONDS)
                except StillRunning:
                    if running.done():
                        raise
                    self._report(what)
        except duckdb.Error as fault:
            raise self._explained(fault) from None
        except BaseException:
            self._stop(running)
            raise

    def _report(self, what: str | None) -> None:
        if self.watch is not None and what is not None:
            done = float(self.backend.con.query_progress())
            self.watch(what, min(max(done, 0.0), 100.0) / 100)

    def _stop(self, running: Future[Any]) -> None:
        if not running.done():
            self.backend.con.interrupt()
            running.exception()

    def _explained(self, fault: Exception) -> UsageFormatError:
        """Say what went wrong without the text of any record, which may be a prompt."""
        import duckdb

        text = str(fault)
        files = [file for link, file in self.by_link.items() if link in text]
        file = files[0].name if len(files) == 1 else None
        if isinstance(fault, duckdb.OutOfMemoryException):
            return UsageFormatError(
                "needs more memory than allowed: raise the memory limit, or leave out a column "
                "that holds a value of its own for every request",
                file=file,
            )
        if isinstance(fault, duckdb.ConversionException | duckdb.OutOfRangeException):
            return UsageFormatError("adds up to more than 4·10^18; check the unit", file=file)
        return UnreadableError(f"is not readable as requests: {_reason(text)}", file=file)

    def close(self) -> None:
        """Close the database and remove the private folder."""
        self.worker.shutdown(wait=True)
        self.backend.disconnect()
        shutil.rmtree(self.folder, ignore_errors=True)


_REASONS: Final = (
    ("Expected Number of Columns", "a row has not as many cells as the header"),
    ("unterminated quote", "a quote never closes, or text follows it"),
    ("unicode", "it is not UTF-8"),
    ("invalid state", "lines end in more than one way, or a quote is misplaced"),
    ("duplicate key", "a member stands twice in one record"),
    ("maximum_object_size", f"a record is longer than {MAX_LINE_BYTES} bytes"),
    ("Expected OBJECT", "a record is not an object with the members of its layout"),
    ("Malformed JSON", "a record is not JSON"),
    ("Maximum line size", f"a line is longer than {MAX_LINE_BYTES} bytes"),
    ("schema mismatch", "the files of the log have different columns"),
)


def _reason(text: str) -> str:
    for sign, reason in _REASONS:
        if sign.lower() in text.lower():
            return reason
    return json.dumps(text.split("\n", 1)[0].split(":")[0][:80])
