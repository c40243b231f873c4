"""LiteLLM's daily tables: what its proxy added up by day, key, model and one kind of owner.

`LiteLLM_DailyUserSpend`, `…TeamSpend`, `…OrganizationSpend`, `…EndUserSpend`, `…AgentSpend`,
`…GlobalSpend` and `…TagSpend` have the same columns but for the owner's. Each is a view of the
same requests, so each is a format of its own and two of them are never added up. Source of the
shape: schema.prisma of litellm-proxy-extras 0.4.110 and proxy/db/db_spend_update_writer.py of
litellm 1.109.1, read 2026-11-24.

* `prompt_tokens` **includes** cache reads and writes, which stand beside it and are taken out.
* Cache writes are not split by lifetime: five minutes. Tier, geography and speed are not kept.
* `date` is the UTC day of the request's start. `successful_requests` is the request count.
* Requests answered by LiteLLM's own response cache are counted like others (with no spend), so
  tokens are too many where that cache is on; the spend logs tell them apart.
* `spend` is USD that LiteLLM multiplied out itself: an estimate. `ptu_flat_cost`, the share of
  provisioned units that a team carries, is a fee.
* The users' table holds every request; the others only those that have such an owner. The tags'
  table counts a request once for each tag, so it is refused.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from forecast.records.costs import Amounts, ChargeKind
from forecast.usage.formats import cells, platforms
from forecast.usage.formats.collected import Collected, uncached_input
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import DAY_SECONDS, Parsed
from forecast.usage.formats.records import records
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

_KEY_COLUMNS: Final = frozenset(
    {"date", "api_key", "prompt_tokens", "completion_tokens", "api_requests"}
)
_TAG: Final = "tag"
_OWNERS: Final = ("user_id", "team_id", "organization_id", "end_user_id", "agent_id", _TAG)
_TOKENS: Final = frozenset(
    {
        *("prompt_tokens", "completion_tokens", "total_tokens", "cache_read_input_tokens"),
        *("cache_creation_input_tokens", "compression_saved_tokens"),
    }
)
"""`compression_saved_tokens` were never sent to the vendor."""
_GROUPS: Final = ("endpoint", "mcp_namespaced_tool_name", "model_group")
_COLUMNS: Final = frozenset(
    {
        *_KEY_COLUMNS,
        *_OWNERS,
        *_TOKENS,
        *_GROUPS,
        *("id", "model", "custom_llm_provider", "spend", "successful_requests", "ptu_flat_cost"),
    }
)


_AMOUNTS: Final = Amounts(unit="USD", meaning="estimated")


@dataclass(frozen=True)
class DailyTable:
    """One of the daily tables, as a format.

    Attributes
    ----------
    name
        The word that `--format` takes.
    table
        Its name in LiteLLM's database.
    owner
        Its column for the owner; empty in the global table, which has none.
    fills
        The column of the usage table that the owner becomes.
    """

    name: str
    table: str
    owner: str
    fills: Literal["", "workspace", "tag"]
    recorded_by: str = "litellm"
    input_includes_cache: bool = True
    cannot_tell: tuple[str, ...] = ("service_tier", "geography", "cache_write_1h_tokens")
    seen_by: Literal["vendor", "observer"] = "observer"
    holds: tuple[Literal["usage", "costs"], ...] = ("usage", "costs")
    amounts: Amounts = _AMOUNTS

    @property
    def description(self) -> str:
        """What the export is, for people."""
        return f"LiteLLM daily table {self.table}"

    def fits(self, head: Head) -> bool:
        """Tell whether a file has the columns of the daily tables, and this one's owner."""
        names = head.keys if head.kind == "json" else head.columns
        owners = [owner for owner in _OWNERS if owner in names]
        mine = [[self.owner]] if self.owner else [[], [_TAG]]
        return names >= _KEY_COLUMNS and owners in mine

    def read(self, data: bytes, file: str) -> Parsed:
        r"""Read the rows of one file.

        Raises
        ------
        UsageFormatError
            The tags' table, cache tokens beyond the prompt, a token column nobody has reviewed,
            a value that is not of its kind, or a row that stands twice; with row and column.

        Examples
        --------
        >>> table = (b"date,user_id,api_key,model,custom_llm_provider,prompt_tokens,"
        ...          b"completion_tokens,cache_read_input_tokens,api_requests,successful_requests\n"
        ...          b"2026-11-01,u,k,claude-opus-5-5,anthropic,1000,50,800,3,2\n")
        >>> rows = USERS.read(table, "daily.csv").rows
        >>> rows[["input_tokens", "cache_read_tokens", "requests"]].values.tolist()
        [[200, 800, 2]]
        """
        collected = Collected(file)
        said: Counter[str] = Counter()
        for record in records(data, file, _COLUMNS, tokens=_TOKENS):
            if _TAG in record.members:
                raise record.fault(
                    _TAG,
                    "is the table of tags, which counts a request once for each of its tags; "
                    "export LiteLLM_DailyUserSpend or the spend logs instead",
                )
            said["writes"] += self._add(record, collected)
            said["no_provider"] += not record.has("custom_llm_provider")
        warnings = [
            "requests that LiteLLM's own response cache answered are counted too; if it is on, "
            "the spend logs tell them apart"
        ]
        if said["writes"]:
            warnings.append(
                f"{said['writes']} rows do not tell the lifetime of their cache writes: "
                "taken as 5 minutes"
            )
        if self.owner not in ("", "user_id"):
            warnings.append(
                f"holds only requests with a {self.owner}; LiteLLM_DailyUserSpend holds all"
            )
        unsure = ["platform"] if said["no_provider"] else []
        return collected.parsed(warnings=warnings, cannot_tell=unsure)

    def _add(self, record: Fields, collected: Collected) -> bool:
        """Add one row; tell whether its cache writes lack a lifetime."""
        if record.has("id"):
            collected.once(str(record.members["id"]), record, "id")
        day = record.read("date", _day)
        collected.cover(day, day + timedelta(days=1))
        served = platforms.served(
            record.text("model") or UNKNOWN_MODEL, record.text("custom_llm_provider")
        )
        owner = record.text(self.owner) if self.owner else ""
        names = {
            "platform": served.platform,
            "model": served.model,
            "api_key": record.text("api_key"),
            "workspace": owner if self.fills == "workspace" else "",
        }
        row = record.row or 0
        if record.has("spend"):
            collected.spend(day=day, row=row, usd=record.amount("spend"), **names)
        if record.has("ptu_flat_cost") and (flat_usd := record.amount("ptu_flat_cost")):
            collected.cost(
                day=day,
                row=row,
                charge=ChargeKind.FEE,
                description="provisioned units",
                billed_usd=flat_usd,
                platform=served.platform,
                workspace=names["workspace"],
            )
        prompt, output = record.count("prompt_tokens"), record.count("completion_tokens")
        read_tokens = record.count_or_zero("cache_read_input_tokens")
        writes = record.count_or_zero("cache_creation_input_tokens")
        plain = record.read("prompt_tokens", lambda _: uncached_input(prompt, read_tokens, writes))
        if prompt or output:
            requests = record.count_or_zero("successful_requests")
            collected.usage(
                start=day,
                seconds=DAY_SECONDS,
                row=row,
                **names,
                tag=owner if self.fills == "tag" else "",
                group=" ".join(record.text(column) for column in _GROUPS).strip(),
                input_tokens=plain,
                cache_read_tokens=read_tokens,
                cache_write_5m_tokens=writes,
                output_tokens=output,
                requests=requests if record.has("successful_requests") else None,
            )
        return bool(writes)


def _day(value: object) -> datetime:
    bucket = cells.bucket(str(value or ""))
    if bucket.seconds != DAY_SECONDS:
        raise ValueError(f"is not a day: {cells.quoted(value)}; write 2026-11-22")
    return bucket.start


USERS: Final = DailyTable("litellm_daily_users", "LiteLLM_DailyUserSpend", "user_id", "tag")
TEAMS: Final = DailyTable("litellm_daily_teams", "LiteLLM_DailyTeamSpend", "team_id", "workspace")
ORGANIZATIONS: Final = DailyTable(
    "litellm_daily_organizations",
    "LiteLLM_DailyOrganizationSpend",
    "organization_id",
    "workspace",
)
END_USERS: Final = DailyTable(
    "litellm_daily_end_users", "LiteLLM_DailyEndUserSpend", "end_user_id", "tag"
)
AGENTS: Final = DailyTable("litellm_daily_agents", "LiteLLM_DailyAgentSpend", "agent_id", "tag")
EVERYBODY: Final = DailyTable("litellm_daily_global", "LiteLLM_DailyGlobalSpend", "", "")

TABLES: Final = (USERS, TEAMS, ORGANIZATIONS, END_USERS, AGENTS, EVERYBODY)
