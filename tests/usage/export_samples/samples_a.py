"""Exports of Anthropic, of AWS and of FOCUS generators, and invoices, in each vendor's shape."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from usage_samples import CANONICAL, CONSOLE, day_bucket, page, result, time_bucket


def cost_result(**changes: Any) -> dict[str, Any]:
    """One result of the Admin API's cost report, grouped by workspace and description."""
    return {
        "amount": "123.78912",
        "context_window": "0-200k",
        "cost_type": "tokens",
        "currency": "USD",
        "description": "Claude Opus 5 Usage - Input Tokens",
        "inference_geo": "global",
        "model": "claude-opus-5",
        "service_tier": "standard",
        "token_type": "uncached_input_tokens",
        "workspace_id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ",
    } | changes


def search_result(**changes: Any) -> dict[str, Any]:
    """Web searches in the cost report: no model, no tokens."""
    return (
        cost_result(
            amount="250",
            cost_type="web_search",
            description="Web Search Usage",
            context_window=None,
            model=None,
            service_tier=None,
            token_type=None,
        )
        | changes
    )


COST_REPORT = (
    json.dumps(page(day_bucket(1, cost_result(), search_result()), more=True))
    + "\n"
    + json.dumps(
        page(
            day_bucket(
                2,
                cost_result(
                    amount="0.5",
                    token_type="output_tokens",
                    description="Claude Opus 5 Usage - Output Tokens, Batch",
                    service_tier="batch",
                    workspace_id=None,
                ),
            )
        )
    )
)


def enterprise_page(*buckets: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """One page of the Enterprise Analytics reports."""
    return {
        "data": list(buckets),
        "data_refreshed_at": "2026-10-09T08:00:00Z",
        "has_more": False,
        "next_page": None,
        "organization_id": "org_013FP9SaFPBg7Kw7fetjn6cF",
    } | changes


def october(day: int, *results: dict[str, Any]) -> dict[str, Any]:
    """The bucket of one day of October 2026."""
    return time_bucket(f"2026-10-{day:02}T00:00:00Z", f"2026-10-{day + 1:02}T00:00:00Z", *results)


def _enterprise_groups() -> dict[str, Any]:
    return {
        "claude_tag_category": None,
        "claude_tag_user_id": None,
        "context_window": "0-200k",
        "inference_geo": "global",
        "model": "claude-opus-5-5",
        "product": "claude_code",
        "rbac_group_id": None,
        "requests": None,
        "slack_channel_id": None,
        "speed": "standard",
    }


def enterprise_usage_result(**changes: Any) -> dict[str, Any]:
    """One result of the Enterprise Analytics usage report."""
    return (
        _enterprise_groups()
        | {
            "cache_creation": {"ephemeral_1h_input_tokens": 90, "ephemeral_5m_input_tokens": 70},
            "cache_read_input_tokens": 5000,
            "output_tokens": 800,
            "requests": 12,
            "server_tool_use": {"web_search_requests": 3},
            "uncached_input_tokens": 1500,
        }
        | changes
    )


def enterprise_cost_result(**changes: Any) -> dict[str, Any]:
    """One result of the Enterprise Analytics cost report."""
    return (
        _enterprise_groups()
        | {
            "amount": "8500.00",
            "list_amount": "10000.00",
            "currency": "USD",
            "cost_type": "tokens",
            "token_type": "cache_creation.ephemeral_1h_input_tokens",
        }
        | changes
    )


ENTERPRISE_USAGE = json.dumps(
    enterprise_page(
        october(
            1,
            enterprise_usage_result(),
            enterprise_usage_result(product="chat", model="claude-haiku-5-5", speed="fast"),
        ),
        october(2, enterprise_usage_result(inference_geo="us", context_window="200k-1M")),
    )
)
ENTERPRISE_COST = json.dumps(
    enterprise_page(
        october(
            1,
            enterprise_cost_result(),
            enterprise_cost_result(
                amount="42.500000", list_amount="50.000000", token_type="output_tokens"
            ),
        ),
        october(2, enterprise_cost_result(cost_type="web_search", token_type=None, model=None)),
    )
)

CONSOLE_COST_HEADER = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,"
    "list_price_usd,cost_type,inference_geo,speed,api_key_id,api_key_status"
)
CONSOLE_COST = f"""{CONSOLE_COST_HEADER}
2026-08-15,Claude Haiku 4.5,Default,demo-key,message,≤ 200k,input_no_cache,0.17,0.19,token,global,,apikey_x,active
2026-08-15,Claude Opus 5.5,Research,nightly,batch,> 200k,input_cache_write_1h,"1,230.40","1,445.65",token,us,fast,apikey_y,active
2026-08-16,Claude Opus 5.5,Research,nightly,message,≤ 200k,output,12.00,14.12,token,not_available,,apikey_y,archived
2026-08-16,,Research,nightly,,,,0.30,0.30,web_search,,,apikey_y,archived
"""  # noqa: E501 (lines as the export has them)


