"""A usage report from a file: JSON as the provider's API answers it, or the CSV that its console exports."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

from omg.core.usage import Usage
from omg.provider.errors import line
from omg.provider.usage_report import WIDTHS, Bucket, Report, ReportFailed, Row, Width, epoch, in_order, parse_page

Column = Literal["time", "model", "workspace_id", "workspace", "plain", "read", "write_5m", "write_1h", "output"]
_TOKENS: Mapping[Column, str] = {
    "plain": "uncached input",
    "read": "cache reads",
    "write_5m": "5-minute cache writes",
    "write_1h": "1-hour cache writes",
    "output": "output",
}
_NAMES: Mapping[str, Column] = {
    "model": "model",
    "model_version": "model",
    "model_name": "model",
    "model_id": "model",
    "workspace": "workspace",
    "workspace_name": "workspace",
    "workspace_id": "workspace_id",
}
_TIMES = ("date", "day", "hour", "minute", "time", "timestamp", "starting", "start")
_OF_NO_USE = frozenset(
    {
        *("api_key", "api_key_id", "api_key_name", "api_key_status", "usage_type", "service_tier", "context_window"),
        *("inference_geo", "speed", "web_search_count", "web_search_requests", "ending_at", "end_time"),
    }
)


def read_export(path: Path) -> Report:
    """The report in the file at `path`. Raises ReportFailed; what else was not understood is in its notes."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ReportFailed(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ReportFailed(f"cannot read {path}: it is not UTF-8 text") from error
    if not text.strip():
        raise ReportFailed(f"{path} is empty")
    try:
        return _from_json(text, path) if text.lstrip()[0] in "{[" else _from_csv(text, path)
    except ReportFailed as error:
        raise ReportFailed(f"{path}: {error}") from None


def _from_json(text: str, path: Path) -> Report:
    """One page of the API, several in a list, or the list of buckets alone."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReportFailed(line(f"this is no JSON: {error}")) from None
    pages = cast(list[object], value) if isinstance(value, list) else [value]
    if not any(isinstance(page, dict) and "data" in page for page in pages):
        pages = [{"data": pages}]
    buckets: list[Bucket] = []
    more: str | None = None
    for page in pages:
        found, more = parse_page(json.dumps(page))
        buckets += found
    notes = (f"{path} has not all pages of the report: the last one in it names another",) if more else ()
    return Report(in_order(buckets), str(path), notes)


@dataclass(frozen=True, slots=True)
class _Timed:
    """A row of the table: its time, and whether that names an hour and a minute."""

    at: datetime
    precise: bool
    row: Row


def _from_csv(text: str, path: Path) -> Report:
    lines = text.lstrip().splitlines()
    try:
        names, *table = csv.reader(lines, delimiter=max(",;\t", key=lines[0].count))
    except csv.Error as error:
        raise ReportFailed(f"this is no CSV: {error}") from None
    columns, unused = _columns(names)
    timed, bad = _read_rows(table, columns)
    notes = [f"{path}: columns that were not understood: {', '.join(unused)}"] if unused else []
    if bad:
        notes.append(line(f"{path}: {len(bad)} rows were not understood and are left out, the first in {bad[0]}"))
    width = _width(timed)
    buckets = in_order(_bucket(one, WIDTHS[width]) for one in timed)
    return Report(buckets, f"{path}, by {width}", tuple(notes), named="workspace_id" not in columns)


def _columns(header: list[str]) -> tuple[dict[Column, int], list[str]]:
    """Where each column stands, and the names that say nothing to us. Raises ReportFailed where one is missing."""
    found: dict[Column, int] = {}
    unused: list[str] = []
    for place, name in enumerate(header):
        plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        column = _column(plain)
        if column is not None and column not in found:
            found[column] = place
        elif plain and plain not in _OF_NO_USE:
            unused.append(name.strip())
    missing = [what for column, what in {"time": "the time", **_TOKENS}.items() if column not in found]
    if missing:
        raise ReportFailed(
            line(
                f"no column tells {', '.join(missing)} (there are: {', '.join(header)});"
                " export token usage, not cost, from the Console's usage page"
            )
        )
    return found, unused


def _column(name: str) -> Column | None:
    """What a column holds, by the words of its name: the console's own, the API's, and their like."""
    if name in _NAMES or name in _OF_NO_USE:
        return _NAMES.get(name)
    words = set(name.split("_"))
    if "tokens" in words:
        return _tokens(words)
    return "time" if words & set(_TIMES) else None


def _tokens(words: set[str]) -> Column | None:
    if "output" in words:
        return "output"
    if "5m" in words:
        return "write_5m"
    if "1h" in words:
        return "write_1h"
    if "read" in words:
        return "read"
    cached = bool(words & {"cache", "cached"}) and "no" not in words
    return "plain" if "input" in words and not cached else None


def _read_rows(table: Iterable[list[str]], columns: Mapping[Column, int]) -> tuple[list[_Timed], list[str]]:
    """(the rows, what is wrong with those that cannot be read)."""
    timed: list[_Timed] = []
    bad: list[str] = []
    for number, cells in enumerate(table, 2):
        if not any(cell.strip() for cell in cells):
            continue
        try:
            timed.append(_timed({column: cells[place].strip() for column, place in columns.items()}))
        except IndexError:
            bad.append(f"line {number}: it is too short")
        except ValueError as error:
            bad.append(f"line {number}: {error}")
    return timed, bad


def _timed(cells: Mapping[Column, str]) -> _Timed:
    stamp = cells["time"].removesuffix("UTC").strip()
    usage = Usage(*(_count(cells[column]) for column in _TOKENS))
    workspace = cells.get("workspace_id", cells.get("workspace")) or None
    return _Timed(datetime.fromisoformat(stamp), len(stamp) > 10, Row(cells.get("model") or None, workspace, usage))


def _count(cell: str) -> int:
    """A number of tokens; thousands may be set apart."""
    digits = re.sub(r"(?<=\d)[,_  ](?=\d{3})", "", cell)
    if not re.fullmatch(r"\d*(\.0*)?", digits):
        raise ValueError(f"{cell!r} is not a number of tokens")
    return int(digits.partition(".")[0] or 0)


def _width(timed: list[_Timed]) -> Width:
    """The buckets' width, which the file does not tell: what its times are exact to."""
    if not any(one.precise for one in timed):
        return "1d"
    return "1m" if any(one.at.minute for one in timed) else "1h"


def _bucket(one: _Timed, step: int) -> Bucket:
    start = epoch(one.at) // step * step
    return Bucket(start, start + step, (one.row,))
