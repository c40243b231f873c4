"""Compare the rate card with the prices that litellm publishes, figure by figure.

    python scripts/compare_litellm_prices.py FILE [--on DAY] [--platform P]... [--show-explained]
    python scripts/compare_litellm_prices.py --fetch

FILE is litellm's model_prices_and_context_window_backup.json. With --fetch its wheel of the
pinned version is downloaded through pip, without its many dependencies, and the file is kept
under .cache/ by its digest. Nothing of litellm is installed, and none of its code runs.

Every figure of a Claude model that both have is compared exactly, first-party, Bedrock and Vertex
alike; other vendors too with --platform. A difference is either explained in
overrides/other_publishers.toml, with who is right and why, or it fails the run (exit 1).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from api.whole_files import write_file
from forecast.errors import InputError, UnknownModelError
from forecast.pricing.model_ids import canonical_model
from forecast.pricing.rate_cards import load_rate_card
from forecast.pricing.sheets import Differences, read_override
from forecast.records.rates import RateCard
from forecast.records.usage import MixKey

VERSION = "1.109.1"
FILE_SHA256 = "8f8060d8ce7a40c91b995c74d6a27657543d49e3c1c53430dabd556f244392c6"
FILE_NAME = "model_prices_and_context_window_backup.json"
CACHE = Path(__file__).resolve().parents[1] / ".cache" / "litellm"
ON = date(2026, 11, 22)
"""The day on which the pinned file was compared."""

PLATFORMS = {
    "anthropic": "anthropic",
    "bedrock": "bedrock",
    "bedrock_converse": "bedrock",
    "vertex_ai-anthropic_models": "vertex",
    "openai": "openai",
    "gemini": "google",
    "vertex_ai-language-models": "vertex",
}
CLAUDE_PLATFORMS = ("anthropic", "bedrock", "vertex")

KINDS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write_5m",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
}
FIELD = re.compile(
    rf"(?P<kind>{'|'.join(sorted(KINDS, key=len, reverse=True))})"
    r"(?:_above_(?P<above>\d+)k_tokens)?(?:_(?P<tier>batches|priority|flex))?"
)
SEARCH = "search_context_cost_per_query"


@dataclass(frozen=True)
class Figure:
    """One price as litellm has it, in the words of the rate card."""

    platform: str
    raw_id: str
    key: MixKey
    kind: str
    usd: Decimal


@dataclass(frozen=True)
class Difference:
    """A figure that the card has otherwise; `ours` is None where the card sells no such thing."""

    figure: Figure
    ours: Decimal | None


def figures(document: dict[str, Any], platforms: Sequence[str]) -> Iterator[Figure]:
    """Give every token price of some platforms, and the price of a thousand web searches."""
    for raw, entry in document.items():
        platform = PLATFORMS.get(entry.get("litellm_provider", ""))
        if platform not in platforms:
            continue
        model = canonical_model(platform, raw)
        key = MixKey(platform, model, geography=geography(platform, raw))
        for name, value in entry.items():
            if name == SEARCH:
                medium = value.get("search_context_size_medium")
                if medium is not None:
                    yield Figure(platform, raw, key, "web_search", 1000 * Decimal(medium))
            elif (field := FIELD.fullmatch(name)) and value is not None:
                yield Figure(
                    platform,
                    raw,
                    key._replace(
                        service_tier=(field["tier"] or "standard").replace("batches", "batch"),
                        context_window=f"> {field['above']}k" if field["above"] else "",
                    ),
                    KINDS[field["kind"]],
                    1_000_000 * Decimal(value),
                )


def geography(platform: str, raw_id: str) -> str:
    """Say where a Bedrock id runs; elsewhere prices are those of the global endpoint."""
    if platform != "bedrock":
        return "global"
    everywhere = raw_id.rsplit("/", 1)[-1].startswith("global.") or "/claude_platform/" in raw_id
    return "global" if everywhere else "regional"


def compare(
    card: RateCard, found: Sequence[Figure], on: date
) -> tuple[int, list[Difference], list[str]]:
    """Give how many figures agree, those that do not, and the ids that the card has no price of."""
    agree, differ, unknown = 0, [], set()
    for figure in found:
        try:
            rates = card.in_force(figure.platform, figure.key.model, on)
        except UnknownModelError:
            unknown.add(f"{figure.platform} {figure.raw_id}")
            continue
        if figure.kind == "web_search":
            ours = rates.web_search_usd_per_1000
        else:
            try:
                ours = getattr(rates.charged(figure.key), figure.kind)
            except UnknownModelError:
                ours = None
        if ours == figure.usd:
            agree += 1
        else:
            differ.append(Difference(figure, ours))
    return agree, differ, sorted(unknown)


def explained(difference: Difference, known: Differences) -> str | None:
    """Give why the two differ, where it was looked into."""
    figure = difference.figure
    for entry in known.differences:
        if (
            figure.platform in entry.platforms
            and any(re.fullmatch(pattern, figure.raw_id) for pattern in entry.ids)
            and (not entry.kinds or figure.kind in entry.kinds)
            and (not entry.tiers or figure.key.service_tier in entry.tiers)
            and (entry.above_band is None or entry.above_band == bool(figure.key.context_window))
            and (entry.ratio is None or difference.ours == figure.usd * entry.ratio)
        ):
            return entry.because
    return None


def fetch(cache: Path = CACHE) -> Path:
    """Give the price file of the pinned version, downloading its wheel once.

    Raises
    ------
    InputError
        When pip cannot fetch it, or the file is not the one that was compared.
    """
    kept = cache / f"{FILE_SHA256[:16]}.json"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as work:
            got = subprocess.run(
                [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary",
                 ":all:", "--dest", work, f"litellm=={VERSION}"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            wheels = list(Path(work).glob("*.whl"))
            if got.returncode or not wheels:
                said = (got.stderr.strip().splitlines() or ["no wheel"])[-1]
                raise InputError(f"cannot be fetched: {said}", file=f"litellm {VERSION}")
            with zipfile.ZipFile(wheels[0]) as wheel:
                data = wheel.read(f"litellm/{FILE_NAME}")
        write_file(kept, data)
    digest = hashlib.sha256(kept.read_bytes()).hexdigest()
    if digest != FILE_SHA256:
        raise InputError(f"is not the file that was compared: sha256 {digest}", file=str(kept))
    return kept


def read(path: Path) -> dict[str, Any]:
    """Read the price file with exact decimals; its first entry only explains the fields."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, ValueError) as fault:
        raise InputError(f"cannot be read: {fault}", file=path.name) from None
    return {name: entry for name, entry in document.items() if name != "sample_spec"}


