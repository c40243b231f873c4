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

LITELLM_SPEND_LOGS = json.dumps(
    [
        {
            "request_id": "chatcmpl-34df56d5-4807-45c1-bb99-61e52586b802",
            "call_type": "acompletion",
            "api_key": "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
            "spend": 0.01935,
            "total_tokens": 12100,
            "prompt_tokens": 12000,
            "completion_tokens": 100,
            "startTime": "2026-11-01T10:00:00.000Z",
            "endTime": "2026-11-01T10:00:02.000Z",
            "completionStartTime": "2026-11-01T10:00:01.000Z",
            "model": "claude-opus-5-5",
            "model_id": "d1f2",
            "model_group": "opus",
            "custom_llm_provider": "anthropic",
            "api_base": "",
            "user": "default_user_id",
            "metadata": {
                "user_api_key_alias": "closer",
                "user_api_key_team_alias": "support",
                "status": "success",
                "usage_object": {
                    "prompt_tokens": 12000,
                    "completion_tokens": 100,
                    "total_tokens": 12100,
                    "prompt_tokens_details": {
                        "cached_tokens": 9000,
                        "cache_creation_tokens": 2000,
                        "cache_creation_token_details": {
                            "ephemeral_5m_input_tokens": 500,
                            "ephemeral_1h_input_tokens": 1500,
                        },
                        "text_tokens": 1000,
                    },
                    "cache_creation_input_tokens": 2000,
                    "cache_read_input_tokens": 9000,
                    "server_tool_use": {"web_search_requests": 2},
                    "inference_geo": "us",
                    "service_tier": "standard",
                },
                "additional_usage_values": {"cache_read_input_tokens": 9000},
            },
            "cache_hit": "False",
            "cache_key": "Cache OFF",
            "request_tags": ["nightly", "User-Agent: openai"],
            "team_id": "team-1",
            "organization_id": None,
            "end_user": "",
            "requester_ip_address": None,
            "messages": {},
            "response": {},
            "session_id": "a",
            "status": "success",
            "mcp_namespaced_tool_name": None,
            "proxy_server_request": {},
        },
        {
            "request_id": "chatcmpl-cafe",
            "call_type": "acompletion",
            "api_key": "99",
            "spend": 0.002,
            "total_tokens": 800,
            "prompt_tokens": 700,
            "completion_tokens": 100,
            "startTime": "2026-11-02T10:00:00.000Z",
            "endTime": "2026-11-02T10:00:02.000Z",
            "model": "gpt-5.4",
            "custom_llm_provider": "openai",
            "metadata": {
                "usage_object": {
                    "prompt_tokens": 700,
                    "completion_tokens": 100,
                    "prompt_tokens_details": {"cached_tokens": 600, "audio_tokens": 0},
                },
            },
            "cache_hit": "",
            "request_tags": [],
            "team_id": None,
            "end_user": "customer-7",
            "status": "success",
        },
    ]
).encode()

LITELLM_SPEND_LOGS_TABLE = b"""\
"request_id","call_type","api_key","spend","total_tokens","prompt_tokens","completion_tokens",\
"startTime","endTime","model","model_group","custom_llm_provider","user","metadata","cache_hit",\
"request_tags","team_id","end_user","status"
"r1","acompletion","k1","0.0102","1050","1000","50","2026-11-01 10:00:00.123",\
"2026-11-01 10:00:02.5","us.anthropic.claude-sonnet-4-6","sonnet","bedrock","u",\
"{""usage_object"": {""cache_read_input_tokens"": 800}}","False","[""a"", ""b""]","t1","","success"
"r2","acompletion","k1","0","1050","1000","50","2026-11-01 10:00:01","2026-11-01 10:00:02",\
"us.anthropic.claude-sonnet-4-6","sonnet","bedrock","u","{}","True","[]","t1","","success"
"""

LITELLM_DAILY_USERS = b"""\
id,user_id,date,api_key,model,model_group,custom_llm_provider,mcp_namespaced_tool_name,endpoint,\
prompt_tokens,completion_tokens,cache_read_input_tokens,cache_creation_input_tokens,\
compression_saved_tokens,spend,api_requests,successful_requests,failed_requests
a1,alice,2026-11-01,k1,claude-opus-5-5,opus,anthropic,,/chat/completions,12000,100,9000,2000,0,\
0.0193500000001,7,6,1
a2,bob,2026-11-02,k2,gemini-3-pro,pro,vertex_ai,,/chat/completions,700,50,0,0,12,0.002,2,2,0
"""

