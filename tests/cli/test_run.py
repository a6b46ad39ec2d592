"""The program as a process: output that cannot be written or shown, words that are no text, modes over a resume."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from omg.agent.journal import ModeSet
from omg.session.load import load
from omg.session.log import Log

ROOT = Path(__file__).resolve().parents[2]
OMG = [sys.executable, "-m", "omg"]


@pytest.fixture
def omg(tmp_path):
    """Runs `omg` in a folder of its own, on the offline provider."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "a.txt").write_text("one é\n", "utf-8")
    base = {**os.environ, "OMG_HOME": str(tmp_path / "home"), "OMG_PROVIDER": "offline", "PYTHONPATH": str(ROOT)}

    base.pop("PYTHONUNBUFFERED", None)  # what is still buffered when the interpreter ends must be told as well

    def run(*words, stdout=subprocess.PIPE, env=None):
        return subprocess.run(
            [*OMG, *words], cwd=folder, env={**base, **(env or {})}, stdout=stdout, stderr=subprocess.PIPE, timeout=60
        )

    run.folder = folder
    return run


def closed_pipe():
    read, write = os.pipe()
    os.close(read)
    return write


@pytest.mark.parametrize("words", [["-p", "read a.txt", "--output", "stream-json"], ["-p", "read a.txt"], ["doctor"]])
def test_a_pipe_that_nobody_reads_ends_it_quietly_with_status_1(omg, words):
    write = closed_pipe()
    done = omg(*words, stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("words", [["-p", "read a.txt", "--output", "stream-json"], ["-p", "read a.txt"], ["doctor"]])
def test_output_that_cannot_be_written_is_one_line_and_status_1(omg, words):
    with open("/dev/full", "wb") as full:
        done = omg(*words, stdout=full)
    assert (done.returncode, done.stderr) == (1, b"omg: No space left on device\n")


@pytest.mark.parametrize("output", ["text", "json", "stream-json"])
def test_what_a_terminal_cannot_show_ends_nothing(omg, output):
    done = omg("-p", "read a.txt é \U0001f600", "--output", output, env={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, b"")
    done.stdout.decode("ascii")


def test_words_that_are_no_text_are_said_as_well_as_they_can_be(omg):
    done = omg("-p", "read a.txt", "--fork", b"what is \xff\xfe?", "--then", b"\xff", "--output", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["forks"][0]["task"] == "what is \ufffd\ufffd?"


def test_a_rule_for_no_tool_is_status_1_and_one_line(omg):
    done = omg("-p", "hi", "--deny", "Shell(rm *)")
    assert done.returncode == 1
    assert done.stderr == b"omg: the rule Shell(rm *) is for no tool that there is: did you mean shell?\n"


def test_a_mode_flag_holds_for_a_session_that_recorded_another(omg, tmp_path):
    assert omg("-p", "read a.txt").returncode == 0
    (path,) = (tmp_path / "home" / "sessions").glob("*.jsonl")
    log = Log(path)
    log.write(ModeSet(at=1.0, branch="main", mode="all"))
    log.close()
    for words in (["run `touch no`", "--mode", "plan"], ["run `touch no`"], ["run `touch made`", "--mode", "all"]):
        assert omg("-c", "-p", *words).returncode == 0
    assert sorted(path.name for path in omg.folder.iterdir()) == ["a.txt", "made"]
    assert [branch.mode for branch in load(path).tree.branches.values()] == ["all"]
