"""What a failed call becomes: one ProviderError, in the provider's words, with what to do."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from html import unescape
from typing import cast

from omg.provider.profiles import OFFLINE, Profile
from omg.provider.protocol import Failure, ProviderError
from omg.provider.transport import ConnectionFailed, StatusFailed

_LONGEST = 300
_READ = 20_000  # of a body of any size, to find words in

# How servers say that a prompt does not fit its window: Anthropic's words first, then those of engines behind it.
_CONTEXT_FULL = re.compile(
    r"prompt is too long|exceeds? (the |your )?(model's )?(maximum )?context|context[ _](length|window) ?exceeded"
    r"|context_length_exceeded|exceed context limit|maximum context length|exceeds the available context",
    re.IGNORECASE,
)
_KEY = re.compile(r"\bsk-[\w\-.*]{6,}|(?<=Bearer )[\w\-.=+/]{16,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOT_WORDS = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)

# The `type` of an error in the middle of a stream, as the status it would have had (errors docs, August 2026).
_STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


@dataclass(frozen=True, slots=True)
class _Told:
    """What an error body says."""

    words: str
    type: str = ""
    code: str = ""
    request_id: str | None = None


def of_status(failed: StatusFailed, profile: Profile, endpoint: str) -> ProviderError:
    """A status other than 200. `x-should-retry` decides whether to try again, where it is sent."""
    told = _told(failed.body)
    headers = failed.headers
    failure, retryable = _classify(failed.status, told)
    should = headers.get("x-should-retry", "").strip().lower()
    if should in ("true", "false"):
        retryable = should == "true"
    words = told.words or f"status {failed.status}, and no words"
    return ProviderError(
        failure,
        line(f"{words}{_advice(failure, failed.status, profile, endpoint)}"),
        status=failed.status,
        retryable=retryable,
        retry_after=retry_after(headers),
        request_id=headers.get("request-id") or told.request_id,
    )


def of_event(data: str, request_id: str | None) -> ProviderError:
    """An `error` event in the middle of a stream. Types nobody knows are taken for a passing trouble."""
    told = _told(data)
    status = _STATUS_OF_TYPE.get(told.type)
    failure, retryable = ("unavailable", True) if status is None else _classify(status, told)
    return ProviderError(
        failure,
        line(f"the reply broke off: {told.words or told.type or 'the provider gave no reason'}"),
        status=status,
        retryable=retryable,
        request_id=request_id or told.request_id,
    )


def of_connection(failed: ConnectionFailed, profile: Profile, endpoint: str) -> ProviderError:
    """No connection, or one that was lost."""
    check = "check the network" if profile.needs_key else f"check that {profile.name} is running"
    if endpoint != profile.base_url:
        check = "check that ANTHROPIC_BASE_URL is right and its server is running"
    hint = "" if endpoint == OFFLINE else f" ({endpoint}; {check})"
    return ProviderError("network", line(f"{failed}{hint}"), retryable=True)


def cut(reason: str, request_id: str | None = None) -> ProviderError:
    """A stream that ended without `message_stop`."""
    return ProviderError("cut", line(reason), retryable=True, request_id=request_id)


def garbled(reason: str, request_id: str | None = None) -> ProviderError:
    """A stream that is no Messages stream, or whose data is broken."""
    return ProviderError("unavailable", line(f"the provider sent {reason}"), retryable=True, request_id=request_id)


def line(text: str) -> str:
    """`text` as one line without control characters and keys, cut to a length that can be read."""
    flat = _KEY.sub("[key]", " ".join(_CONTROL.sub(" ", text[:_READ]).split()))
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `retry-after` (seconds or a date); None if not told."""
    milliseconds = _seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    told = headers.get("retry-after")
    seconds = _seconds(told)
    if seconds is not None or told is None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _seconds(text: str | None) -> float | None:
    number = re.fullmatch(r"\s*(\d{1,9}(\.\d*)?)\s*", text or "")
    return float(number.group(1)) if number else None


def _classify(status: int, told: _Told) -> tuple[Failure, bool]:
    """(failure, whether to try again)."""
    if status in (400, 422) and _CONTEXT_FULL.search(f"{told.words} {told.code}"):
        return "context_full", False
    if status in (401, 403):
        return "auth", False
    if status == 413:
        return "too_large", False
    if status == 429:
        return "limited", told.code != "enforced_spend_limit_reached"
    if status in (408, 409) or status >= 500:
        return "unavailable", True
    return "refused", False


def _advice(failure: Failure, status: int, profile: Profile, endpoint: str) -> str:
    if failure == "auth":
        return f" (set {' or '.join(profile.key_variables) or 'a key'} for {profile.name})"
    if status == 404:
        return f" (from {endpoint}: is the model's name right? --model or OMG_MODEL sets it)"
    return ""


def _told(body: str) -> _Told:
    """The words in an error body: Anthropic's shape, its many cousins, a page of HTML, or plain text."""
    try:
        parsed: object = json.loads(body)
    except (ValueError, RecursionError):
        return _Told(line(unescape(_NOT_WORDS.sub(" ", body[:_READ]))))
    if isinstance(parsed, str):
        return _Told(line(parsed))
    top = _fields(parsed)
    inner = top.get("error")
    error = _fields(inner) or top
    details = _fields(error.get("details"))
    return _Told(
        words=_first(error.get("message"), inner, top.get("message"), top.get("detail")),
        type=_first(error.get("type")),
        code=_first(details.get("error_code"), error.get("code")),
        request_id=_first(top.get("request_id")) or None,
    )


def _fields(value: object) -> Mapping[str, object]:
    return cast(Mapping[str, object], value) if isinstance(value, dict) else {}


def _first(*candidates: object) -> str:
    return next((line(found) for found in candidates if isinstance(found, str) and found.strip()), "")
