import json
from collections.abc import Iterator

import pytest

from omg.core.usage import Usage
from omg.provider.sdk import SdkTransport, Secret
from omg.provider.usage_report import Bucket, Report, ReportFailed, Row, fetch, in_order, parse_page, width_for
from tests.provider.usage_server import ADMIN_KEY, UsageServer, result, usage_server

NOON = 1_795_003_200.0 // 86_400 * 86_400 + 43_200
DAY = 86_400.0


@pytest.fixture
def server() -> Iterator[UsageServer]:
    with usage_server() as state:
        yield state


async def got(server: UsageServer, start: float, end: float, waits: list[float] | None = None) -> Report:
    async def sleep(seconds: float) -> None:
        (waits if waits is not None else []).append(seconds)

    transport = SdkTransport(server.url, Secret(api_key=ADMIN_KEY))
    try:
        return await fetch(transport, server.url, start, end, sleep=sleep)
    finally:
        await transport.close()


def rows(report: Report) -> list[tuple[float, Row]]:
    return [(bucket.start, row) for bucket in report.buckets for row in bucket.rows]


async def test_every_class_lands_in_its_own_and_the_default_workspace_is_none(server: UsageServer) -> None:
    server.used = [(NOON + 5, "claude-opus-5-5", None, (1, 2, 3, 4, 5)), (NOON + 61, "m", "wrkspc_1", (6, 0, 0, 0, 7))]
    report = await got(server, NOON, NOON + 100)
    assert rows(report) == [
        (NOON, Row("claude-opus-5-5", None, Usage(1, 2, 3, 4, 5))),
        (NOON + 60, Row("m", "wrkspc_1", Usage(6, 0, 0, 0, 7))),
    ]


async def test_the_whole_time_is_covered_by_buckets_empty_ones_too(server: UsageServer) -> None:
    report = await got(server, NOON + 59, NOON + 120)
    assert report.start <= NOON
    assert report.end > NOON + 120
    assert {bucket.end - bucket.start for bucket in report.buckets} == {60}


async def test_it_is_asked_for_by_model_and_workspace_in_the_finest_buckets_that_fit(server: UsageServer) -> None:
    await got(server, NOON, NOON + 60)
    (query,) = server.asked
    assert query["group_by[]"] == ["model", "workspace_id"]
    assert (query["bucket_width"], query["limit"]) == (["1m"], ["1440"])
    assert (width_for(0, 2 * DAY), width_for(0, 2 * DAY + 1)) == ("1m", "1h")
    assert (width_for(0, 21 * DAY), width_for(0, 21 * DAY + 1)) == ("1h", "1d")


@pytest.mark.parametrize("days", [1, 2, 20, 90])
async def test_pages_are_followed_to_the_last_for_any_length_of_session(server: UsageServer, days: int) -> None:
    ends = NOON + days * DAY
    server.used = [(NOON, "m", None, (1, 0, 0, 0, 0)), (ends, "m", None, (2, 0, 0, 0, 0))]
    report = await got(server, NOON, ends)
    assert [row.usage.plain for _, row in rows(report)] == [1, 2]
    assert 1 <= len(server.asked) <= 4


async def test_many_small_pages_make_one_report(server: UsageServer) -> None:
    server.page_size = 7
    server.used = [(NOON + 60 * n, "m", None, (n, 0, 0, 0, 0)) for n in range(30)]
    report = await got(server, NOON, NOON + 30 * 60)
    assert [row.usage.plain for _, row in rows(report)] == list(range(30))
    assert [query.get("page") for query in server.asked][:3] == [None, ["page_7"], ["page_14"]]


async def test_a_passing_failure_is_waited_out_as_long_as_the_provider_says(server: UsageServer) -> None:
    waits: list[float] = []
    server.failures = [(429, {"retry-after": "7"}), (529, {})]
    await got(server, NOON, NOON + 60, waits)
    assert waits == [7, 4]


@pytest.mark.parametrize(
    ("failures", "asked"),
    [([(500, {})] * 9, 3), ([(429, {"retry-after": "61"})], 1), ([(400, {})], 1)],
    ids=["three times", "a wait of more than a minute", "its own fault"],
)
async def test_it_gives_up_in_one_line(
    server: UsageServer, failures: list[tuple[int, dict[str, str]]], asked: int
) -> None:
    server.failures = failures
    with pytest.raises(ReportFailed, match=r"^no usage report: Internal server error") as failed:
        await got(server, NOON, NOON + 60)
    assert len(server.asked) == asked
    assert "\n" not in str(failed.value)


async def test_a_key_that_is_no_admin_key_is_told_what_is_needed(server: UsageServer) -> None:
    transport = SdkTransport(server.url, Secret(api_key="sk-ant-api03-secret"))
    with pytest.raises(ReportFailed, match="set ANTHROPIC_ADMIN_KEY") as failed:
        await fetch(transport, server.url, NOON, NOON)
    assert "secret" not in str(failed.value)
    await transport.close()


class Canned:
    """Answers the same text, whatever is asked."""

    def __init__(self, text: str) -> None:
        self.text = text

    async def get(self, path: str, headers: object) -> str:
        return self.text


async def test_pages_that_go_round_in_circles_end() -> None:
    page = json.dumps({"data": [], "has_more": True, "next_page": "page_x"})
    with pytest.raises(ReportFailed, match="repeats its pages"):
        await fetch(Canned(page), "x", 0, 60)


async def test_nobody_listens() -> None:
    async def at_once(seconds: float) -> None:
        pass

    transport = SdkTransport("http://127.0.0.1:9", Secret(api_key=ADMIN_KEY))
    with pytest.raises(ReportFailed, match="no connection"):
        await fetch(transport, "http://127.0.0.1:9", 0, 60, sleep=at_once)
    await transport.close()


def page(**changes: object) -> str:
    row = result("m", None, (1, 2, 3, 4, 5)) | changes
    bucket = {"starting_at": "2026-11-20T12:00:00Z", "ending_at": "2026-11-20T12:01:00Z", "results": [row]}
    return json.dumps({"data": [bucket], "has_more": False, "next_page": None})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "[]",
        "{}",
        '{"data": [{}]}',
        '{"data": [], "has_more": true, "next_page": null}',
        page(output_tokens=None),
        page(output_tokens=-1),
        page(cache_creation=7),
        page(uncached_input_tokens="many"),
        page(cache_read_input_tokens=1.5),
        "[" * 100_000,
    ],
)
def test_garbage_is_told_in_one_line(text: str) -> None:
    with pytest.raises(ReportFailed) as failed:
        parse_page(text)
    assert "\n" not in str(failed.value)
    assert len(str(failed.value)) < 400


def test_a_row_with_fields_nobody_knows_yet_is_read() -> None:
    buckets, more = parse_page(page(speed="fast", new_thing={"a": 1}))
    assert (buckets[0].rows[0].usage, more) == (Usage(1, 2, 3, 4, 5), None)


def test_time_between_buckets_is_an_empty_one_and_the_same_bucket_twice_is_one() -> None:
    one, other = Row("a", None, Usage(1)), Row("b", None, Usage(2))
    found = in_order([Bucket(120, 180), Bucket(0, 60, (one,)), Bucket(0, 60, (other,))])
    assert found == (Bucket(0, 60, (one, other)), Bucket(60, 120), Bucket(120, 180))


@pytest.mark.parametrize("buckets", [[], [Bucket(0, 60), Bucket(30, 90)], [Bucket(60, 60)]])
def test_buckets_that_make_no_sense_are_refused(buckets: list[Bucket]) -> None:
    with pytest.raises(ReportFailed):
        in_order(buckets)
