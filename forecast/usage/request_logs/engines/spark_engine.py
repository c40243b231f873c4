"""The same aggregation on the user's Spark (extra `[spark]`), for logs one machine cannot hold.

The files must be readable from every worker under the path that is given. Memory, threads and
spilling are Spark's own settings. Texts are read strictly: a record that does not fit fails the
import instead of becoming NULL.
"""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlparse

from forecast.errors import UsageFormatError
from forecast.usage.request_logs.engines.protocol import FILE, UnreadableError, type_text
from forecast.usage.request_logs.fields import Record
from forecast.usage.request_logs.files import LogFile
from forecast.usage.request_logs.layouts.protocol import Members

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    import pyarrow as pa

_PATTERN_SIGNS: Final = re.compile(r"([\\{}\[\]*?,])")
"""What Hadoop reads as a pattern in a path."""

_OVERFLOWS: Final = ("ARITHMETIC_OVERFLOW", "CAST_OVERFLOW")

SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.csv.parser.columnPruning.enabled": "false",
}
"""Days are UTC days; a sum that overflows is an error; a CSV row of another length is seen even
where its columns are not used."""


class SparkEngine:
    """Runs Ibis expressions on a Spark session; see the module.

    Parameters
    ----------
    master
        URL of the master, or `local[N]`. A session that is open already is used as it is, with
        `SETTINGS` in force.
    watch
        Called with a step when it is done.

    Raises
    ------
    UsageFormatError
        pyspark is not installed, or no session can be opened.
    """

    def __init__(self, master: str, *, watch: Callable[[str, float], None] | None = None) -> None:
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            raise UsageFormatError(
                "the engine spark is not installed; install the extra [spark]"
            ) from None
        import ibis

        self.watch = watch
        self.names = itertools.count()
        self.kept: list[Any] = []
        session: Any = SparkSession.builder
        try:
            self.session = session.master(master).appName("request logs").getOrCreate()
            for setting, value in SETTINGS.items():
                self.session.conf.set(setting, value)
        except _faults() as fault:
            raise UsageFormatError(f"Spark at {master} cannot be used: {_first(fault)}") from None
        with _quiet():
            self.backend: Any = ibis.pyspark.connect(self.session)

    def table(self, files: Sequence[LogFile], members: Members) -> ir.Table:
        """Give files of one schema as one table; see `Engine.table`."""
        paths = [_PATTERN_SIGNS.sub(r"\\\1", str(file.path.resolve())) for file in files]
        kind = files[0].kind
        reader = self.session.read.option("mode", "FAILFAST")
        with self._explained():
            if kind == "parquet":
                frame = reader.parquet(*paths)
            elif kind == "csv":
                schema = ", ".join(f"{_quoted(name)} STRING" for name in files[0].columns)
                frame = (
                    reader.schema(schema)
                    .option("header", "true")
                    .option("enforceSchema", "false")
                    .option("sep", files[0].delimiter)
                    .option("quote", '"')
                    .option("escape", '"')
                    .option("multiLine", "true")
                    .csv(paths)
                )
            else:
                schema = ", ".join(
                    f"{_quoted(name)} {type_text(within, 'STRING', '`{}`: {}', 'STRUCT<{}>')}"
                    for name, within in members.items()
                )
                many_lines = str(kind != "jsonl").lower()
                frame = reader.schema(schema).option("multiLine", many_lines).json(paths)
            frame = frame.selectExpr("*", f"_metadata.file_path AS {FILE}")
            return self._named(frame)

    def path_of(self, key: str) -> Path:
        """Give the path in a file's URI."""
        return Path(unquote(urlparse(key).path))

    def record(self, table: ir.Table) -> Record:
        """Wrap a table, with Spark's words for milliseconds and JSON."""
        import ibis
        import ibis.expr.datatypes as dt

        @ibis.udf.scalar.builtin(name="unix_millis", signature=((dt.Timestamp("UTC"),), dt.int64))
        def millis(moment): ...  # type: ignore[no-untyped-def]

        @ibis.udf.scalar.builtin(
            name="get_json_object", signature=((dt.string, dt.string), dt.string)
        )
        def json_text(text, path): ...  # type: ignore[no-untyped-def]

        @ibis.udf.scalar.builtin(name="try_parse_json", signature=((dt.string,), dt.json))
        def parsed(text): ...  # type: ignore[no-untyped-def]

        fields = self.session.table(table.get_name()).schema.fields
        return Record(
            table,
            millis,
            json_text,
            lambda text: parsed(text).notnull(),  # noqa: PD004 Ibis, not pandas
            zoneless=frozenset(f.name for f in fields if f.dataType.typeName() == "timestamp_ntz"),
            view=lambda rows: self._named(self.session.sql(self.backend.compile(rows))),
        )

    def stage(self, rows: ir.Table, what: str) -> ir.Table:
        """Keep the rows of a text in Spark's cache."""
        kept = self.keep(rows, what)
        return kept.cast(rows.schema())  # a constant column comes back as a narrower integer

    def keep(self, rows: ir.Table, what: str) -> ir.Table:
        """Evaluate an expression once into Spark's cache (memory and disk)."""
        with self._explained():
            frame = self.session.sql(self.backend.compile(rows)).persist()
            frame.count()
            self.kept.append(frame)
            if self.watch is not None:
                self.watch(what, 1.0)
            return self._named(frame)

    def put(self, frame: pd.DataFrame) -> ir.Table:
        """Give a frame to the workers."""
        types = ("BIGINT" if kind.kind == "i" else "STRING" for kind in frame.dtypes)
        schema = ", ".join(f"{_quoted(n)} {t}" for n, t in zip(frame, types, strict=True))
        with self._explained():
            return self._named(self.session.createDataFrame(frame.to_numpy().tolist(), schema))

    def fetch(self, rows: ir.Table) -> pa.Table:
        """Evaluate an expression into an Arrow table."""
        with self._explained(), _quiet():
            return self.session.sql(self.backend.compile(rows)).toArrow()

    def _named(self, frame: Any) -> ir.Table:
        name = f"request_log_{id(self)}_{next(self.names)}"
        frame.createOrReplaceTempView(name)
        return self.backend.table(name)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what went wrong without the text of any record, which may be a prompt."""
        try:
            yield
        except UsageFormatError:
            raise
        except _faults() as fault:
            text = str(fault)
            if any(sign in text for sign in _OVERFLOWS):
                raise UsageFormatError("adds up to more than 4·10^18; check the unit") from None
            raise UnreadableError(f"is not readable by Spark: {_first(fault)}") from None

    def close(self) -> None:
        """Forget what was kept; the session belongs to the user and stays open."""
        for frame in self.kept:
            frame.unpersist()


def _faults() -> tuple[type[Exception], ...]:
    """Give what Spark, its bridge to Java and the way back through Arrow raise."""
    import pyarrow as pa
    from ibis.common.exceptions import IbisError
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return (
        PySparkException,
        Py4JError,
        IbisError,
        pa.ArrowException,
        OSError,
        RuntimeError,
        ValueError,
    )


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def _first(fault: Exception) -> str:
    """Give the first words of a message: the class of an error, never a value."""
    return str(fault).split("\n", 1)[0].split(". ", 1)[0][:120]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence pyspark 4's notice about pandas 3; nothing here passes through pandas in Spark."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
        yield
