"""The provider's usage report: the tokens it has counted, by time bucket, model, workspace and class."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol
from urllib.parse import urlencode

from omg.core.trouble import Trouble
from omg.core.usage import Usage
from omg.provider.errors import line, of_connection, of_status
from omg.provider.profiles import ADMIN
from omg.provider.transport import ConnectionFailed, StatusFailed

# All below: "Usage and Cost API" and the reference of `usage_report/messages`, platform.claude.com, August 2026.
PATH = "/v1/organizations/usage_report/messages"
VERSION = "2023-06-01"
LAG_SECONDS = 300.0
"""Usage shows in the report within about this time."""

Width = Literal["1m", "1h", "1d"]
WIDTHS: Mapping[Width, int] = {"1m": 60, "1h": 3600, "1d": 86_400}
"""Seconds of a bucket. Buckets begin at whole minutes, hours and days, UTC."""
_LIMITS: Mapping[Width, int] = {"1m": 1440, "1h": 168, "1d": 31}
"""The most buckets that a page may hold."""
_FINE_DAYS: Mapping[Width, int] = {"1m": 2, "1h": 21}
"""Days up to which a width is asked for: three pages at most. Ours."""

_TRIES = 3
_LONGEST_WAIT = 60.0

Sleep = Callable[[float], Awaitable[None]]


class ReportFailed(Trouble):
    """No usage report can be had, or it is not one. One line, with what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """What was used in one bucket. `model` is None in a report that does not tell models apart; `workspace` likewise,
    and for the default workspace, which has no id."""

    model: str | None
    workspace: str | None
    usage: Usage


