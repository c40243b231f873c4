"""From the model ids that exports bring to the ids of the rate card.

The same Claude model is claude-sonnet-4-5-20250929, claude-sonnet-4.5,
claude-sonnet-4-5@20250929 or us.anthropic.claude-sonnet-4-5-20250929-v1:0. An id is read as
family and version, and both must be the card's. A prefix match is not enough:
claude-opus-4-8-fast costs twice Opus 4.8, and a claude-opus-4-10 would not be Opus 4.1. Other
vendors' ids are read by `published_ids`: the ids that the price package names, and snapshots of
them. What cannot be read stays as it is, so that pricing refuses it by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from forecast.pricing.published import PLATFORM, published_rates
from forecast.pricing.published_ids import published_id
from forecast.pricing.sheets import PriceSheet, read_override
from forecast.records.usage import TOKEN_COLUMNS, Geography

CLAUDE_PLATFORMS: Final = ("anthropic", "bedrock", "vertex")

GOVCLOUD: Final = "us-gov"

_VERSION: Final = r"(?P<version>\d{1,2}(?:-\d{1,2})?)"
_DATED: Final = r"(?:-(?:\d{8}|\d{4}-\d{2}-\d{2}|latest))?"
_FAMILY_FIRST: Final = re.compile(rf"claude-(?P<family>[a-z]+)-{_VERSION}{_DATED}")
_VERSION_FIRST: Final = re.compile(rf"claude-{_VERSION}-(?P<family>[a-z]+)(?:-v\d)?{_DATED}")
_CLAUDE_2: Final = re.compile(rf"claude-v?2(?:[-:][01])?{_DATED}")
_BEDROCK: Final = re.compile(r"(?:(?P<region>[a-z]{2,6})\.)?(?P<vendor>[a-z]+)\.(?P<id>.+)")
_BEDROCK_REVISION: Final = re.compile(r"-v\d+(?::\d+)?(?::\d+k)?$")


class Generation(NamedTuple):
    """Family and version of a Claude model; trailing zeros of the version are dropped."""

    family: str
    version: tuple[int, ...]


def generation(model: str) -> Generation | None:
    """Read family and version off an id; None when it does not say.

    >>> generation("claude-sonnet-4-5-20250929"), generation("claude-3-opus-latest")
    (Generation(family='sonnet', version=(4, 5)), Generation(family='opus', version=(3,)))
    >>> generation("claude-opus-4-8-fast") is None
    True
    """
    match = _FAMILY_FIRST.fullmatch(model) or _VERSION_FIRST.fullmatch(model)
    if match is None:
        return None
    version = tuple(int(part) for part in match["version"].split("-"))
    while len(version) > 1 and version[-1] == 0:
        version = version[:-1]
    return Generation(match["family"], version)


def canonical_model(platform: str, raw_id: str) -> str:
    """Give the card's id of a model; an id that cannot be read comes back unchanged.

    So does an id of AWS GovCloud, whose prices are its own (about 1.2x) and not carried.

    >>> canonical_model("bedrock", "us.anthropic.claude-sonnet-4-6-v1:0")
    'claude-sonnet-4-6'
    >>> canonical_model("anthropic", "claude-3-5-haiku-20241022")
    'claude-3-5-haiku-latest'
    >>> canonical_model("anthropic", "claude-opus-4-8-fast")
    'claude-opus-4-8-fast'
    >>> [canonical_model("openai", f"gpt-4o-{day}") for day in ("2024-08-06", "2030-01-01")]
    ['gpt-4o', 'gpt-4o-2030-01-01']
    """
    if GOVCLOUD in raw_id:
        return raw_id
    other = published_id(platform, raw_id)
    if other is not None or platform not in CLAUDE_PLATFORMS:
        return other or raw_id
    plain = _plain(platform, raw_id)
    if _CLAUDE_2.fullmatch(plain):
        return "claude-2"
    ids = _catalogue()
    if plain in ids.values():
        return plain
    read = generation(plain)
    return raw_id if read is None else ids.get(read, raw_id)


def canonicalise_models(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a usage table with the card's model ids.

    On Bedrock the id also says where inference runs: only `global.` profiles are without the
    regional premium, so a `global` row with another profile, or none, becomes `regional` (a model
    with one price everywhere costs the same). Rows that then share every name are added up.

    Parameters
    ----------
    frame
        A table with platform, model and geography; other columns are carried along.

    Examples
    --------
    >>> rows = pd.DataFrame({"platform": ["bedrock"], "geography": ["global"],
    ...     "model": ["eu.anthropic.claude-opus-5-5"]})
    >>> canonicalise_models(rows).to_dict("records")
    [{'platform': 'bedrock', 'geography': 'regional', 'model': 'claude-opus-5-5'}]
    """
    pairs = frame[["platform", "model"]].drop_duplicates()
    known = {
        (platform, model): (
            canonical_model(platform, model),
            platform == "bedrock" and _is_regional(model),
        )
        for platform, model in pairs.itertuples(index=False)
    }
    found = [known[pair] for pair in zip(frame["platform"], frame["model"], strict=True)]
    regional = np.array([r for _, r in found], dtype=bool)
    regional &= (frame["geography"] == Geography.GLOBAL).to_numpy(dtype=bool)
    named = frame.assign(
        model=pd.Series([model for model, _ in found], index=frame.index, dtype="str"),
        geography=frame["geography"].mask(regional, Geography.REGIONAL.value).astype("str"),
    )
    return _added_up(named)


