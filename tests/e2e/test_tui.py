"""The terminal UI in a real terminal, from its first picture to the next day."""

import json
import os
import signal
import sys
import time

import pytest

from tests.e2e.repl_terminal import Terminal, harbour, needs_tmux

pytestmark = needs_tmux


@pytest.fixture
def terminal(tmp_path):
    there = Terminal(*harbour(tmp_path), columns=140, rows=40)
    yield there
    there.close()


def figures(terminal) -> str:
    """The figures of the whole session, as the ledger has them and the cache pane shows them."""
    tree = json.loads(terminal.omg("cache", "--output", "json"))["tree"]
    return f"{tree['ratio']:.1f}×  {100 * tree['hit']:.0f} %"


def shows(terminal, words: str) -> bool:
    """Whether the line `all` of the cache pane begins with these words."""
    row = next((line for line in terminal.screen().splitlines() if "│ all " in line), "")
    return row.partition("│ all ")[2].split()[: len(words.split())] == words.split()


def test_a_question_three_forks_an_edit_and_the_next_day(terminal):
    terminal.start()
    terminal.sees("day 1")
    terminal.line("where is allowance defined?")
    terminal.sees("harbour.py:11")
    first = figures(terminal)
    terminal.until(lambda: shows(terminal, first), first)

    terminal.line("/fork where is moor defined? | who calls allowance? | where is Berth defined?")
    terminal.sees("3 ready")
    terminal.sees("harbour.py:15")
    terminal.until(lambda: not shows(terminal, first), "another ratio")
    second = figures(terminal)
    assert second != first
    terminal.until(lambda: shows(terminal, second), second)

    terminal.line("/join")
    terminal.sees("its report is read here", 3)
    terminal.line("replace `tide / 2` with `tide / 3` in harbour.py")
    terminal.sees("+    return tide / 3")
    time.sleep(SETTLED)
    terminal.press("y")
    terminal.until(lambda: "tide / 3" in (terminal.folder / "harbour.py").read_text(), "the edit")
    terminal.sees("▸ edit")

    terminal.line("/quit")
    terminal.sees("come back: omg -c")
    terminal.line("clear; tmux clear-history")
    terminal.start("-c")
    terminal.sees("▸ edit")
    terminal.until(lambda: shows(terminal, figures(terminal)), "the same figures")
    assert "Traceback" not in terminal.screen()


SETTLED = 0.8
"""Seconds after which a key answers a question; before, it was meant for the prompt."""


def test_keys_typed_before_the_app_is_there_are_not_lost(terminal):
    terminal.start()
    terminal.until(lambda: terminal.screen().lstrip().startswith("omg"), "the first picture")
    terminal.line("where is moor defined?")
    terminal.sees("harbour.py:15")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_left_as_it_was(terminal, number):
    terminal.start()
    terminal.sees("day 1")
    terminal.type("half a line")
    (id,) = terminal.processes()
    os.kill(id, number)
    terminal.until(lambda: terminal.bottom.strip() == "shell>", "the shell")
    terminal.line("stty -a | tr ';' '\\n' | grep -cE ' -(echo|icanon|isig) '")
    terminal.until(lambda: terminal.screen().rstrip().splitlines()[-2:][0].strip() == "0", "a terminal that echoes")
    assert "Traceback" not in terminal.screen()


def test_a_crash_is_one_line_and_a_terminal_that_works(terminal):
    broken = "from omg.ui.tui.header import Header; Header.right = lambda self: 1 / 0; "
    terminal.type(f'{sys.executable} -c "{broken}from omg.cli import main; raise SystemExit(main([]))"')
    terminal.press("Enter")
    terminal.sees("omg: this is a bug in OMG: ZeroDivisionError")
    terminal.line("echo status $?")
    terminal.sees("status 1")
    assert "Traceback" not in terminal.screen()
    assert "Traceback" in (terminal.home / "omg.log").read_text()
    assert str(terminal.home / "omg.log") in terminal.omg("doctor")