LITELLM_DAILY_TEAMS = LITELLM_DAILY_USERS.replace(b"user_id", b"team_id")


def _activity(
    spend: float, prompt: int, output: int, read: int = 0, write: int = 0, requests: int = 1
) -> dict[str, float]:
    """Metrics of LiteLLM's daily activity."""
    return {
        "spend": spend,
        "flat_cost": 0.0,
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": write,
        "compression_saved_tokens": 0,
        "total_tokens": prompt + output,
        "successful_requests": requests,
        "failed_requests": 0,
        "api_requests": requests,
    }


LITELLM_DAILY_ACTIVITY = json.dumps(
    {
        "results": [
            {
                "date": "2026-11-02",
                "metrics": _activity(0.5, 700, 50, requests=2),
                "breakdown": {
                    "models": {
                        "gpt-5.4": {
                            "metrics": _activity(0.5, 700, 50, requests=2),
                            "metadata": {},
                            "api_key_breakdown": {},
                        }
                    },
                    "providers": {"openai": {"metrics": _activity(0.5, 700, 50, requests=2)}},
                },
            },
            {
                "date": "2026-11-01",
                "metrics": _activity(1.25, 13000, 140, 9000, 2000, 8),
                "breakdown": {
                    "models": {
                        "anthropic/claude-opus-5-5": {
                            "metrics": _activity(1.0, 12000, 100, 9000, 2000, 6),
                            "metadata": {},
                            "api_key_breakdown": {
                                "88dc28": {
                                    "metrics": _activity(0.75, 10000, 80, 8000, 1500, 4),
                                    "metadata": {"key_alias": "closer", "team_id": "t1"},
                                },
                            },
                        }
                    },
                    "api_keys": {"88dc28": {"metrics": _activity(0.75, 10000, 80, 8000, 1500, 4)}},
                },
            },
        ],
        "metadata": {"total_spend": 1.75, "page": 1, "total_pages": 1, "has_more": False},
    }
).encode()

LANGFUSE_OBSERVATIONS = json.dumps(
    {
        "data": [
            {
                "id": "obs-agent",
                "traceId": "trace-1",
                "projectId": "proj-1",
                "type": "AGENT",
                "name": "closer",
                "startTime": "2026-11-01T10:00:00.000Z",
                "endTime": "2026-11-01T10:00:05.000Z",
                "parentObservationId": None,
                "level": "DEFAULT",
                "model": None,
                "usageDetails": {},
                "costDetails": {},
            },
            {
                "id": "obs-1",
                "traceId": "trace-1",
                "projectId": "proj-1",
                "type": "GENERATION",
                "name": "answer",
                "startTime": "2026-11-01T10:00:01.123Z",
                "endTime": "2026-11-01T10:00:04.000Z",
                "parentObservationId": "obs-agent",
                "level": "DEFAULT",
                "model": "claude-opus-5-5",
                "modelParameters": {"max_tokens": 1024},
                "usageDetails": {
                    "input": 20,
                    "cache_read_input_tokens": 9000,
                    "input_cache_creation_5m": 300,
                    "input_cache_creation_1h": 700,
                    "output": 150,
                    "total": 10170,
                },
                "costDetails": {"input": 0.00008, "output": 0.003, "total": 0.01198},
                "totalCost": 0.01198,
                "traceName": "support",
                "tags": ["prod"],
            },
            {
                "id": "obs-2",
                "traceId": "trace-2",
                "projectId": "proj-1",
                "type": "GENERATION",
                "name": "classify",
                "startTime": "2026-11-02T10:00:01.123Z",
                "parentObservationId": None,
                "model": "gpt-5.4-mini",
                "usageDetails": {
                    "input": 100,
                    "input_cached_tokens": 900,
                    "output": 5,
                    "output_reasoning_tokens": 45,
                    "total": 1050,
                },
                "costDetails": {"total": 0.0004},
            },
        ],
        "meta": {"page": 1, "limit": 50, "totalItems": 3, "totalPages": 1},
    }
).encode()

