"""`omg doctor --probe` over loopback: what it prints, keeps, and costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from omg.cache.rules import CacheRules
from omg.cli.arguments import parse
from omg.cli.probe import run_probe
from omg.cli.run import run
from omg.core.trouble import Trouble
from omg.provider.offline.api import OfflineApp
from omg.provider.offline.serve import Server
from omg.session.findings import findings_path, load_findings
from tests.provider.probe.varied import MODEL, Hands, VariedMirror, says


@pytest.fixture
def hands() -> Hands:
    return Hands(now=1_790_000_000.0)


@pytest.fixture
def server(hands: Hands) -> Iterator[Server]:
    mirror = VariedMirror(CacheRules(minimums={MODEL: 1024}, collapse_tool_runs=True))
    server = Server(0, app=OfflineApp(lambda: hands.now, mirror=mirror, delay=0, answer=says))
    yield server
    server.close()


def env(home: Path, server: Server) -> dict[str, str]:
    return {"OMG_HOME": str(home), "ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_API_KEY": "k", "OMG_MODEL": MODEL}


def doctor(*words: str, home: Path, server: Server, hands: Hands) -> int:
    args = parse(["doctor", "--probe", "--cwd", str(home), *words])
    return run_probe(args, env(home, server), hands.clock)


def test_it_says_what_it_found_what_it_left_out_and_what_it_cost(
    tmp_path: Path, server: Server, hands: Hands, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor(home=tmp_path, server=server, hands=hands) == 0
    said = capsys.readouterr().out
    assert f"asking {MODEL} at {server.url}: about $0.00" in said
    assert "never more than $0.05" in said
    assert "effective minimum: 1024 tokens, published: 512" in said
    assert "a run of tool blocks" in said
    assert "not asked: a 5m read refreshes a 1h entry: needs 65 minutes of waiting: add --wait" in said
    assert "it cost $0.00" in said.splitlines()[-1]
    assert str(findings_path(tmp_path)) in said.splitlines()[-1]


def test_what_it_found_is_kept_with_its_date(tmp_path: Path, server: Server, hands: Hands) -> None:
    doctor(home=tmp_path, server=server, hands=hands)
    known = load_findings(tmp_path, server.url, MODEL)
    assert known.minimum and known.collapse_tool_runs
    assert (known.minimum.value, known.collapse_tool_runs.value, known.refreshes_marked) == (1024, True, None)
    assert known.minimum.at.startswith("2026-09-21T")
    assert known.applied(CacheRules(), MODEL).minimum_for(MODEL) == 1024


def test_json_and_waiting(tmp_path: Path, server: Server, hands: Hands, capsys: pytest.CaptureFixture[str]) -> None:
    doctor("--wait", "--output", "json", home=tmp_path, server=server, hands=hands)
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert (found["model"], found["endpoint"], found["left_out"]) == (MODEL, server.url, [])
    assert {answer["field"]: answer["value"] for answer in found["answers"]} == {
        "minimum": 1024,
        "settle_seconds": 0.0,
        "prewarm": "writes",
        "lookback": 20,
        "collapse_tool_runs": True,
        "refreshes_marked": True,
        "short_read_refreshes_long": True,
    }
    assert 0 < found["cost_usd"] < 0.05
    assert found["unsettled_usd"] == 0
    assert "waiting 55 minutes" in told.err


def test_a_smaller_budget_holds_and_a_cheaper_model_is_named(
    tmp_path: Path, server: Server, hands: Hands, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--model", "claude-opus-4-6", "--budget", "0.01")
    assert doctor(*words, home=tmp_path, server=server, hands=hands) == 0
    said = capsys.readouterr().out
    assert "never more than $0.01" in said
    assert "not asked: effective minimum: needs $0." in said
    assert f"`--model {MODEL}` is cheaper" in said
    assert "it cost $0.0000 in 0 requests" in said


def test_a_server_that_is_gone_is_one_line_with_the_cost(tmp_path: Path, server: Server, hands: Hands) -> None:
    gone = {**env(tmp_path, server), "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    with pytest.raises(Trouble, match="the probe has cost"):
        run_probe(parse(["doctor", "--probe", "--cwd", str(tmp_path)]), gone, hands.clock)


def test_answers_before_a_failure_are_kept(tmp_path: Path, hands: Hands) -> None:
    class Dies(OfflineApp):
        requests = 0

        def handle(self, method: str, path: str, headers: object, body: bytes):  # type: ignore[no-untyped-def]
            self.requests += 1
            if self.requests > 5:
                raise RuntimeError
            return super().handle(method, path, {}, body)

    server = Server(0, app=Dies(lambda: hands.now, delay=0, answer=says))
    try:
        with pytest.raises(Trouble, match=r"Internal server error.*the probe has cost \$0\.00\d+ in 6 requests"):
            doctor(home=tmp_path, server=server, hands=hands)
    finally:
        server.close()
    known = load_findings(tmp_path, server.url, MODEL)
    assert known.minimum is not None
    assert known.lookback is None


def test_nothing_is_spent_where_nothing_could_be_kept(tmp_path: Path, server: Server, hands: Hands) -> None:
    findings_path(tmp_path).write_text("{")
    with pytest.raises(Trouble, match="remove it"):
        doctor(home=tmp_path, server=server, hands=hands)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--model", "gpt-77"), "no price is known for gpt-77"),
        (("--provider", "ollama"), "no marker rules to probe"),
        (("--provider", "deepseek"), "needs a key: set DEEPSEEK_API_KEY"),
    ],
)
def test_what_cannot_be_probed(words: tuple[str, ...], why: str, tmp_path: Path, server: Server, hands: Hands) -> None:
    with pytest.raises(Trouble, match=why):
        doctor(*words, home=tmp_path, server=server, hands=hands)


def test_offline_says_that_nothing_is_charged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMG_HOME", str(tmp_path))
    assert run(["doctor", "--probe", "--provider", "offline", "--budget", "0.000001", "--cwd", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "the offline provider, which charges nothing" in said
    assert "it would have cost $0.0000" in said


def test_waiting_goes_with_the_probe(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--wait"]) == 1
    assert capsys.readouterr().err == "omg: --wait goes with --probe\n"