def _added_up(frame: pd.DataFrame) -> pd.DataFrame:
    measures = [c for c in (*TOKEN_COLUMNS, "requests", "web_searches") if c in frame.columns]
    names = [c for c in frame.columns if c not in measures]
    if not measures or not frame.duplicated(subset=names).any():
        return frame
    sums = frame.groupby(names, sort=False)[measures].sum(skipna=False).reset_index()
    return sums.astype(frame.dtypes[measures].to_dict())[list(frame.columns)]


def _is_regional(raw_id: str) -> bool:
    """Tell whether a Bedrock id names an endpoint other than the global one."""
    if GOVCLOUD in raw_id:
        return False
    match = _BEDROCK.fullmatch(raw_id.strip().lower().rsplit("/", 1)[-1])
    return match is not None and match["region"] != "global"


def _plain(platform: str, raw_id: str) -> str:
    """Take platform prefixes, revisions and snapshot marks off an id."""
    plain = raw_id.strip().lower().replace(" ", "-").removesuffix("[1m]")
    if platform == "anthropic":
        plain = plain.removeprefix("anthropic/")
    else:
        plain = plain.rsplit("/", 1)[-1]
    match = _BEDROCK.fullmatch(plain)
    if platform == "bedrock" and match is not None and match["vendor"] == "anthropic":
        plain = match["id"]
        without = _BEDROCK_REVISION.sub("", plain)
        plain = without if generation(without) else plain
    plain = re.sub(r"@(?:\d{8}|default|latest)$", "", plain)
    return re.sub(r"(?<=\d)\.(?=\d)", "-", plain)


def family_of(model: str) -> str:
    """Give the family that an id names: its first word, after the vendor's.

    >>> [family_of(m) for m in ("gpt-4o-mini", "o3", "amazon.nova-pro-v1:0", "claude-opus-5-5")]
    ['gpt', 'o', 'nova', 'opus']
    """
    read = generation(model)
    if read is not None:
        return read.family
    name = model.split(":", 1)[1] if model.startswith("ft:") else model
    vendor = re.match(r"[a-z]+\.(?=[a-z])", name)
    word = re.match(r"[a-z]+", name[vendor.end() :] if vendor else name)
    return word[0] if word else "other"


@cache
def _catalogue() -> Mapping[Generation | str, str]:
    """The card's id of every generation; an id without a version stands for itself."""
    rows = (*published_rates(), *read_override("prices.toml", PriceSheet).rates)
    ids = {row.model for row in rows if row.platform == PLATFORM}
    return MappingProxyType({generation(model) or model: model for model in sorted(ids)})