LANGFUSE_OBSERVATIONS_TABLE = b"""\
id,trace_id,project_id,environment,type,parent_observation_id,start_time,end_time,name,\
provided_model_name,usage_details,cost_details,total_cost,trace_name
o1,t1,proj-1,default,GENERATION,,2026-11-01 10:00:01.123,2026-11-01 10:00:02.000,answer,\
anthropic/claude-opus-5-5,"{""input"":20,""output"":150,""cache_read_input_tokens"":9000}",\
"{""total"":0.01198}",0.01198,support
o2,t1,proj-1,default,SPAN,o1,2026-11-01 10:00:01.123,,tool,,{},{},,support
"""


def _attributes(**values: str | int) -> list[dict[str, object]]:
    """Attributes as OTLP writes them; a double underscore stands for a full stop."""
    return [
        {
            "key": key.replace("__", "."),
            "value": {"intValue": str(v)} if isinstance(v, int) else {"stringValue": v},
        }
        for key, v in values.items()
    ]


OTEL_GENAI_SPANS = json.dumps(
    {
        "resourceSpans": [
            {
                "resource": {
                    "attributes": _attributes(
                        service__name="closer", deployment__environment__name="prod"
                    )
                },
                "scopeSpans": [
                    {
                        "scope": {"name": "opentelemetry.instrumentation.anthropic"},
                        "spans": [
                            {
                                "traceId": "5b8efff798038103d269b633813fc60c",
                                "spanId": "eee19b7ec3c1b174",
                                "parentSpanId": "",
                                "name": "invoke_agent closer",
                                "kind": 1,
                                "startTimeUnixNano": "1793527200000000000",
                                "endTimeUnixNano": "1793527205000000000",
                                "attributes": _attributes(
                                    gen_ai__operation__name="invoke_agent",
                                    gen_ai__usage__input_tokens=13000,
                                    gen_ai__usage__output_tokens=220,
                                ),
                                "status": {},
                            },
                            {
                                "traceId": "5b8efff798038103d269b633813fc60c",
                                "spanId": "eee19b7ec3c1b175",
                                "parentSpanId": "eee19b7ec3c1b174",
                                "name": "chat claude-opus-5-5",
                                "kind": 3,
                                "startTimeUnixNano": "1793527201000000000",
                                "endTimeUnixNano": "1793527202000000000",
                                "attributes": _attributes(
                                    gen_ai__operation__name="chat",
                                    gen_ai__provider__name="anthropic",
                                    gen_ai__request__model="claude-opus-5-5",
                                    gen_ai__response__model="claude-opus-5-5-20260901",
                                    gen_ai__usage__input_tokens=12000,
                                    gen_ai__usage__cache_read__input_tokens=9000,
                                    gen_ai__usage__cache_creation__input_tokens=2000,
                                    gen_ai__usage__output_tokens=150,
                                    server__address="api.anthropic.com",
                                ),
                                "status": {"code": 1},
                            },
                            {
                                "traceId": "5b8efff798038103d269b633813fc60c",
                                "spanId": "eee19b7ec3c1b176",
                                "parentSpanId": "eee19b7ec3c1b174",
                                "name": "chat us.anthropic.claude-sonnet-4-6",
                                "kind": "SPAN_KIND_CLIENT",
                                "startTimeUnixNano": "1793613600000000000",
                                "endTimeUnixNano": "1793613601000000000",
                                "attributes": _attributes(
                                    gen_ai__system="aws.bedrock",
                                    gen_ai__request__model="us.anthropic.claude-sonnet-4-6",
                                    gen_ai__response__model="claude-sonnet-4-6",
                                    gen_ai__usage__prompt_tokens=1000,
                                    gen_ai__usage__completion_tokens=70,
                                ),
                            },
                        ],
                    }
                ],
            }
        ]
    }
).encode()
"""1793527200 is 2026-11-01T10:00:00Z."""

