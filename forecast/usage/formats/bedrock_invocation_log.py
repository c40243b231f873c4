"""Amazon Bedrock's model invocation log: one JSON object a request.

Bedrock delivers the log to S3 (JSON Lines) or CloudWatch; a file may hold records one after the
other or in a list. Source of the shape: AWS user guide, "Monitor model invocation using
CloudWatch Logs and Amazon S3", the schema that a log platform (Panther, AWS.BedrockModelInvocation)
publishes for it, records captured in April 2026, and the service model of botocore for what a
response body holds (TokenUsage, CacheDetail); all read 2026-11-24.

* `input.inputTokenCount` **excludes** cache reads and writes, which stand beside it.
* Cache writes are not split by lifetime in the log itself. Where responses are logged too, the
  split is taken from their usage (`cacheDetails`, or `cache_creation` of Anthropic's own shape);
  else writes count as five-minute ones. Of bodies nothing else is read.
* Converse and InvokeModel calls are logged, streaming or not; batch jobs are not. The tier is
  that of the logged response (`serviceTier`), else standard.
* `modelId` is kept as it stands, a model, an inference profile or an ARN: its region prefix
  decides the price. `accountId` is the workspace, the caller (an assumed role without its
  session) the key, `requestMetadata` the tag.
* It shows the same usage as Bedrock's lines of an AWS bill: one of the two counts.
* A record with an `errorCode` and no output was not served and is left out, and so is one that
  counts no tokens at all (images, video); both are said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from forecast.records.usage import ServiceTier
from forecast.usage.formats import cells
from forecast.usage.formats.collected import REQUEST_SECONDS, Collected
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import Parsed
from forecast.usage.formats.records import records
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

name: Final = "bedrock_invocation_log"
description: Final = "Amazon Bedrock model invocation log (JSON Lines)"
recorded_by: Final = "aws"
input_includes_cache: Final = False
cannot_tell: Final = ("service_tier",)
seen_by: Final = "vendor"
holds: Final = ("usage",)
amounts: Final = None

_INPUT_TOKENS: Final = frozenset(
    {"inputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount"}
)
_OUTPUT_TOKENS: Final = frozenset({"outputTokenCount"})
_TIERS: Final = {
    "default": ServiceTier.STANDARD.value,
    "flex": ServiceTier.FLEX.value,
    "priority": ServiceTier.PRIORITY.value,
}
_APPLICATION_PROFILE: Final = ":application-inference-profile/"


def fits(head: Head) -> bool:
    """Tell whether a JSON text has records of calls to models of an AWS account."""
    return head.kind == "json" and {"accountId", "requestId", "operation", "modelId"} <= head.keys


def read(data: bytes, file: str) -> Parsed:
    """Read the records of one file.

    Raises
    ------
    UsageFormatError
        A value that is not of its kind, a token count nobody has reviewed, an unknown service
        tier, or a request that stands twice; with row (record) and column.

    Examples
    --------
    >>> record = '''{"timestamp": "2026-06-16T00:20:50Z", "accountId": "111122223333",
    ...   "requestId": "c47d391b", "operation": "Converse", "modelId": "us.anthropic.claude-opus-5",
    ...   "input": {"inputTokenCount": 3, "cacheReadInputTokenCount": 900},
    ...   "output": {"outputTokenCount": 12}}'''
    >>> rows = read(record.encode(), "log.json").rows
    >>> rows[["model", "input_tokens", "cache_read_tokens", "requests"]].values.tolist()
    [['us.anthropic.claude-opus-5', 3, 900, 1]]
    """
    log = _Log(file)
    for record in records(data, file, ()):
        log.add(record)
    return log.parsed()


class _Log:
    def __init__(self, file: str) -> None:
        self.collected = Collected(file)
        self.failed: Counter[str] = Counter()
        self.uncounted: Counter[str] = Counter()
        self.n_unsplit_writes = 0
        self.n_long_tags = 0
        self.n_profiles = 0

    def add(self, record: Fields) -> None:
        request = record.read("requestId", lambda value: cells.given_name(str(value or "")))
        self.collected.once(request, record, "requestId")
        at = record.instant("timestamp")
        model = record.text("modelId") or UNKNOWN_MODEL
        sent, got = record.inner_or_empty("input"), record.inner_or_empty("output")
        _refuse_unknown_counts(sent, _INPUT_TOKENS)
        _refuse_unknown_counts(got, _OUTPUT_TOKENS)
        self.collected.cover(at, cells.second_after(at))
        if record.text("errorCode") and not got.has("outputTokenCount"):
            self.failed[record.text("errorCode")] += 1
            return
        if not any(sent.has(c) for c in _INPUT_TOKENS) and not got.has("outputTokenCount"):
            self.uncounted[model] += 1
            return
        body = got.members.get("outputBodyJson")
        self.n_profiles += _APPLICATION_PROFILE in model
        self.collected.usage(
            start=at,
            seconds=REQUEST_SECONDS,
            row=record.row or 0,
            platform="bedrock",
            model=model,
            service_tier=_service_tier(got, body),
            api_key=_caller(record),
            workspace=record.text("accountId"),
            tag=self.tag(record),
            group=request,
            input_tokens=sent.count("inputTokenCount"),
            cache_read_tokens=sent.count_or_zero("cacheReadInputTokenCount"),
            output_tokens=got.count_or_zero("outputTokenCount"),
            requests=1,
            **self.cache_writes(sent.count_or_zero("cacheWriteInputTokenCount"), body),
        )

    def cache_writes(self, total: int, body: Any) -> dict[str, int]:
        short, long = next(_lifetimes(body), (0, 0)) if total else (0, 0)
        if short + long != total:
            self.n_unsplit_writes += 1
            short, long = total, 0
        return {"cache_write_5m_tokens": short, "cache_write_1h_tokens": long}

    def tag(self, record: Fields) -> str:
        metadata = record.inner_or_empty("requestMetadata")
        pairs = [f"{key}={metadata.text(key)}" for key in sorted(metadata.members)]
        text = ",".join(pairs)
        if len(text) > cells.MAX_NAME:
            self.n_long_tags += 1
            return ""
        return metadata.read("", lambda _: cells.name(text))

    def parsed(self) -> Parsed:
        warnings = []
        for what, why in ((self.failed, "failed"), (self.uncounted, "count no tokens")):
            if what:
                names = ", ".join(f"{name} {n}" for name, n in sorted(what.items())[:8])
                warnings.append(f"{what.total()} records {why} and are left out: {names}")
        if self.n_unsplit_writes:
            warnings.append(
                f"{self.n_unsplit_writes} records do not tell the lifetime of their cache writes: "
                "taken as 5 minutes"
            )
        if self.n_profiles:
            warnings.append(
                f"{self.n_profiles} records name an application inference profile, not a model; "
                "pricing needs a price of that id"
            )
        if self.n_long_tags:
            warnings.append(
                f"requestMetadata of {self.n_long_tags} records is too long for a tag and left out"
            )
        return self.collected.parsed(
            warnings=warnings,
            cannot_tell=["cache_write_1h_tokens"] if self.n_unsplit_writes else [],
        )


def _refuse_unknown_counts(fields: Fields, known: frozenset[str]) -> None:
    for member in fields.members:
        if member.endswith("TokenCount") and member not in known:
            raise fields.fault(member, "is a token count this version does not know; update it")


def _caller(record: Fields) -> str:
    """Give the caller's ARN; the session of an assumed role changes with every process."""
    arn = record.inner_or_empty("identity").text("arn")
    return arn.rsplit("/", 1)[0] if ":assumed-role/" in arn else arn


