"""The command about the prompt cache: replay-cache."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.commands.options import ForceProgress, Json, PriceSheets, day_option
from api.commands.output import print_page

if TYPE_CHECKING:
    import pandas as pd

    from forecast.records.cache_replay import CacheReplayReport, Placing

PLACINGS: Final[Mapping[str, Placing]] = {
    "every": "every_block",
    "end": "end",
    "both": "end_and_parts",
    "parts": "parts",
}
MAX_TOKENS = 100_000_000


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no number")
    return value


def replay_cache(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="TRACE",
            exists=True,
            help="Request traces, also compressed, in archives or in folders: request tables with "
            "prefix and prefix_tokens, or block_hashes and block_tokens (Parquet, CSV); JSON of "
            "agent sessions (t, in, hash_ids); JSON lines (timestamp, input_length, hash_ids). Or "
            "one arrivals file of `import --arrivals`.",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="M",
            help="Replay and price everything as this model. [default: as the trace says]",
            show_default=False,
        ),
    ] = None,
    platform: Annotated[
        str,
        typer.Option(
            metavar="P",
            help="Platform of requests that name none. Workspaces share no cache, except on "
            "bedrock, vertex and google.",
        ),
    ] = "anthropic",
    on: Annotated[
        date | None,
        typer.Option(
            "--on",
            metavar="DAY",
            parser=day_option,
            help="The day whose prices and minimum prefixes hold. [default: today]",
            show_default=False,
        ),
    ] = None,
    price_sheets: PriceSheets = None,
    marks: Annotated[
        str,
        typer.Option(
            metavar="every|end|both|parts",
            help="Where prompts are marked: every whole block, their end, their end and three "
            "parts they share, or four parts alone. All four are compared.",
        ),
    ] = "every",
    min_prefix: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=MAX_TOKENS,
            help="Cache prefixes from N tokens on. [default: the minimum of each model]",
            show_default=False,
        ),
    ] = None,
    visible_after: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0,
            max=3600,
            callback=_finite,
            help="A write is seen by requests this much later: until the answer begins. Above 0, "
            "requests of the same moment miss one another, as in a cold batch.",
        ),
    ] = 0.0,
    block_tokens: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=MAX_TOKENS,
            help="Tokens of a block, where the trace does not say. [default: 512 in JSON lines]",
            show_default=False,
        ),
    ] = None,
    prefix_tokens: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=MAX_TOKENS,
            help="Tokens of the prefix, where a table or an arrivals file does not say.",
            show_default=False,
        ),
    ] = None,
    prompt_tokens: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=MAX_TOKENS,
            help="Mean prompt tokens for --out beside an arrivals file.",
            show_default=False,
        ),
    ] = None,
    reusable_share: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            min=0,
            max=1,
            callback=_finite,
            help="With an arrivals file: share of the prefix that is the same text every time.",
        ),
    ] = 1.0,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=PATTERN",
            help="With request tables or an arrivals file: replay only senders that match, such as "
            "api_key=nightly-* or workload=Chat. Repeatable.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Write the evidence there, as the caching lever of a workload (TOML).",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="N", min=0, help="Seed of the redrawn sessions.")
    ] = 0,
    json: Json = False,
    progress: ForceProgress = False,
) -> None:
    """Say what prompt caching is worth, by replaying who asked what when.

    Prompts count as their blocks: a block is read when a prompt that began the same came less
    than the lifetime (5 minutes, 1 hour) before, and reading refreshes it; everything else is
    written. The answer is the share that is read, what the input then costs, which lifetime is
    cheapest and from which hit share it pays, with the band that redrawn sessions give. Beside it
    stands what weaker evidence would have said, and what at most four breakpoints keep.
    """
    if marks not in PLACINGS:
        raise typer.BadParameter(
            f"{marks!r} is not one of {', '.join(PLACINGS)}", param_hint="--marks"
        )
    import numpy as np

    from api.cache_evidence import caching_toml
    from api.commands.progress import progress as progress_on
    from api.terminal.cache_replay import cache_replay
    from api.whole_files import write_file
    from forecast.pipeline.cache_arrivals import replay_arrivals
    from forecast.pipeline.cache_replay import replay_trace
    from forecast.pipeline.cache_senders import ReplaySettings
    from forecast.pricing.rate_cards import load_rate_card
    from forecast.usage.request_traces.reading import read_traces

    day = on or datetime.now(tz=UTC).date()
    arrivals = _arrivals(files)
    names = ", ".join(path.name for path in files[:3]) + (", …" if len(files) > 3 else "")
    chosen = ReplaySettings(
        day=day,
        model=model,
        min_prefix_tokens=min_prefix,
        visible_after_seconds=visible_after,
        placing=PLACINGS[marks],
        source=f"{names}, marked: {PLACINGS[marks].replace('_', ' ')}"
        if arrivals is None
        else f"{names}, gaps between requests",
    )
    rng = np.random.default_rng(seed)
    report: CacheReplayReport
    if arrivals is not None:
        report = replay_arrivals(
            arrivals, chosen, reusable_share=reusable_share, only=_only(only or ()), rng=rng
        )
    else:
        card = load_rate_card(day, price_sheets=price_sheets or ())
        with progress_on(progress) as bar:
            tell = bar()
            trace = read_traces(
                files,
                platform=platform,
                block_tokens=block_tokens,
                prefix_tokens=prefix_tokens,
                only=_only(only or ()),
                on_file=lambda name: tell(f"Reading {name}", 0.0),
            )
            report = replay_trace(trace, card, chosen, rng=rng, progress=tell)
    if json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        print_page(cache_replay(report))
    if out is not None:
        of_arrivals = prefix_tokens if arrivals is not None else None
        toml = caching_toml(report, prefix_tokens=of_arrivals, prompt_tokens=prompt_tokens)
        write_file(out, toml.encode())
        if not json:
            print_page(f"The caching lever with this evidence is {out}")


def _arrivals(files: list[Path]) -> pd.DataFrame | None:
    """Read an arrivals file; None for anything else."""
    from forecast.errors import UsageFormatError
    from forecast.usage.formats.head import PARQUET_MAGIC

    holds = [path for path in files if path.is_file() and _begins(path, PARQUET_MAGIC)]
    for path in holds:
        import pyarrow.parquet as pq

        from forecast.usage.request_logs.arrivals import read_arrivals

        try:
            columns = set(pq.read_schema(path).names)
        except (OSError, ValueError):
            continue
        if {"measure", "at_least", "below"} <= columns:
            if len(files) > 1:
                raise UsageFormatError(
                    "holds arrival histograms; give it alone, without traces", file=path.name
                )
            return read_arrivals(path)
    return None


def _begins(path: Path, magic: bytes) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(magic)) == magic


def _only(given: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in given:
        column, equals, pattern = text.partition("=")
        if not equals:
            raise typer.BadParameter(
                f"{text!r} has no =; write api_key=nightly-*", param_hint="--only"
            )
        found[column] = pattern
    return found