HELICONE_REQUESTS = b"\n".join(
    json.dumps(request).encode()
    for request in (
        {
            "response_id": "5f0c",
            "response_created_at": "2026-11-01T10:00:02.000Z",
            "response_status": 200,
            "response_model": "claude-opus-5-5",
            "request_id": "9f1d8c4e-7c4a-4f0a-9a53-000000000001",
            "request_created_at": "2026-11-01T10:00:00.000Z",
            "request_path": "/v1/messages",
            "request_user_id": "user-1",
            "request_properties": {"app": "closer", "team": "support"},
            "request_model": "claude-opus-5-5",
            "model_override": None,
            "helicone_user": None,
            "provider": "ANTHROPIC",
            "delay_ms": 1200,
            "time_to_first_token": 300,
            "total_tokens": 1150,
            "prompt_tokens": 1000,
            "prompt_cache_write_tokens": 2000,
            "prompt_cache_read_tokens": 9000,
            "completion_tokens": 150,
            "reasoning_tokens": 0,
            "prompt_audio_tokens": None,
            "completion_audio_tokens": None,
            "cost": 0.0188,
            "costUSD": 0.0188,
            "country_code": "US",
            "properties": {"app": "closer", "team": "support"},
            "target_url": "api.anthropic.com/v1/messages",
            "model": "claude-opus-5-5",
            "cache_reference_id": "00000000-0000-0000-0000-000000000000",
            "cache_enabled": False,
            "storage_location": "s3",
        },
        {
            "response_id": "5f0d",
            "response_created_at": "2026-11-02 10:00:02.000",
            "response_status": 200,
            "response_model": "gpt-5.4-mini-2026-03-17",
            "request_id": "9f1d8c4e-7c4a-4f0a-9a53-000000000002",
            "request_created_at": "2026-11-02 10:00:00.000",
            "request_properties": None,
            "request_model": "gpt-5.4-mini",
            "provider": "OPENAI",
            "total_tokens": 175,
            "prompt_tokens": 100,
            "prompt_cache_write_tokens": 0,
            "prompt_cache_read_tokens": 900,
            "completion_tokens": 30,
            "reasoning_tokens": 45,
            "cost": 0.0004,
            "model": "gpt-5.4-mini-2026-03-17",
            "cache_reference_id": None,
        },
    )
)

HELICONE_REQUESTS_TABLE = b'''\
response_id,response_created_at,response_status,request_created_at,request_body,\
request_properties,request_user_id,model,prompt_tokens,completion_tokens,latency,cost
"5f0c","2026-11-01T10:00:02.000Z","200","2026-11-01T10:00:00.000Z",,\
"{""""app"""":""""closer""""}","user-1","gpt-5.4-mini","1000","150",,"0.0018"
"5f0d","2026-11-01T10:00:02.000Z","429","2026-11-01T10:00:00.000Z",,,,"gpt-5.4-mini",,,,
'''

OPENROUTER_ACTIVITY_TABLE = b"""\
Date,Slug,Usage,BYOK Usage,Requests,Prompt Tokens,Completion Tokens,Reasoning Tokens
"2026-11-01 00:00:00","anthropic/claude-opus-5.5","430.07","0","4115","70965665","3009973","0"
"2026-11-02 00:00:00","anthropic/claude-opus-5.5","505.87","1.5","4254","87199493","2795119","12"
"""

OPENROUTER_ACTIVITY = json.dumps(
    {
        "data": [
            {
                "date": "2026-11-01",
                "model": "openai/gpt-5.4",
                "model_permaslug": "openai/gpt-5.4-2026-03-05",
                "endpoint_id": "550e8400-e29b-41d4-a716-446655440000",
                "provider_name": "OpenAI",
                "usage": 0.015,
                "byok_usage_inference": 0,
                "requests": 5,
                "prompt_tokens": 5000,
                "completion_tokens": 125,
                "reasoning_tokens": 25,
                "cached_tokens": 3000,
            },
            {
                "date": "2026-11-02",
                "model": "openai/gpt-5.4",
                "model_permaslug": "openai/gpt-5.4-2026-03-05",
                "endpoint_id": "550e8400-e29b-41d4-a716-446655440000",
                "provider_name": "OpenAI",
                "usage": 0.025,
                "byok_usage_inference": 0.012,
                "requests": 6,
                "prompt_tokens": 6000,
                "completion_tokens": 225,
                "reasoning_tokens": 0,
                "cached_tokens": 0,
            },
        ]
    }
).encode()