def line(difference: Difference) -> str:
    """One difference in words."""
    figure = difference.figure
    what = " ".join(
        part
        for part in (
            figure.key.service_tier if figure.key.service_tier != "standard" else "",
            figure.key.context_window,
            figure.kind,
        )
        if part
    )
    ours = "not sold" if difference.ours is None else f"{difference.ours.normalize():f}"
    return (
        f"{figure.platform} {figure.raw_id}: {what} {figure.usd.normalize():f} there, {ours} here"
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the comparison; 0 when every difference is explained, 1 when not, 2 on bad input."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE")
    parser.add_argument("--fetch", action="store_true", help=f"compare litellm {VERSION}")
    parser.add_argument("--on", type=date.fromisoformat, default=ON)
    parser.add_argument("--platform", action="append", help="these platforms, not only Claude's")
    parser.add_argument("--show-explained", action="store_true")
    options = parser.parse_args(arguments)
    if (options.file is None) == (not options.fetch):
        parser.error("give FILE or --fetch")
    try:
        document = read(fetch() if options.fetch else options.file)
        found = list(figures(document, options.platform or CLAUDE_PLATFORMS))
        if not options.platform:
            found = [figure for figure in found if "claude" in figure.raw_id]
        agree, differ, unknown = compare(load_rate_card(options.on), found, options.on)
        known = read_override("other_publishers.toml", Differences)
    except InputError as fault:
        print(fault, file=sys.stderr)
        return 2
    why = {difference: explained(difference, known) for difference in differ}
    open_ones = [difference for difference, because in why.items() if because is None]
    if options.show_explained:
        for difference, because in why.items():
            if because is not None:
                print(f"{line(difference)}; {because}")
    for name in unknown:
        print(f"only there: {name}")
    for difference in open_ones:
        print(f"DIFFERS  {line(difference)}")
    models = len({(f.platform, f.key.model) for f in found} - {tuple(n.split()) for n in unknown})
    print(
        f"{agree} figures of {models} models agree, {len(why) - len(open_ones)} differ and are "
        f"explained, {len(open_ones)} differ; {len(unknown)} ids are only there."
    )
    return 1 if open_ones or not agree else 0


if __name__ == "__main__":
    sys.exit(main())