def start_with_slow_end(terminal, seconds: float) -> None:
    """Start `omg`, whose summary for tomorrow takes so long."""
    slow = (
        f"import asyncio; from omg.agent.tomorrow import Tomorrow as T; T.left = lambda self: asyncio.sleep({seconds})"
    )
    terminal.line(f'{sys.executable} -c "{slow}; from omg.cli import main; raise SystemExit(main([]))"')
    terminal.sees("day 1")


@pytest.mark.parametrize("when", ["at rest", "while it is left"])
def test_it_ends_with_its_terminal(terminal, when):
    start_with_slow_end(terminal, 2)
    terminal.line("where is moor defined?")
    terminal.sees("harbour.py:15")
    terminal.sees("requests · ")  # the turn is over
    (id,) = terminal.processes()
    if when == "while it is left":
        terminal.press("C-q")
        terminal.sees("ctrl+c leaves without it")
    terminal.close()
    for _ in range(200):
        if not alive(id):
            break
        time.sleep(0.05)
    else:
        os.kill(id, signal.SIGKILL)
        raise AssertionError("it went on without a terminal")
    assert "render to the bytes that were sent" in terminal.omg("verify")


def alive(id: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(id, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c_leaves_without_the_summary_that_is_being_written(terminal):
    start_with_slow_end(terminal, 30)
    terminal.line("where is moor defined?")
    terminal.sees("requests · ")  # the turn is over
    terminal.press("C-q")
    terminal.sees("ctrl+c leaves without it")
    began = time.monotonic()
    terminal.press("C-c")
    terminal.line("echo status $?")
    terminal.sees("status 130")
    assert time.monotonic() - began < 5
    assert "Traceback" not in terminal.screen()
    terminal.start("-c")
    terminal.sees("harbour.py:15")


def test_what_the_screen_is_lent_to_gets_the_terminal_as_it_was(terminal):
    editor = terminal.home / "editor"
    editor.write_text(f"#!/bin/sh\nstty -a >{terminal.home}/modes\necho from outside >$1\n")
    editor.chmod(0o755)
    terminal.line(f"export EDITOR={editor} VISUAL={editor}")
    for _ in range(2):  # also after it has come back
        terminal.start()
        terminal.sees("day 1")
        terminal.press("C-g")
        terminal.sees("› from outside")
        modes = (terminal.home / "modes").read_text().split()
        assert {"isig", "icanon", "echo", "icrnl"} <= set(modes)
        terminal.press("C-z")
        terminal.sees("Stopped")
        terminal.line("fg")
        terminal.sees("› from outside")
        terminal.press("C-q")
        terminal.until(lambda: terminal.bottom.strip() == "shell>", "the shell")
        terminal.line("clear")


def test_it_is_suspended_and_comes_back(terminal):
    terminal.start()
    terminal.sees("day 1")
    terminal.press("C-z")
    terminal.sees("Stopped")
    terminal.line("echo back in the shell")
    terminal.sees("back in the shell", 2)
    terminal.line("fg")
    terminal.sees("day 1")
    terminal.line("where is moor defined?")
    terminal.sees("harbour.py:15")


def test_a_session_that_is_not_there_is_one_line_and_status_1(terminal):
    terminal.start("-c")
    terminal.sees("omg: there is no session in")
    terminal.line("echo status $?")
    terminal.sees("status 1")


def test_a_small_terminal_and_no_colour(tmp_path):
    terminal = Terminal(*harbour(tmp_path), columns=80, rows=24)
    try:
        terminal.start("--no-color")
        terminal.sees("day 1")
        terminal.line("where is moor defined?")
        terminal.sees("harbour.py:15")
        terminal.until(lambda: "× " in terminal.screen(), "the one line of figures")
        assert "\x1b[3" not in terminal.screen(colours=True).replace("\x1b[39m", "")
    finally:
        terminal.close()


def test_the_settings_choose_the_repl(terminal):
    (terminal.home / "settings.toml").write_text('ui = "repl"\n')
    terminal.start()
    terminal.sees("/help lists commands")