OPENROUTER_GENERATIONS = b"""\
generation_id,created_at,cost_total,cost_web_search,cost_cache,cost_file_processing,\
byok_usage_inference,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,\
model_permaslug,provider_name,variant,cancelled,streamed,user,finish_reason_raw,\
finish_reason_normalized,generation_time_ms,time_to_first_token_ms,app_name,api_key_name
gen-1793527200-NEpXKqXYIDjS7TmNrT9j,2026-11-01 10:00:00.040,0.0123,0,-0.002,0,0,10389,137,37,\
8000,anthropic/claude-opus-5.5-20260901,Anthropic,standard,false,true,,end_turn,stop,2000,500,\
closer,prod
gen-1793527201-AAAAAAAAAAAAAAAAAAAA,2026-11-01 10:00:01.000,0.0001,0,0,0,0.5,100,10,0,0,\
openai/gpt-5.4-2026-03-05,OpenAI,standard,false,true,,stop,stop,900,300,,prod
"""


def _ccusage(**counts: int) -> dict[str, int]:
    names = ("inputTokens", "outputTokens", "cacheCreationTokens", "cacheReadTokens")
    return {name: counts.get(name, 0) for name in names}


CCUSAGE_DAILY = json.dumps(
    {
        "daily": [
            {
                "date": "2026-11-01",
                **_ccusage(
                    inputTokens=277,
                    outputTokens=31456,
                    cacheCreationTokens=512,
                    cacheReadTokens=1024,
                ),
                "totalTokens": 33269,
                "totalCost": 17.58,
                "modelsUsed": ["claude-opus-5-5", "claude-haiku-5-5"],
                "modelBreakdowns": [
                    {
                        "modelName": "claude-opus-5-5",
                        **_ccusage(
                            inputTokens=200,
                            outputTokens=30000,
                            cacheCreationTokens=512,
                            cacheReadTokens=1000,
                        ),
                        "cost": 17.5,
                    },
                    {
                        "modelName": "claude-haiku-5-5",
                        **_ccusage(inputTokens=77, outputTokens=1456, cacheReadTokens=24),
                        "cost": 0.08,
                    },
                ],
            },
            {
                "date": "2026-11-02",
                **_ccusage(inputTokens=959, outputTokens=39662),
                "totalTokens": 40621,
                "totalCost": 16.42,
                "modelsUsed": ["claude-opus-5-5"],
                "modelBreakdowns": [
                    {
                        "modelName": "claude-opus-5-5",
                        **_ccusage(inputTokens=959, outputTokens=39662),
                        "cost": 16.42,
                    }
                ],
            },
        ],
        "totals": {
            **_ccusage(
                inputTokens=1236,
                outputTokens=71118,
                cacheCreationTokens=512,
                cacheReadTokens=1024,
            ),
            "totalTokens": 73890,
            "totalCost": 34.0,
        },
    }
).encode()

SAMPLES: dict[str, bytes] = {
    "openai_usage": OPENAI_USAGE,
    "openai_costs": OPENAI_COSTS,
    "bedrock_invocation_log": BEDROCK_INVOCATION_LOG,
    "litellm_spend_logs": LITELLM_SPEND_LOGS,
    "litellm_daily_users": LITELLM_DAILY_USERS,
    "litellm_daily_teams": LITELLM_DAILY_TEAMS,
    "litellm_daily_organizations": LITELLM_DAILY_USERS.replace(b"user_id", b"organization_id"),
    "litellm_daily_end_users": LITELLM_DAILY_USERS.replace(b"user_id", b"end_user_id"),
    "litellm_daily_agents": LITELLM_DAILY_USERS.replace(b"user_id", b"agent_id"),
    "litellm_daily_global": LITELLM_DAILY_USERS.replace(b"user_id", b"updated_at"),
    "litellm_daily_activity": LITELLM_DAILY_ACTIVITY,
    "langfuse_observations": LANGFUSE_OBSERVATIONS,
    "otel_genai_spans": OTEL_GENAI_SPANS,
    "helicone_requests": HELICONE_REQUESTS,
    "openrouter_activity": OPENROUTER_ACTIVITY,
    "openrouter_generations": OPENROUTER_GENERATIONS,
    "ccusage_daily": CCUSAGE_DAILY,
}

OTHER_SYNTAXES: dict[str, bytes] = {
    "openai_usage": OPENAI_USAGE_TABLE,
    "openai_costs": OPENAI_COSTS_TABLE,
    "litellm_spend_logs": LITELLM_SPEND_LOGS_TABLE,
    "langfuse_observations": LANGFUSE_OBSERVATIONS_TABLE,
    "helicone_requests": HELICONE_REQUESTS_TABLE,
    "openrouter_activity": OPENROUTER_ACTIVITY_TABLE,
}
"""The same formats where a vendor writes them as a table too."""