def code_record(day: int, *models: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """One record of Claude Code Analytics in September 2025."""
    return {
        "date": f"2025-09-{day:02}T00:00:00Z",
        "actor": {"type": "user_actor", "email_address": "developer@example.com"},
        "organization_id": "dc9f6c26-b22c-4831-8d01-0446bada88f1",
        "customer_type": "api",
        "terminal_type": "vscode",
        "core_metrics": {
            "num_sessions": 5,
            "lines_of_code": {"added": 1543, "removed": 892},
            "commits_by_claude_code": 12,
            "pull_requests_by_claude_code": 2,
        },
        "tool_actions": {"edit_tool": {"accepted": 45, "rejected": 5}},
        "model_breakdown": list(models),
    } | changes


def code_model(**changes: Any) -> dict[str, Any]:
    """The tokens of one model in such a record."""
    return {
        "model": "claude-opus-5",
        "tokens": {"input": 100000, "output": 35000, "cache_read": 10000, "cache_creation": 5000},
        "estimated_cost": {"currency": "USD", "amount": 141},
    } | changes


CLAUDE_CODE = "\n".join(
    json.dumps({"data": records, "has_more": False, "next_page": None})
    for records in (
        [
            code_record(8, code_model(), code_model(model="claude-haiku-5-5")),
            code_record(8, code_model(), actor={"type": "api_actor", "api_key_name": "ci"}),
        ],
        [code_record(9, code_model()), code_record(9, terminal_type="tmux")],
    )
)

CUR_HEADER = [
    *("bill_payer_account_id", "identity_line_item_id", "line_item_currency_code"),
    *("line_item_line_item_description", "line_item_line_item_type"),
    *("line_item_net_unblended_cost", "line_item_product_code", "line_item_unblended_cost"),
    *("line_item_usage_account_id", "line_item_usage_amount", "line_item_usage_end_date"),
    *("line_item_usage_start_date", "line_item_usage_type", "pricing_public_on_demand_cost"),
    *("pricing_unit", "product"),
]


def cur_line(**changes: str) -> dict[str, str]:
    """One hour of input tokens of Sonnet 4.5 on its regional endpoint: 29,481 at 3.30 USD."""
    return {
        "bill_payer_account_id": "111122223333",
        "identity_line_item_id": "a1",
        "line_item_currency_code": "USD",
        "line_item_line_item_description": "$0.0033 per 1K input tokens for Claude 4.5 Sonnet",
        "line_item_line_item_type": "Usage",
        "line_item_net_unblended_cost": "0.08755857",
        "line_item_product_code": "AmazonBedrock",
        "line_item_unblended_cost": "0.0972873",
        "line_item_usage_account_id": "444455556666",
        "line_item_usage_amount": "29.4810000000",
        "line_item_usage_end_date": "2026-08-05T11:00:00.000Z",
        "line_item_usage_start_date": "2026-08-05T10:00:00.000Z",
        "line_item_usage_type": "USW2-Claude4.5Sonnet-input-tokens",
        "pricing_public_on_demand_cost": "0.0972873",
        "pricing_unit": "1K tokens",
        "product": '{"product_name":"Amazon Bedrock","region":"us-west-2"}',
    } | changes


def cur_csv(*lines: dict[str, str], header: list[str] | None = None) -> str:
    """Lines of a report as AWS writes them in CSV."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header or CUR_HEADER, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def marketplace_line(**changes: str) -> dict[str, str]:
    """One day of batch output tokens of Haiku 4.5, sold through AWS Marketplace, by the million."""
    return (
        cur_line(
            identity_line_item_id="m1",
            line_item_line_item_description=(
                "AWS Marketplace software usage|us-east-1|Million Batch Response Tokens Global"
            ),
            line_item_net_unblended_cost="2.7",
            line_item_product_code="4xhkzexample1234567890abcd",
            line_item_unblended_cost="3",
            line_item_usage_amount="1.2",
            line_item_usage_end_date="2026-08-06T00:00:00.000Z",
            line_item_usage_start_date="2026-08-05T00:00:00.000Z",
            line_item_usage_type="USE1-MP:USE1_OutputTokenCount_Global_Batch-Units",
            pricing_public_on_demand_cost="3",
            pricing_unit="Units",
            product='{"product_name":"Claude Haiku 4.5 (Amazon Bedrock Edition)"}',
        )
        | changes
    )


CUR = cur_csv(
    cur_line(),
    cur_line(
        identity_line_item_id="a2",
        line_item_line_item_description="$0.000005 per token, Claude Opus 4.8 cache write",
        line_item_net_unblended_cost="9.164",
        line_item_unblended_cost="10.184375",
        line_item_usage_amount="1629.5",
        line_item_usage_type="USW2-anthropic.claude-opus-4-8-mantle-cache-write-tokens-"
        "global-standard",
        pricing_public_on_demand_cost="10.184375",
    ),
    marketplace_line(),
    cur_line(
        identity_line_item_id="t1",
        line_item_line_item_type="Tax",
        line_item_net_unblended_cost="0.95",
        line_item_unblended_cost="1.02",
        line_item_usage_amount="1",
        line_item_usage_end_date="2026-08-31T23:59:59.000Z",
        line_item_usage_start_date="2026-08-01T00:00:00.000Z",
        line_item_usage_type="Tax",
        pricing_public_on_demand_cost="",
        pricing_unit="",
    ),
    cur_line(
        identity_line_item_id="e1",
        line_item_product_code="AmazonEC2",
        line_item_unblended_cost="4.80",
        line_item_usage_type="USE1-BoxUsage:m7i.large",
        pricing_unit="Hrs",
        product='{"product_name":"Amazon Elastic Compute Cloud"}',
    ),
)

FOCUS_HEADER = [
    *("BilledCost", "BillingAccountId", "BillingCurrency", "BillingPeriodEnd"),
    *("BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription"),
    *("ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountStatus"),
    *("ConsumedQuantity", "ConsumedUnit", "ContractedCost", "EffectiveCost"),
    *("HostProviderName", "InvoiceIssuerName", "ListCost", "PricingQuantity", "PricingUnit"),
    *("RegionId", "ResourceId", "ResourceType", "ServiceCategory", "ServiceName"),
    *("ServiceProviderName", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails"),
    *("SkuPriceId", "SubAccountId", "Tags"),
]
"""The columns of FOCUS 1.3 that an AI service fills."""


def focus_line(**changes: str) -> dict[str, str]:
    """One day of input tokens of Opus 5.5, at 15 % off list."""
    blank = dict.fromkeys(FOCUS_HEADER, "NULL")
    return (
        blank
        | {
            "BilledCost": "3.40",
            "BillingAccountId": "billing-1",
            "BillingCurrency": "USD",
            "BillingPeriodEnd": "2026-12-01T00:00:00Z",
            "BillingPeriodStart": "2026-11-01T00:00:00Z",
            "ChargeCategory": "Usage",
            "ChargeDescription": "claude-opus-5-5 Input Tokens",
            "ChargeFrequency": "Usage-Based",
            "ChargePeriodEnd": "2026-11-03T00:00:00Z",
            "ChargePeriodStart": "2026-11-02T00:00:00Z",
            "ConsumedQuantity": "1000000",
            "ConsumedUnit": "Tokens",
            "ContractedCost": "3.40",
            "EffectiveCost": "3.40",
            "InvoiceIssuerName": "Anthropic",
            "ListCost": "4.00",
            "PricingQuantity": "1",
            "PricingUnit": "1M Tokens",
            "ResourceId": "anthropic/claude-opus-5-5",
            "ResourceType": "Model",
            "ServiceCategory": "AI and Machine Learning",
            "ServiceName": "Claude API",
            "ServiceProviderName": "Anthropic",
            "ServiceSubcategory": "Generative AI",
            "SkuId": "anthropic/claude-opus-5-5/input-tokens",
            "SkuMeter": "Input Tokens",
            "SkuPriceId": "anthropic/claude-opus-5-5/input-tokens/default",
            "SubAccountId": "account-1",
        }
        | changes
    )


def focus_csv(*lines: dict[str, str], header: list[str] | None = None) -> str:
    """Lines of a FOCUS export in CSV."""
    text = io.StringIO(newline="")
    names = header or [*FOCUS_HEADER, *(n for n in lines[0] if n not in FOCUS_HEADER)]
    writer = csv.DictWriter(text, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


FOCUS = focus_csv(
    focus_line(),
    focus_line(
        BilledCost="0.85",
        ChargeDescription="claude-opus-5-5 Cache Write 1h Tokens",
        ConsumedQuantity="125000",
        ContractedCost="0.85",
        ListCost="1.00",
        SkuMeter="Cache Write 1h Tokens",
    ),
    focus_line(
        BilledCost="900",
        ChargeCategory="Purchase",
        ChargeDescription="Commitment, November",
        ChargeFrequency="Recurring",
        ChargePeriodEnd="2026-12-01T00:00:00Z",
        ChargePeriodStart="2026-11-01T00:00:00Z",
        ConsumedQuantity="NULL",
        ConsumedUnit="NULL",
        ContractedCost="900",
        ListCost="900",
        ResourceId="commitment-1",
        ResourceType="Commitment",
        SkuMeter="NULL",
    ),
    focus_line(
        BilledCost="4.80",
        ChargeDescription="Virtual machine",
        ConsumedQuantity="24",
        ConsumedUnit="Hours",
        ContractedCost="4.80",
        ListCost="4.80",
        ResourceId="i-123",
        ResourceType="Instance",
        ServiceCategory="Compute",
        ServiceName="Amazon Elastic Compute Cloud",
        ServiceProviderName="AWS",
        ServiceSubcategory="Virtual Machines",
        SkuId="SKU-1",
        SkuMeter="BoxUsage",
    ),
)

MONTHLY_INVOICE = """month,usd
2026-09,1234.56
2026-10,-10
2026-11,0.005
"""

CANONICAL_COSTS = """month,platform,model,service_tier,token_kind,charge,description,quantity,\
list_usd,billed_usd
2026-10,anthropic,claude-opus-5-5,standard,output,usage,Opus 5.5 output,"5,000,000",100.00,85.00
2026-10,anthropic,claude-opus-5-5,batch,input,,Opus 5.5 batch input,,"$1,200.50",1020.425
2026-11,,,,,credit,Goodwill,,,(40.00)
"""

SAMPLES: dict[str, bytes] = {
    "anthropic_usage_report": json.dumps(page(day_bucket(1, result(), result(model="b")))).encode(),
    "anthropic_console_usage": CONSOLE.encode(),
    "canonical": CANONICAL.encode(),
    "anthropic_cost_report": COST_REPORT.encode(),
    "anthropic_enterprise_usage": ENTERPRISE_USAGE.encode(),
    "anthropic_enterprise_cost": ENTERPRISE_COST.encode(),
    "anthropic_console_cost": CONSOLE_COST.encode(),
    "anthropic_claude_code": CLAUDE_CODE.encode(),
    "aws_cur": CUR.encode(),
    "focus": FOCUS.encode(),
    "monthly_invoice": MONTHLY_INVOICE.encode(),
    "canonical_costs": CANONICAL_COSTS.encode(),
}
