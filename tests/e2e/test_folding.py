"""Histories that are folded, in real processes on the embedded provider: `omg compact`, `/compact`, and by itself."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.repl_terminal import Terminal, harbour, needs_tmux

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def omg(tmp_path):
    """Runs `omg` in the harbour, on the embedded provider: (exit status, standard output, standard error)."""
    folder, home = harbour(tmp_path)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC", "OMG"))}
    env |= {"OMG_HOME": str(home), "OMG_PROVIDER": "offline", "PYTHONPATH": str(ROOT)}

    def run(*words):
        done = subprocess.run(
            [sys.executable, "-m", "omg", *words], cwd=folder, env=env, capture_output=True, text=True, timeout=120
        )
        return done.returncode, done.stdout, done.stderr

    run.folder, run.home, run.env = folder, home, env
    return run


def test_where_there_is_nothing_to_fold_that_is_one_line_and_status_1(omg):
    status, out, err = omg("compact", "last")
    assert (status, out) == (1, "") and err.startswith("omg: there is no session")
    omg("-p", "where is moor defined?")
    assert omg("compact", "last")[0] == 0
    status, out, err = omg("compact", "last")
    assert (status, out) == (1, "") and "nothing has been said since the last compaction" in err


def test_a_session_is_folded_gone_on_with_and_told_of(omg):
    assert omg("-p", "where is allowance defined? You must never touch tests/.")[0] == 0
    assert omg("-c", "-p", "where is Berth defined?")[0] == 0
    status, out, _ = omg("compact", "last", "--output", "json")
    told = json.loads(out)
    assert (status, told["epoch"]) == (0, 2) and told["before"] > 0 < told["after"]
    status, out, _ = omg("-c", "-p", "where is moor defined?")
    assert status == 0 and "harbour.py:15" in out
    status, out, _ = omg("compact", "last", "--output", "stream-json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["phase"] for line in lines if line["type"] == "compaction"] == ["writes", "done"]
    assert (lines[-1]["type"], lines[-1]["epoch"]) == ("result", 3)
    assert omg("-c", "-p", "hello")[0] == 0
    status, out, _ = omg("compact")
    assert status == 0 and out.startswith("folded: ")

    shown = omg("show", "last")[1]
    assert shown.count("You must never touch tests/.") > 2 and "Requests and constraints" in shown
    tree = omg("tree", "last")[1]
    assert "epoch 4" in tree and "compaction" in tree
    assert omg("cache", "last")[1].count("compact3") == 2, "its request, and its share"
    assert omg("verify", "last")[0] == 0


def test_a_session_that_is_open_elsewhere_is_not_folded(omg):
    omg("-p", "where is moor defined?")
    command = [sys.executable, "-m", "omg", "-c", "-p", "run `sleep 20`", "--allow", "shell(sleep *)"]
    command += ["--output", "stream-json"]
    with subprocess.Popen(command, cwd=omg.folder, env=omg.env, stdout=subprocess.PIPE, text=True) as other:
        assert any('"tool_call"' in line for line in other.stdout)
        status, out, err = omg("compact", "last")
        assert (status, out) == (1, "") and "open in another process" in err
        other.kill()


@pytest.fixture
def terminal(tmp_path):
    there = Terminal(*harbour(tmp_path))
    (there.folder / "tides.txt").write_text("".join(f"tide {n} at {n * 7 % 24}:00 is high\n" for n in range(900)))
    yield there
    there.close()


@needs_tmux
def test_a_person_folds_the_history_and_goes_back(terminal):
    terminal.start("--repl")
    terminal.sees("simulated ask")
    terminal.line("where is allowance defined?")
    said(terminal, "harbour.py:11", 1)
    terminal.line("/from")
    terminal.sees("/from all")
    terminal.line("/compact")
    terminal.sees("tokens before")
    terminal.line("where is Berth defined?")
    said(terminal, "harbour.py:4", 2)
    terminal.line("/switch 1")
    terminal.line("where is moor defined?")
    said(terminal, "harbour.py:15", 3)
    terminal.line("/quit")
    terminal.sees("come back: omg -c")
    assert "epoch 3" in terminal.omg("tree", "last")
    terminal.omg("verify", "last")


def said(terminal, place: str, answers: int) -> None:
    """The whole answer is there, its last line too, and main rests."""
    terminal.sees(place)
    terminal.sees("other line mentions it", answers)
    time.sleep(0.5)


@needs_tmux
def test_a_small_window_folds_by_itself_once_its_forks_have_ended(terminal):
    (terminal.home / "settings.toml").write_text('allow = ["shell(sleep *)"]\n[compact]\nat = 6000\n')
    terminal.start("--repl")
    terminal.sees("simulated ask")
    terminal.line("where is allowance defined?")
    terminal.sees("harbour.py:11")
    terminal.line("/fork run `sleep 6`")
    terminal.line("read tides.txt")
    terminal.sees("when a has ended")
    terminal.sees("report ready")
    terminal.sees("tokens before")
    terminal.line("where is moor defined?")
    terminal.sees("harbour.py:15")
    terminal.line("/quit")
    terminal.sees("come back: omg -c")
    tree = terminal.omg("tree", "last")
    assert "compact1" in tree and "epoch 2" in tree
    terminal.omg("verify", "last")
