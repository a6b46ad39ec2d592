"""A loopback server of the published usage report: buckets with their empty ones, pages, groups, keys and failures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

STEPS = {"1m": 60, "1h": 3600, "1d": 86_400}
MOST = {"1m": 1440, "1h": 168, "1d": 31}
ADMIN_KEY = "sk-ant-admin01-of-a-test"

Used = tuple[int, int, int, int, int]
"""Tokens: uncached input, read, 5m and 1h writes, output."""


@dataclass
class UsageServer:
    """`used` is what was billed: (at, model, workspace, tokens). `failures` are answered first: (status, headers)."""

    used: list[tuple[float, str, str | None, Used]] = field(default_factory=list)
    failures: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    page_size: int = 1440
    url: str = ""

    def answer(self, path: str, key: str) -> tuple[int, dict[str, str], dict[str, Any]]:
        parts = urlsplit(path)
        if key != f"Bearer {ADMIN_KEY}":
            return 401, {}, error("authentication_error", "invalid x-api-key")
        if parts.path != "/v1/organizations/usage_report/messages":
            return 404, {}, error("not_found_error", "Not found")
        query = parse_qs(parts.query)
        self.asked.append(query)
        if self.failures:
            status, headers = self.failures.pop(0)
            return status, headers, error("api_error", "Internal server error")
        width = query["bucket_width"][0]
        if int(query["limit"][0]) > MOST[width]:
            return 400, {}, error("invalid_request_error", f"limit: at most {MOST[width]} for {width}")
        return 200, {}, self.page(query, STEPS[width])

    def page(self, query: dict[str, list[str]], step: int) -> dict[str, Any]:
        first, last = seconds(query["starting_at"][0]) // step * step, seconds(query["ending_at"][0])
        starts = [at for at in range(int(first), int(last), step) if at + step <= last]
        begin = int(query.get("page", ["page_0"])[0].removeprefix("page_"))
        end = begin + min(self.page_size, int(query["limit"][0]))
        more = end < len(starts)
        return {
            "data": [self.bucket(at, step, query.get("group_by[]", [])) for at in starts[begin:end]],
            "has_more": more,
            "next_page": f"page_{end}" if more else None,
        }

    def bucket(self, start: int, step: int, groups: list[str]) -> dict[str, Any]:
        sums: dict[tuple[str | None, str | None], list[int]] = {}
        for at, model, workspace, used in self.used:
            if start <= at < start + step:
                key = (model if "model" in groups else None, workspace if "workspace_id" in groups else None)
                sums[key] = [one + other for one, other in zip(sums.get(key, [0] * 5), used, strict=True)]
        results = [result(model, workspace, tuple(counts)) for (model, workspace), counts in sums.items()]  # pyright: ignore
        return {"starting_at": rfc3339(start), "ending_at": rfc3339(start + step), "results": results}


def result(model: str | None, workspace: str | None, used: Used) -> dict[str, Any]:
    """A row as the reference shows it, with the dimensions that were not asked for."""
    return {
        "uncached_input_tokens": used[0],
        "cache_creation": {"ephemeral_1h_input_tokens": used[3], "ephemeral_5m_input_tokens": used[2]},
        "cache_read_input_tokens": used[1],
        "output_tokens": used[4],
        "server_tool_use": {"web_search_requests": 0},
        "api_key_id": None,
        "workspace_id": workspace,
        "model": model,
        "service_tier": None,
        "context_window": None,
        "inference_geo": None,
    }


def error(kind: str, words: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": words}, "request_id": "req_1"}


def seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def usage_server() -> Iterator[UsageServer]:
    state = UsageServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, value = state.answer(self.path, self.headers.get("authorization", ""))
            body = json.dumps(value).encode()
            self.send_response(status)
            for name, text in {"content-type": "application/json", "content-length": str(len(body)), **headers}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on standard error: tests read it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
