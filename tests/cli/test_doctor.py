"""`omg doctor`: the rules in force and where they are from; `--clean`: what nobody needs, and nothing else."""

import os
import time

import pytest

from omg.cache.rules import Finding, RuleOverrides
from omg.cli.plan import DEFAULT_MODEL
from omg.cli.run import run
from omg.session.findings import save_findings


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("OMG_HOME", str(tmp_path))
    monkeypatch.setenv("OMG_PROVIDER", "offline")
    (tmp_path / "sessions").mkdir()
    (tmp_path / "outputs").mkdir()
    return tmp_path


def output(home, name, *, days):
    path = home / "outputs" / name
    path.write_text("long")
    os.utime(path, (time.time() - days * 86_400,) * 2)
    return path


def test_output_that_a_session_tells_of_stays_and_so_does_that_of_today(home, capsys):
    named, unnamed = output(home, "0" * 16 + ".txt", days=9), output(home, "1" * 16 + ".txt", days=9)
    fresh, torn_spill = output(home, "2" * 16 + ".txt", days=0), output(home, ".ab.tmp", days=9)
    (home / "sessions" / "x.jsonl").write_text(f'{{"text":"all of it in {named}]\\n"}}\n')
    (home / "sessions" / "x.torn-12").write_text("{")
    for name in ("x", "gone"):
        (home / "sessions" / f"{name}.checkpoint").write_text("{")
    assert run(["doctor", "--clean"]) == 0
    assert named.exists()
    assert fresh.exists()
    assert not unnamed.exists()
    assert not torn_spill.exists()
    assert not (home / "sessions" / "x.torn-12").exists()
    assert (home / "sessions" / "x.checkpoint").exists()
    assert not (home / "sessions" / "gone.checkpoint").exists()
    assert "removed 4 files" in capsys.readouterr().out


def test_the_rules_in_force_are_said_with_where_each_is_from(home, capsys):
    today = time.strftime("%Y-%m-%d")
    save_findings(home, "offline", DEFAULT_MODEL, RuleOverrides(lookback=Finding(12, today, "high", "")))
    (home / "settings.toml").write_text("[cache]\npositions = 'runs'")
    assert run(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "cached from 512 tokens on (published, 20" in said
    assert f"over 12 positions (probed on {today})" in said
    assert "a run of tool calls or results is one (set in the settings)" in said
