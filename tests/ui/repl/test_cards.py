"""Tool calls as one line each, with more behind it."""

import pytest
from prompt_toolkit.utils import get_cwidth

from omg.core.events import ToolCalled, ToolResult
from omg.core.tool import Show
from omg.ui.repl.cards import Deck
from omg.ui.repl.ink import Ink

PLAIN = Ink(False)


def call(id: str = "1", name: str = "shell", branch: str = "main", **given: object) -> ToolCalled:
    return ToolCalled(branch=branch, at=0.0, id=id, name=name, input=given or {"command": "make\ntest"})


def result(id: str = "1", name: str = "shell", text: str = "ok", **more) -> ToolResult:
    return ToolResult(branch="main", at=1.0, id=id, name=name, is_error=more.pop("is_error", False), text=text, **more)


def test_a_running_call_shows_its_subject_and_its_last_output():
    deck = Deck()
    deck.called(call())
    card = deck.running["1"]
    assert card.line(PLAIN, 80) == "● shell  make test"
    card.take("compiling\n\x1b[32mlinking\x1b[0m\n\n")
    assert card.line(PLAIN, 80) == "● shell  make test  linking"


def test_an_ended_call_shows_what_came_of_it_under_a_number():
    deck = Deck()
    deck.called(call())
    card = deck.result(result(line="shell make, done"))
    assert card.line(PLAIN, 80) == "▸ shell  make, done  #1"
    assert not deck.running
    assert deck.find(None) is deck.find(1) is card


@pytest.mark.parametrize("text", ["no such file", "two\nlines", "\x1b[2Jx", ""])
def test_a_failed_call_is_marked_and_stays_one_line(text):
    card = Deck().result(result(is_error=True, text=text))
    line = card.line(PLAIN, 80)
    assert line.startswith("✗ shell")
    assert "\n" not in line
    assert "\x1b" not in line


@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_card_fits_its_line(width):
    deck = Deck()
    deck.called(call(command="x" * 500))
    assert get_cwidth(deck.running["1"].line(PLAIN, width)) <= width
    assert get_cwidth(deck.result(result(line="漢字" * 200)).line(PLAIN, width)) <= width


def test_a_card_opens_to_its_blocks_else_to_the_text():
    deck = Deck()
    diff = Show("diff", "-a\n+b", "x.py")
    assert deck.result(result(shows=(diff,))).shows() == (diff,)
    assert deck.result(result(text="plain")).shows() == (Show("text", "plain"),)


def test_a_long_command_is_among_what_a_card_opens_to():
    deck = Deck()
    deck.called(call())
    assert deck.result(result()).shows()[0] == Show("text", "make\ntest")


def test_a_result_without_a_call_has_a_card_too():
    assert Deck().result(result(id="unknown")).number == 1


def test_calls_of_a_branch_can_be_forgotten():
    deck = Deck()
    deck.called(call("1", branch="a"))
    deck.called(call("2"))
    deck.forget("a")
    assert list(deck.running) == ["2"]


def test_old_cards_make_room():
    deck = Deck()
    for number in range(1000):
        deck.result(result(id=str(number)))
    assert deck.find(1) is None
    assert deck.find(1000) is not None
    assert len(deck.ended) < 1000