def _service_tier(got: Fields, body: Any) -> str:
    tier = body.get("serviceTier") if isinstance(body, dict) else None
    if not isinstance(tier, dict):
        return ServiceTier.STANDARD.value
    word = tier.get("type")
    if not isinstance(word, str) or word not in _TIERS:
        raise got.fault(
            "outputBodyJson.serviceTier.type",
            f"is not a service tier paid by tokens: {cells.quoted(word)}; known are "
            f"{', '.join(_TIERS)}",
        )
    return _TIERS[word]


def _lifetimes(body: Any) -> Iterator[tuple[int, int]]:
    """Walk the splits of cache writes (five minutes, one hour) that a response tells."""
    for event in body if isinstance(body, list) else [body]:
        for usage in _usages(event):
            split = usage.get("cache_creation")
            if isinstance(split, dict):
                short, long = (split.get(f"ephemeral_{t}_input_tokens") for t in ("5m", "1h"))
                yield _tokens(short), _tokens(long)
            details = usage.get("cacheDetails")
            if isinstance(details, list):
                by_lifetime: Counter[Any] = Counter()
                for detail in details:
                    if isinstance(detail, dict):
                        by_lifetime[str(detail.get("ttl"))] += _tokens(detail.get("inputTokens"))
                yield by_lifetime["5m"], by_lifetime["1h"]


def _usages(event: Any) -> list[dict[str, Any]]:
    """Give the usage objects of a response, or of one event of a streamed one."""
    if not isinstance(event, dict):
        return []
    holders = [event, event.get("message"), event.get("metadata")]
    found = [holder.get("usage") for holder in holders if isinstance(holder, dict)]
    return [usage for usage in found if isinstance(usage, dict)]


def _tokens(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