@dataclass(frozen=True, slots=True)
class Bucket:
    """A span of time, `start` included and `end` not: seconds, UTC epoch."""

    start: float
    end: float
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Buckets in order, with no time between them left out."""

    buckets: tuple[Bucket, ...]
    source: str
    """Where it is from, for people."""
    notes: tuple[str, ...] = ()
    """What was not understood of it."""
    named: bool = False
    """Whether workspaces are told by name and not by id."""

    @property
    def start(self) -> float:
        return self.buckets[0].start

    @property
    def end(self) -> float:
        return self.buckets[-1].end


class Getter(Protocol):
    """What carries a GET: see `omg.provider.sdk.SdkTransport.get`."""

    async def get(self, path: str, headers: Mapping[str, str]) -> str: ...


def width_for(start: float, end: float) -> Width:
    """The finest bucket width that reports this span in few pages."""
    days = (end - start) / 86_400
    for width, most in _FINE_DAYS.items():
        if days <= most:
            return width
    return "1d"


async def fetch(getter: Getter, endpoint: str, start: float, end: float, *, sleep: Sleep = asyncio.sleep) -> Report:
    """The report from `start` to `end` in the finest fitting buckets, by model and workspace. Raises ReportFailed.

    It is asked for once: nothing here polls, because the provider wants no more than one request a minute from who
    does. The pages of one report follow each other at once, which it allows. A page that fails for a passing reason
    is asked for again, twice at most, and never when the provider wants more than a minute's wait.
    """
    width = width_for(start, end)
    query = _query(width, start, end)
    buckets: list[Bucket] = []
    seen: set[str] = set()
    page: str | None = None
    while True:
        text = await _page(getter, endpoint, query + ([("page", page)] if page else []), sleep)
        found, page = parse_page(text)
        buckets += found
        if page is None:
            break
        if page in seen:
            raise ReportFailed("the usage report repeats its pages: try again later")
        seen.add(page)
    return Report(in_order(buckets), f"{endpoint}, by {width}")


def _query(width: Width, start: float, end: float) -> list[tuple[str, str]]:
    # One bucket more than is needed: the reference does not say whether the last may end at `ending_at` itself.
    step = WIDTHS[width]
    first, last = start // step * step, (end // step + 2) * step
    return [
        ("starting_at", _rfc3339(first)),
        ("ending_at", _rfc3339(last)),
        ("bucket_width", width),
        ("group_by[]", "model"),
        ("group_by[]", "workspace_id"),
        ("limit", str(_LIMITS[width])),
    ]


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _page(getter: Getter, endpoint: str, query: Sequence[tuple[str, str]], sleep: Sleep) -> str:
    for tried in range(1, _TRIES + 1):
        try:
            return await getter.get(f"{PATH}?{urlencode(query)}", {"anthropic-version": VERSION})
        except StatusFailed as failed:
            error = of_status(failed, ADMIN, endpoint)
            if failed.status == 404:
                raise ReportFailed(f"{endpoint} serves no usage report: export it and use --file") from None
        except ConnectionFailed as failed:
            error = of_connection(failed, ADMIN, endpoint)
        wait = 2.0**tried if error.retry_after is None else error.retry_after
        if not error.retryable or tried == _TRIES or wait > _LONGEST_WAIT:
            raise ReportFailed(f"no usage report: {error}")
        await sleep(wait)
    raise AssertionError("the last try returns or raises")


@dataclass(frozen=True)
class _Creation:
    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int


@dataclass(frozen=True)
class _Result:
    uncached_input_tokens: int
    cache_read_input_tokens: int
    cache_creation: _Creation
    output_tokens: int
    model: str | None = None
    workspace_id: str | None = None


@dataclass(frozen=True)
class _Bucket:
    starting_at: datetime
    ending_at: datetime
    results: list[_Result]


@dataclass(frozen=True)
class _Page:
    data: list[_Bucket]
    has_more: bool = False
    next_page: str | None = None


def parse_page(text: str | bytes) -> tuple[list[Bucket], str | None]:
    """(the buckets of one page, the token of the next one). Raises ReportFailed where it is of another shape."""
    from pydantic import TypeAdapter, ValidationError

    try:
        page = TypeAdapter(_Page).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise ReportFailed(line(f"this is no usage report: {where}: {first['msg']}")) from None
    if page.has_more and not page.next_page:
        raise ReportFailed("the usage report says that it has more pages, and not which")
    return [_bucket(bucket) for bucket in page.data], page.next_page if page.has_more else None


def _bucket(bucket: _Bucket) -> Bucket:
    return Bucket(epoch(bucket.starting_at), epoch(bucket.ending_at), tuple(map(_row, bucket.results)))


def _row(result: _Result) -> Row:
    written = result.cache_creation
    counts = (
        result.uncached_input_tokens,
        result.cache_read_input_tokens,
        written.ephemeral_5m_input_tokens,
        written.ephemeral_1h_input_tokens,
        result.output_tokens,
    )
    if min(counts) < 0:
        raise ReportFailed(f"this is no usage report: {min(counts)} tokens")
    return Row(result.model, result.workspace_id, Usage(*counts))


def epoch(when: datetime) -> float:
    """Seconds, UTC epoch; a time that names no zone is in UTC, as all of the provider's are."""
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def in_order(buckets: Iterable[Bucket]) -> tuple[Bucket, ...]:
    """`buckets` by time, same ones put together, time between them filled with an empty one. Raises ReportFailed."""
    ordered: list[Bucket] = []
    for bucket in sorted(buckets, key=lambda bucket: bucket.start):
        last = ordered[-1] if ordered else None
        if bucket.end <= bucket.start:
            raise ReportFailed(f"the usage report has a bucket that ends before it begins, at {_rfc3339(bucket.start)}")
        if last is not None and (last.start, last.end) == (bucket.start, bucket.end):
            ordered[-1] = Bucket(last.start, last.end, last.rows + bucket.rows)
            continue
        if last is not None and bucket.start < last.end:
            raise ReportFailed(f"the usage report has buckets that overlap, at {_rfc3339(bucket.start)}")
        if last is not None and last.end < bucket.start:
            ordered.append(Bucket(last.end, bucket.start))
        ordered.append(bucket)
    if not ordered:
        raise ReportFailed("the usage report is empty")
    return tuple(ordered)
