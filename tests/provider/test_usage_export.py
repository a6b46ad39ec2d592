import json
from pathlib import Path

import pytest

from omg.core.usage import Usage
from omg.provider.usage_export import read_export
from omg.provider.usage_report import Report, ReportFailed
from tests.provider.usage_server import result, seconds

CONSOLE = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,"
    "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
    "usage_output_tokens,web_search_count,inference_geo,speed\n"
)
REST = "claude-opus-5-5,key,Default,standard,≤ 200k,10,20,30,40,50,0,global,\n"
NOON = seconds("2026-11-20T12:00:00Z")
MIDNIGHT = seconds("2026-11-20T00:00:00Z")


def read(folder: Path, text: str | bytes) -> Report:
    path = folder / "usage"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_export(path)


def spans(report: Report) -> list[tuple[float, float, int]]:
    return [(bucket.start, bucket.end - bucket.start, len(bucket.rows)) for bucket in report.buckets]


def bucket(start: str, end: str) -> dict[str, object]:
    return {"starting_at": start, "ending_at": end, "results": [result("m", None, (1, 2, 3, 4, 5))]}


def test_the_consoles_columns(tmp_path: Path) -> None:
    report = read(tmp_path, CONSOLE + "2026-11-20," + REST)
    (day,) = report.buckets
    assert (day.start, day.end - day.start) == (MIDNIGHT, 86_400)
    assert (day.rows[0].model, day.rows[0].workspace) == ("claude-opus-5-5", "Default")
    assert day.rows[0].usage == Usage(plain=10, read=40, write_5m=20, write_1h=30, output=50)
    assert (report.named, report.notes) == (True, ())


@pytest.mark.parametrize(
    ("stamps", "width"),
    [
        (["2026-11-20 12:00", "2026-11-20 13:00"], 3600),
        (["2026-11-20T12:00:00Z"], 3600),
        (["2026-11-20 12:00:00 UTC", "2026-11-20 12:01:00 UTC"], 60),
        (["2026-11-20T14:00:00+02:00"], 3600),
    ],
)
def test_times_tell_how_wide_the_buckets_are(tmp_path: Path, stamps: list[str], width: int) -> None:
    report = read(tmp_path, CONSOLE + "".join(f"{stamp},{REST}" for stamp in stamps))
    assert spans(report)[0] == (NOON, width, 1)


def test_days_without_use_are_not_in_the_file_and_are_empty_here(tmp_path: Path) -> None:
    report = read(tmp_path, CONSOLE + f"2026-11-20,{REST}2026-11-23,{REST}")
    assert spans(report) == [
        (MIDNIGHT, 86_400, 1),
        (MIDNIGHT + 86_400, 2 * 86_400, 0),
        (MIDNIGHT + 3 * 86_400, 86_400, 1),
    ]


@pytest.mark.parametrize(
    "header",
    [
        "Date;Model;Uncached Input Tokens;Cache Read Input Tokens;Ephemeral 5m Input Tokens;"
        "Ephemeral 1h Input Tokens;Output Tokens",
        "starting_at\tmodel\tinput_tokens\tcache_read_tokens\tcache_write_5m_tokens\tcache_write_1h_tokens\toutput_tokens",
    ],
)
def test_other_spellings_of_the_columns(tmp_path: Path, header: str) -> None:
    cut = ";" if ";" in header else "\t"
    report = read(tmp_path, b"\xef\xbb\xbf" + f"{header}\r\n{cut.join(['2026-11-20', 'm', *'12345'])}\r\n".encode())
    assert report.buckets[0].rows[0].usage == Usage(1, 2, 3, 4, 5)


def test_thousands_may_be_set_apart_and_nothing_is_nought(tmp_path: Path) -> None:
    row = '2026-11-20,m,k,w,,,"1,234,567",,0,12.0,1_000,,,\n'
    assert read(tmp_path, CONSOLE + row).buckets[0].rows[0].usage == Usage(1_234_567, 12, 0, 0, 1000)


def test_what_is_not_understood_is_said(tmp_path: Path) -> None:
    header = CONSOLE.replace("web_search_count", "moon_phase")
    text = header + f"2026-11-20,{REST}Total,{REST}2026-11-20\n\n2026-11-20,{REST.replace('10', '1e3')}"
    report = read(tmp_path, text)
    assert spans(report) == [(MIDNIGHT, 86_400, 1)]
    columns, rows = report.notes
    assert columns.endswith("columns that were not understood: moon_phase")
    assert "3 rows were not understood and are left out, the first in line 3" in rows


@pytest.mark.parametrize("pages", [lambda data: {"data": data}, lambda data: [{"data": [one]} for one in data], list])
def test_json_in_pages_or_as_buckets_alone(tmp_path: Path, pages) -> None:  # type: ignore[no-untyped-def]
    data = [
        bucket("2026-11-20T12:01:00Z", "2026-11-20T12:02:00Z"),
        bucket("2026-11-20T12:00:00Z", "2026-11-20T12:01:00Z"),
    ]
    report = read(tmp_path, json.dumps(pages(data)))
    assert spans(report) == [(NOON, 60, 1), (NOON + 60, 60, 1)]
    assert (report.named, report.notes) == (False, ())


def test_a_first_page_alone_says_that_there_is_more(tmp_path: Path) -> None:
    data = [bucket("2026-11-20T12:00:00Z", "2026-11-20T12:01:00Z")]
    assert "not all pages" in read(tmp_path, json.dumps({"data": data, "has_more": True, "next_page": "p"})).notes[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        b"\xff\xfe\x00",
        "{",
        "[" * 100_000,
        '{"error": "x"}',
        "[1]",
        "[]",
        "just words",
        CONSOLE,
        "usage_date_utc,model,workspace,token_type,cost_usd\n2026-11-20,m,w,output,0.02\n",
        CONSOLE + "x" * 200_000 + "," + REST,
        '{"data": []}',
    ],
)
def test_garbage_is_told_in_one_line_that_names_the_file(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(ReportFailed, match=str(tmp_path)) as failed:
        read(tmp_path, text)
    assert "\n" not in str(failed.value)
    assert len(str(failed.value)) < 600


def test_a_file_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ReportFailed, match="cannot read"):
            read_export(path)
