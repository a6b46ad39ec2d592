"""What goes to the terminal beside the screen: the sequence it takes, as far as it is wished, and no other."""

import pytest

from omg.ui.tui.signals import Signals

EVIL = "done; \x1b]52;c;bad\x07\x1b\\ and\nmore"


def told(wish="auto", text="the turn is over", **env) -> list[str]:
    written: list[str] = []
    Signals(written.append, wish, env).notify(text)
    return written


@pytest.mark.parametrize(
    ("env", "sequence"),
    [
        ({"TERM": "xterm-256color"}, "\x1b]9;omg: the turn is over\x07"),
        ({"TERM": "foot"}, "\x1b]777;notify;omg;the turn is over\x07"),
        ({"TERM": "rxvt-unicode"}, "\x1b]777;notify;omg;the turn is over\x07"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, "\x1b]777;notify;omg;the turn is over\x07"),
        ({"TERM": "screen", "TMUX": "x"}, "\x1bPtmux;\x1b\x1b]9;omg: the turn is over\x07\x1b\\"),
    ],
)
def test_each_terminal_gets_the_sequence_it_takes_and_rings(env, sequence):
    assert told(**env) == [sequence, "\x07"]


def test_a_bell_alone_and_nothing_at_all_can_be_wished():
    assert told("bell") == ["\x07"]
    assert told("off") == []


@pytest.mark.parametrize("env", [{"TERM": "xterm"}, {"TERM": "foot"}])
def test_no_text_ends_the_sequence_it_stands_in(env):
    sequence, _ = told(text=EVIL, **env)
    body = sequence.removeprefix("\x1b]").removesuffix("\x07")
    assert not any(character in body for character in "\x1b\x07\n\x9c")
    assert body.count(";") == (3 if "777" in body else 1)
    written: list[str] = []
    Signals(written.append, "auto", {}).title(EVIL)
    assert written[0].count("\x1b") == 1 and written[0].count("\x07") == 1


def test_a_title_is_written_when_it_is_another_one():
    written: list[str] = []
    signals = Signals(written.append, "auto", {})
    for text in ("a", "a", "b"):
        signals.title(text)
    assert written == ["\x1b]2;a\x07", "\x1b]2;b\x07"]
