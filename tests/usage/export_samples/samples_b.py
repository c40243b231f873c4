"""OpenAI, Amazon Bedrock, LiteLLM, Langfuse, OpenTelemetry, Helicone, OpenRouter, ccusage."""

from __future__ import annotations

import json

OPENAI_USAGE = json.dumps(
    {
        "object": "page",
        "data": [
            {
                "object": "bucket",
                "start_time": 1793491200,
                "end_time": 1793577600,
                "results": [
                    {
                        "object": "organization.usage.completions.result",
                        "input_tokens": 1000,
                        "output_tokens": 500,
                        "input_cached_tokens": 800,
                        "input_audio_tokens": 0,
                        "output_audio_tokens": 0,
                        "num_model_requests": 5,
                        "project_id": "proj_abc",
                        "user_id": "user-abc",
                        "api_key_id": "key_abc",
                        "model": "gpt-5.4-2026-03-05",
                        "batch": False,
                        "service_tier": "default",
                    },
                    {
                        "object": "organization.usage.completions.result",
                        "input_tokens": 90000,
                        "output_tokens": 7000,
                        "input_cached_tokens": 60000,
                        "input_cache_write_tokens": 12000,
                        "input_cache_write_30m_tokens": 9000,
                        "input_cache_write_12h_tokens": 3000,
                        "input_uncached_tokens": 18000,
                        "input_text_tokens": 18000,
                        "input_cached_text_tokens": 60000,
                        "output_text_tokens": 7000,
                        "num_model_requests": 40,
                        "project_id": "proj_abc",
                        "user_id": None,
                        "api_key_id": None,
                        "model": "gpt-5.6-sol",
                        "batch": True,
                        "service_tier": "default",
                        "api_source": None,
                    },
                ],
            },
            {"object": "bucket", "start_time": 1793577600, "end_time": 1793664000, "results": []},
        ],
        "has_more": False,
        "next_page": None,
    }
).encode()
"""1793491200 is 2026-11-01T00:00:00Z."""

OPENAI_USAGE_TABLE = b"""\
start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,\
model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens,\
input_text_tokens,output_text_tokens,input_cached_text_tokens,input_audio_tokens,\
input_cached_audio_tokens,output_audio_tokens,input_image_tokens,input_cached_image_tokens,\
output_image_tokens
1793491200,1793577600,2026-11-01T00:00:00+00:00,2026-11-02T00:00:00+00:00,proj_abc,10.0,user-a,\
key_a,gpt-4o-2024-08-06,False,default,59200.0,10646.0,5760.0,53440.0,53440.0,10646.0,5760.0,0.0,\
0.0,0.0,0.0,0.0,0.0
1793491200,1793577600,2026-11-01T00:00:00+00:00,2026-11-02T00:00:00+00:00,proj_abc,3.0,user-a,\
key_a,gpt-5.4-mini-2026-03-17,True,flex,700.0,30.0,0.0,700.0,700.0,30.0,0.0,0.0,0.0,0.0,0.0,0.0,\
0.0
1793577600,1793664000,2026-11-02T00:00:00+00:00,2026-11-03T00:00:00+00:00,,,,,,,,,,,,,,,,,,,,
"""

OPENAI_COSTS = json.dumps(
    {
        "object": "page",
        "data": [
            {
                "object": "bucket",
                "start_time": 1793491200,
                "end_time": 1793577600,
                "results": [
                    {
                        "object": "organization.costs.result",
                        "amount": {"value": 0.06, "currency": "usd"},
                        "line_item": "gpt-5.4-mini-2026-03-17, cached input",
                        "project_id": "proj_abc",
                        "organization_id": "org-abc",
                        "quantity": 24000,
                        "quantity_unit": "tokens",
                    },
                    {
                        "object": "organization.costs.result",
                        "amount": {"value": 12.5, "currency": "usd"},
                        "line_item": "priority | gpt-5.6-sol, output, long context",
                        "project_id": "proj_abc",
                        "organization_id": "org-abc",
                        "quantity": 277.778,
                        "quantity_unit": "1000_tokens",
                    },
                    {
                        "object": "organization.costs.result",
                        "amount": {"value": 0.34090000000000000, "currency": "usd"},
                        "line_item": "web search tool calls",
                        "project_id": None,
                        "organization_id": "org-abc",
                        "quantity": None,
                    },
                ],
            }
        ],
        "has_more": False,
        "next_page": None,
    }
).encode()

