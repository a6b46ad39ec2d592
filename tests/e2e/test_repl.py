"""The REPL in a real terminal, from its first prompt to the next day."""

import json
import os
import signal
import time

import pytest

from tests.e2e.repl_terminal import Terminal, harbour, needs_tmux

pytestmark = needs_tmux


@pytest.fixture
def terminal(tmp_path):
    there = Terminal(*harbour(tmp_path))
    yield there
    there.close()


def test_a_question_three_forks_and_the_next_day(terminal):
    terminal.start("--repl")
    terminal.sees("simulated ask")
    terminal.line("where is allowance defined?")
    terminal.sees("harbour.py:11")
    terminal.line("/fork where is moor defined? | who calls allowance? | where is Berth defined?")
    terminal.sees("report ready", 3)
    terminal.sees("harbour.py:15")
    terminal.sees("harbour.py:4")
    terminal.until(lambda: "3 ready" in terminal.bottom and "running" not in terminal.bottom, "three reports")

    tree = json.loads(terminal.omg("cache", "--output", "json"))["tree"]
    shown = f"{tree['ratio']:.1f}× {100 * tree['hit']:.0f} %"
    terminal.until(lambda: shown in terminal.bottom, shown)

    terminal.line("/join")
    terminal.sees("main reads the report of c")
    terminal.line("/quit")
    terminal.sees("come back: omg -c")
    terminal.line("clear; tmux clear-history")
    terminal.start("--repl", "-c")
    terminal.sees("› where is allowance defined?")
    terminal.sees("harbour.py:11")
    assert "error" not in terminal.screen()


def test_a_command_needs_a_yes(terminal):
    terminal.start("--repl")
    terminal.sees("simulated ask")
    terminal.line("run `touch agreed`")
    terminal.sees("main asks: shell")
    terminal.sees("touch agreed")
    time.sleep(SETTLED)
    terminal.press("y")
    terminal.sees("▸ shell")
    assert (terminal.folder / "agreed").exists()

    terminal.line("run `touch refused`")
    terminal.sees("│ touch refused")
    time.sleep(SETTLED)
    terminal.press("n")
    terminal.sees("\n  no:")
    terminal.line("not in here")
    terminal.sees("The person said no: not in here.")
    assert not (terminal.folder / "refused").exists()


SETTLED = 0.6
"""Seconds after which a key answers a question; before, it was meant for the prompt."""


def test_escape_interrupts_and_the_words_can_be_said_again(terminal):
    terminal.start("--repl", "--allow", "shell(sleep *)")
    terminal.sees("simulated ask")
    terminal.line("run `sleep 30`")
    terminal.sees("● shell  sleep 30")
    terminal.line("where is moor defined?")
    terminal.sees("⋯ next: where is moor defined?")
    terminal.press("Escape")
    terminal.sees("(interrupted)")
    terminal.sees("› where is moor defined?")
    terminal.press("Enter")
    terminal.sees("harbour.py:15")


def test_keys_typed_before_the_editor_is_there_are_not_lost(terminal):
    terminal.start("--repl")
    terminal.until(lambda: terminal.bottom.startswith("›"), "the first prompt")
    terminal.line("where is moor defined?")
    terminal.sees("harbour.py:15")


def test_the_terminal_is_left_as_it_was(terminal):
    terminal.start("--repl")
    terminal.sees("simulated ask")
    terminal.type("half a line")
    (id,) = terminal.processes()
    os.kill(id, signal.SIGTERM)
    terminal.until(lambda: terminal.bottom.strip() == "shell>", "the shell")
    terminal.line("stty -a | tr ';' '\\n' | grep -cE ' -(echo|icanon|isig) '")
    terminal.until(lambda: terminal.screen().rstrip().splitlines()[-2:][0].strip() == "0", "a terminal that echoes")
    assert "Traceback" not in terminal.screen()


def test_a_session_that_is_not_there_is_one_line_and_status_1(terminal):
    terminal.start("--repl", "-c")
    terminal.sees("omg: there is no session in")
    terminal.line("echo status $?")
    terminal.sees("status 1")
    assert not (terminal.home / "sessions").exists()


def test_no_color_is_plain_also_on_a_small_screen(tmp_path):
    terminal = Terminal(*harbour(tmp_path), columns=80, rows=24)
    try:
        terminal.start("--repl", "--no-color")
        terminal.sees("simulated ask")
        terminal.line("where is moor defined?")
        terminal.sees("harbour.py:15")
        terminal.until(lambda: "× " in terminal.bottom, "the bottom line")
        assert "\x1b[3" not in terminal.screen(colours=True)
    finally:
        terminal.close()


def test_a_dumb_terminal_has_lines(terminal):
    terminal.line("export TERM=dumb")
    terminal.start()
    terminal.sees("/help lists commands")
    terminal.line("where is moor defined?")
    terminal.sees("harbour.py:15")
    terminal.line("run `touch agreed`")
    terminal.sees("main asks: shell")
    terminal.line("y")
    terminal.sees("▸ shell")
    terminal.line("/quit")
    terminal.sees("come back: omg -c")
    assert (terminal.folder / "agreed").exists()
