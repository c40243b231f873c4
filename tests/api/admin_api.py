"""A server on this machine that speaks the protocol of Anthropic's Admin API, and its faults.

It follows the published reference: paths, headers, parameters and their limits, grouping (what
was not asked for is null), page tokens, the shape of errors. Usage is a fixed function of the day.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KEY = "sk-ant-admin01-0123456789-never-shown"
WIDTHS = {"1m": (timedelta(minutes=1), 60, 1440), "1h": (timedelta(hours=1), 24, 168)}
WIDTHS["1d"] = (timedelta(days=1), 7, 31)
USAGE_GROUPS = {
    *("account_id", "api_key_id", "context_window", "inference_geo", "model"),
    *("service_account_id", "service_tier", "speed", "workspace_id"),
}
COST_GROUPS = {"workspace_id", "description"}


@dataclass
class Asked:
    """One request that came in."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]


@dataclass
class Reply:
    """An answer; `cut` leaves out that many bytes of the body that it declares."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    delay_seconds: float = 0.0
    drip_seconds: float = 0.0


Fault = Callable[[Asked, Reply], Reply]


class AdminApiServer:
    """The server; a context manager. `faults[n]` changes the answer to request n, from 0."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: dict[int, Fault] = {}
        self.always: Fault | None = None
        self.now = datetime.now(UTC)
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, *_: object) -> None:
                return

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._gone = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> AdminApiServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._gone.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        asked = Asked(parts.path, parse_qs(parts.query, keep_blank_values=True), headers)
        number = len(self.asked)
        self.asked.append(asked)
        reply = respond(asked)
        reply.headers.setdefault("content-type", "application/json")
        reply.headers.setdefault("date", format_datetime(self.now, usegmt=True))
        fault = self.faults.get(number, self.always)
        if fault is not None:
            reply = fault(asked, reply)
        self._gone.wait(reply.delay_seconds)
        self._send(handler, reply)

    def _send(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        try:
            handler.send_response_only(reply.status)
            for name, value in reply.headers.items():
                handler.send_header(name, value)
            handler.send_header("content-length", str(len(reply.body)))
            handler.end_headers()
            body = reply.body[: len(reply.body) - reply.cut]
            if reply.drip_seconds:
                for byte in body:
                    handler.wfile.write(bytes([byte]))
                    handler.wfile.flush()
                    if self._gone.wait(reply.drip_seconds):
                        break
            else:
                handler.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass
        if reply.cut:
            handler.close_connection = True


def error(status: int, kind: str, message: str, **headers: str) -> Reply:
    """An error in the shape that the API gives it."""
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    return Reply(status, json.dumps(body).encode(), dict(headers))


def respond(asked: Asked) -> Reply:
    """Answer as the API does."""
    if asked.headers.get("x-api-key") != KEY:
        return error(401, "authentication_error", "invalid x-api-key")
    if asked.headers.get("anthropic-version") != "2023-06-01":
        return error(400, "invalid_request_error", "anthropic-version: header is required")
    usage = asked.path == "/v1/organizations/usage_report/messages"
    if not usage and asked.path != "/v1/organizations/cost_report":
        return error(404, "not_found_error", "Not found")
    groups = asked.query.get("group_by[]", [])
    width = asked.query.get("bucket_width", ["1d"])[0]
    length, default, most = WIDTHS[width] if usage else WIDTHS["1d"]
    limit = int(asked.query.get("limit", [default])[0])
    if not 1 <= limit <= most:
        return error(400, "invalid_request_error", f"limit: must be at most {most}")
    for group in groups:
        if group not in (USAGE_GROUPS if usage else COST_GROUPS):
            return error(400, "invalid_request_error", f"group_by[]: unknown value {group}")
    beta = asked.headers.get("anthropic-beta", "")
    if "speed" in groups and "fast-mode-2026-02-01" not in beta:
        return error(400, "invalid_request_error", "group_by[]: speed needs a beta header")
    start = datetime.fromisoformat(asked.query["starting_at"][0])
    end = datetime.fromisoformat(asked.query["ending_at"][0])
    if "page" in asked.query:
        token = asked.query["page"][0].removeprefix("page_")
        start = datetime.fromisoformat(base64.b64decode(token).decode())
    return Reply(200, json.dumps(page(start, end, length, limit, usage, groups)).encode())


def page(
    start: datetime, end: datetime, length: timedelta, limit: int, usage: bool, groups: list[str]
) -> dict[str, object]:
    """One page of buckets."""
    buckets, at = [], start
    while at < end and len(buckets) < limit:
        results = usage_results(at, groups) if usage else cost_results(at, groups)
        buckets.append({"starting_at": iso(at), "ending_at": iso(at + length), "results": results})
        at += length
    more = at < end
    token = "page_" + base64.b64encode(iso(at).encode()).decode() if more else None
    return {"data": buckets, "has_more": more, "next_page": token}


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def tokens(at: datetime, model: int) -> int:
    """Output tokens of a bucket; no two days are alike."""
    return 1000 + 10 * (at.toordinal() % 1000) + model


def usage_results(at: datetime, groups: list[str]) -> list[dict[str, object]]:
    if at.day % 7 == 0:
        return []
    return [
        {
            "uncached_input_tokens": 5 * tokens(at, n),
            "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 7},
            "cache_read_input_tokens": 11,
            "output_tokens": tokens(at, n),
            "server_tool_use": {"web_search_requests": 0},
            **dict.fromkeys(sorted(USAGE_GROUPS)),
            **{group: value for group, value in dimensions(n).items() if group in groups},
        }
        for n in range(2)
    ]


def dimensions(n: int) -> dict[str, object]:
    return {
        "api_key_id": f"apikey_{n}",
        "workspace_id": None,
        "model": ("claude-opus-5-5", "claude-haiku-5-5")[n],
        "service_tier": ("standard", "batch")[n],
        "context_window": "0-200k",
        "inference_geo": "global",
        "speed": "standard",
        "service_account_id": None,
        "account_id": "user_1",
    }


def cost_results(at: datetime, groups: list[str]) -> list[dict[str, object]]:
    by_description = "description" in groups
    named = {
        "description": "Claude Opus 5.5 Usage - Output Tokens",
        "cost_type": "tokens",
        "model": "claude-opus-5-5",
        "service_tier": "standard",
        "token_type": "output_tokens",
        "context_window": "0-200k",
        "inference_geo": "global",
    }
    return [
        {
            "amount": f"{tokens(at, 0)}.78912",
            "currency": "USD",
            "workspace_id": None,
            **{name: value if by_description else None for name, value in named.items()},
        }
    ]
