import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from omg.cli.run import run
from omg.core.usage import Usage
from tests.provider.usage_server import ADMIN_KEY, UsageServer, Used, usage_server
from tests.session.audit_logs import OPUS, Sent, write_log

T = 1_795_000_000.0 // 60 * 60
ONE = Usage(plain=3, read=1000, write_5m=40, write_1h=500, output=60)
COUNTED: Used = (3, 1000, 40, 500, 60)
WS = "wrkspc_ours"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server() -> Iterator[UsageServer]:
    with usage_server() as state:
        yield state


@pytest.fixture
def omg(
    server: UsageServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs `omg` with an admin key against the loopback server: (status, standard output, standard error)."""
    monkeypatch.setenv("OMG_HOME", str(tmp_path))
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", ADMIN_KEY)

    def call(*words: str) -> tuple[int, str, str]:
        status = run(words)
        told = capsys.readouterr()
        return status, told.out, told.err

    return call


def saved(folder: Path, server: UsageServer, *requests: Sent) -> None:
    """A session at the loopback server's address, whose replies named a workspace."""
    write_log(folder, "abc123", [replace(sent, endpoint=server.url, workspace=WS) for sent in requests])


def test_a_session_that_agrees_says_so_and_ends_with_0(omg: Run, server: UsageServer, tmp_path: Path) -> None:
    saved(tmp_path, server, Sent(T + 10, ONE), Sent(T + 55, ONE, T + 65))
    server.used = [(T + 12, OPUS, WS, COUNTED), (T + 64, OPUS, WS, COUNTED), (T + 12, OPUS, "wrkspc_other", COUNTED)]
    status, out, err = omg("audit", "abc123")
    assert (status, err) == (0, "")
    assert "session abc123, 2026-11-18 " in out
    assert "nothing differs" in out
    assert [line.split() for line in out.splitlines() if line.startswith(OPUS)] == [
        [OPUS, "plain", "6", "6", "0"],
        [OPUS, "read", "2000", "2000", "0"],
        [OPUS, "write", "5m", "80", "80", "0"],
        [OPUS, "write", "1h", "1000", "1000", "0"],
        [OPUS, "output", "120", "120", "0"],
    ]


def test_a_report_with_less_alarms_in_one_line(omg: Run, server: UsageServer, tmp_path: Path) -> None:
    saved(tmp_path, server, Sent(T + 15, ONE))
    server.used = [(T + 17, OPUS, None, (3, 1000, 40, 400, 60))]
    status, out, err = omg("audit", "abc123")
    assert (status, err) == (1, "omg: the report has 100 tokens fewer than the ledger: the table says where\n")
    assert f"{OPUS} write 1h: the report has 100 tokens fewer than the ledger, from 2026-11-18 " in out


def test_a_report_with_more_asks_who_else_there_was(omg: Run, server: UsageServer, tmp_path: Path) -> None:
    saved(tmp_path, server, Sent(T + 15, ONE))
    server.used = [(T + 17, OPUS, WS, COUNTED), (T + 20, OPUS, WS, (0, 70, 0, 0, 7))]
    status, out, err = omg("audit", "abc123")
    assert status == 1
    assert err == "omg: the report has 77 tokens more than this session: other use of that workspace?\n"
    assert "output: the report has 7 tokens more than this session" in out


def test_json_has_the_sums_the_bounds_and_the_notes(omg: Run, server: UsageServer, tmp_path: Path) -> None:
    saved(tmp_path, server, Sent(T + 15, replace(ONE, output=None), how="cut", seen=20))
    server.used = [(T + 17, OPUS, WS, (3, 1000, 40, 500, 300))]
    status, out, _ = omg("audit", "abc123", "--output", "json")
    value = json.loads(out)
    sums = value.pop("sums")
    assert status == 0
    assert value == {
        "session": "abc123",
        "report": f"{server.url}, by 1m",
        "from": T + 15,
        "to": T + 20,
        "requests": 1,
        "left_out": 0,
        "more": 0,
        "fewer": 0,
        "notes": [],
    }
    assert sums[0] == {"model": OPUS, "class": "plain", "ledger": 3, "report": 3, "more": 0, "fewer": 0, "since": None}
    assert (sums[4]["ledger"], sums[4]["ledger_bounds"], sums[4]["report"]) == (None, [20, 1000], 300)


def test_a_file_from_the_console_needs_no_key(
    omg: Run, server: UsageServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_ADMIN_KEY")
    write_log(tmp_path, "abc123", [Sent(T + 15, ONE, workspace=WS)])
    file = tmp_path / "usage.csv"
    file.write_text(
        "usage_date_utc,model_version,workspace,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,"
        "usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens\n"
        f"2026-11-18,{OPUS},Default,3,40,500,1000,60\n"
    )
    status, out, err = omg("audit", "abc123", "--file", str(file))
    assert (status, err, server.asked) == (0, "", [])
    assert f"report: {file}, by 1d" in out


def test_requests_that_the_file_does_not_cover_are_a_failure(omg: Run, server: UsageServer, tmp_path: Path) -> None:
    saved(tmp_path, server, Sent(T + 15, ONE), Sent(T + 900, ONE))
    server.used = [(T + 17, OPUS, WS, COUNTED)]
    step = {"bucket_width": ["1m"], "starting_at": [stamp(T)], "ending_at": [stamp(T + 60)], "limit": ["1440"]}
    file = tmp_path / "usage.json"
    file.write_text(json.dumps(server.page(step | {"group_by[]": ["model"]}, 60)))
    status, out, err = omg("audit", "abc123", "--file", str(file))
    assert (status, err) == (1, "omg: 1 requests lie outside the time of the report, and were not compared\n")
    assert "1 more requests lie outside" in out


def stamp(at: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).isoformat()


def test_without_a_key_it_says_what_to_set_or_to_export(
    omg: Run, server: UsageServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", " ")
    saved(tmp_path, server, Sent(T, ONE))
    status, out, err = omg("audit", "abc123")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "set ANTHROPIC_ADMIN_KEY" in err
    assert "--file" in err


@pytest.mark.parametrize(("key", "words"), [("sk-ant-api03-abcdefgh", "invalid x-api-key"), ("a\nb", "no key has")])
def test_a_wrong_key_is_one_line_without_the_key(
    omg: Run, server: UsageServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, words: str
) -> None:
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", key)
    saved(tmp_path, server, Sent(T, ONE))
    status, out, err = omg("audit", "abc123")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert words in err
    assert "ANTHROPIC_ADMIN_KEY" in err
    assert key not in err


def test_an_offline_session_is_told_so_and_nobody_is_asked(omg: Run, server: UsageServer, tmp_path: Path) -> None:
    write_log(tmp_path, "abc123", [Sent(T, ONE, endpoint="offline")])
    status, out, err = omg("audit", "abc123")
    assert (status, out) == (1, "")
    assert err == "omg: session abc123 talked to offline: Anthropic's usage report has none of that\n"
    assert server.asked == []


def test_a_server_that_has_no_such_report(omg: Run, server: UsageServer, tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"{server.url}/gateway")
    saved(tmp_path, server, Sent(T, ONE))
    status, _, err = omg("audit", "abc123")
    assert (status, "serves no usage report" in err) == (1, True)