OPENAI_COSTS_TABLE = b"""\
start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id,\
organization_id,organization_name
1793491200,1793577600,2026-11-01T00:00:00+00:00,2026-11-02T00:00:00+00:00,0.8958740000000000,usd,\
"gpt-4o-2024-08-06, input",proj_abc,org-abc,Personal
1793491200,1793577600,2026-11-01T00:00:00+00:00,2026-11-02T00:00:00+00:00,1.5,usd,\
"gpt-image-1 image, output",proj_abc,org-abc,Personal
1793577600,1793664000,2026-11-02T00:00:00+00:00,2026-11-03T00:00:00+00:00,,,,,,
"""

BEDROCK_INVOCATION_LOG = b"\n".join(
    json.dumps(record).encode()
    for record in (
        {
            "timestamp": "2026-11-01T10:20:50Z",
            "accountId": "111122223333",
            "region": "us-west-2",
            "requestId": "5346af27-8f56-4fb8-a6de-058be7a50818",
            "operation": "ConverseStream",
            "modelId": "global.anthropic.claude-opus-4-6-v1",
            "input": {
                "inputContentType": "application/json",
                "inputBodyJson": {"messages": [{"role": "user", "content": [{"text": "hello"}]}]},
                "inputTokenCount": 3,
                "cacheReadInputTokenCount": 100,
                "cacheWriteInputTokenCount": 24479,
            },
            "output": {
                "outputContentType": "application/json",
                "outputBodyJson": {
                    "output": {"message": {"role": "assistant", "content": []}},
                    "stopReason": "end_turn",
                    "metrics": {"latencyMs": 7460},
                    "usage": {
                        "inputTokens": 3,
                        "cacheReadInputTokens": 100,
                        "cacheWriteInputTokens": 24479,
                        "cacheDetails": [
                            {"inputTokens": 4479, "ttl": "5m"},
                            {"inputTokens": 20000, "ttl": "1h"},
                        ],
                        "outputTokens": 52,
                        "totalTokens": 24634,
                    },
                    "serviceTier": {"type": "default"},
                },
                "outputTokenCount": 52,
            },
            "identity": {"arn": "arn:aws:iam::111122223333:user/nightly"},
            "requestMetadata": {"team": "engineering", "costCentre": "CC-1234"},
            "inferenceRegion": "us-east-2",
            "schemaType": "ModelInvocationLog",
            "schemaVersion": "1.0",
        },
        {
            "timestamp": "2026-11-01T23:59:59Z",
            "accountId": "111122223333",
            "region": "us-east-1",
            "requestId": "c47d391b-fc83-4e79-93f9-4c5f477c02b1",
            "operation": "InvokeModelWithResponseStream",
            "modelId": "arn:aws:bedrock:us-east-1:111122223333:inference-profile/"
            "us.anthropic.claude-sonnet-4-6",
            "input": {
                "inputContentType": "application/json",
                "inputTokenCount": 7,
                "cacheReadInputTokenCount": 0,
                "cacheWriteInputTokenCount": 18779,
            },
            "output": {"outputContentType": "application/json", "outputTokenCount": 12},
            "identity": {"arn": "arn:aws:sts::111122223333:assumed-role/chat/session-17"},
            "inferenceRegion": "us-east-2",
            "schemaType": "ModelInvocationLog",
            "schemaVersion": "1.0",
        },
    )
)

SAMPLES: dict[str, bytes] = {
    "openai_usage": OPENAI_USAGE,
    "openai_usage.table": OPENAI_USAGE_TABLE,
    "openai_costs": OPENAI_COSTS,
    "openai_costs.table": OPENAI_COSTS_TABLE,
    "bedrock_invocation_log": BEDROCK_INVOCATION_LOG,
}
