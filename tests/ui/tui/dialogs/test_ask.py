"""A question: shown exactly, answered by key, by mouse and in words; and who comes up when."""

import asyncio

import pytest
from textual.events import Key

from omg.agent.permit import Answer, Cost, Question
from omg.cache.quote import Quote
from omg.core.tool import Show
from omg.core.usage import Usage
from omg.session.questions import Questions
from omg.ui.tui.dialogs import ask
from omg.ui.tui.dialogs.ask import Ask
from omg.ui.tui.dialogs.attending import Attending
from tests.ui.tui.dialogs.asked import shown, until
from tests.ui.tui.prompt.typing import typing

SETTLE = ask.SETTLE
MAKE = Question("a", "shell", "make test", Show("text", "make test\nand more"), "shell(make test)")
EDIT = Question("main", "edit", "x.py", Show("diff", "@@\n-old\n+new"), "edit(/x.py)")


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(ask, "SETTLE", 0.0)


@pytest.mark.parametrize(("key", "kind"), [("y", "once"), ("s", "session"), ("a", "always")])
async def test_a_key_answers(key, kind):
    async with shown(Ask(MAKE)) as (app, pilot):
        await pilot.press(key)
        assert app.answers == [Answer(kind)]


@pytest.mark.parametrize(("button", "kind"), [("#once", "once"), ("#session", "session"), ("#always", "always")])
async def test_so_does_a_click(button, kind):
    async with shown(Ask(MAKE)) as (app, pilot):
        await pilot.click(button)
        assert app.answers == [Answer(kind)]


async def test_a_no_goes_with_words():
    async with shown(Ask(MAKE)) as (app, pilot):
        await pilot.press("n", *"use tox", "enter")
        assert app.answers == [Answer("no", "use tox")]


async def test_escape_leaves_the_words_first_and_then_the_question_waiting():
    async with shown(Ask(MAKE)) as (app, pilot):
        await pilot.press("n", "x", "escape")
        assert app.answers == []
        await pilot.press("escape")
        assert app.answers == [None]


async def test_what_is_asked_is_shown_exactly():
    hidden = Question("a", "shell", "ls", Show("text", "ls \u202egnp.exe\x1b[8m; rm"), "shell(ls)")
    async with shown(Ask(hidden, ("b",))) as (app, _):
        page = app.page()
        assert "ls \\u202egnp.exe\\x1b[8m; rm" in page
        assert "a lasting yes allows  shell(ls)" in page
        assert "a asks" in page
        assert "then b" in page


async def test_without_a_rule_no_lasting_yes_is_offered():
    async with shown(Ask(Question("a", "shell", "a && b", None, ""))) as (app, pilot):
        await pilot.press("s", "a")
        assert app.answers == []
        assert not app.screen.query("#always")


async def test_a_long_command_scrolls():
    long = Question("main", "shell", "x", Show("text", "\n".join(f"line {n}" for n in range(100))), "")
    async with shown(Ask(long)) as (app, pilot):
        assert "line 0" in app.page()
        await pilot.press(*["pagedown"] * 10)
        assert "line 99" in app.page()


LONG = "\n".join(f"echo line {n} && " + "and so on " * 4 for n in range(40))
ASKED = {
    "short": MAKE,
    "a long diff": Question("main", "edit", "x.py", Show("diff", "+" + LONG), "edit(/x.py)"),
    "a long command": Question("main", "shell", LONG, Show("code", LONG), ""),
    "with a long rule": Question("main", "shell", LONG, Show("code", LONG), f"shell({LONG})"),
}


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (200, 60)])
@pytest.mark.parametrize("name", ASKED)
async def test_every_answer_is_seen_on_any_screen_and_all_that_is_asked_can_be_read(name, size):
    question = ASKED[name]
    async with shown(Ask(question, ("a", "b")), size) as (app, pilot):
        answers = ["y  yes, once", "n  no…", "esc later"] + (["s  session", "a  always"] if question.rule else [])
        for words in answers:
            assert words in app.page(), words
        await pilot.press(*["pagedown"] * 20)
        assert "then a, b" in app.page()
        for words in answers:
            assert words in app.page(), words


async def test_a_diff_has_its_signs():
    async with shown(Ask(EDIT)) as (app, _):
        assert "-old" in app.page()
        assert "+new" in app.page()


async def test_a_price_is_money_from_each_start():
    quotes = (
        Quote("here", 3, 88_000, Usage(), Usage(), 0.14, 0.58),
        Quote("fresh", 3, 2_000, Usage(), Usage(), 0.03, 0.03),
    )
    price = Question("main", "fork", "fork 3 from 88000 tokens", None, "", Cost(2.5, 1.0, quotes))
    async with shown(Ask(price)) as (app, pilot):
        page = app.page()
        for words in ("about $2.50", "above the $1.00", "88k", "$0.14 now", "$0.58 if cold", "fresh"):
            assert words in page
        await pilot.press("y")
        assert app.answers == [Answer("once")]


async def test_a_key_in_the_moment_it_comes_up_is_no_answer(monkeypatch):
    monkeypatch.setattr(ask, "SETTLE", 60.0)
    async with shown(Ask(MAKE)) as (app, pilot):
        await pilot.press("y", "n")
        assert app.answers == []


class Attended:
    """A prompt with questions, and what was told."""

    def __init__(self, desk):
        self.desk, self.told, self.troubles, self.remembered = desk, [], [], []
        self.questions = Questions(self.changed, self.remembered.append)
        self.attending = Attending(
            desk.app, self.questions, desk.prompt, lambda text, failed: self.told.append(text), self.troubles.append
        )

    def changed(self):
        self.attending.attend()

    def ask(self, question):
        return asyncio.ensure_future(self.questions.ask(question))

    @property
    def up(self):
        return isinstance(self.desk.app.screen, Ask) and self.desk.app.screen.question


async def test_mains_question_comes_up_when_nothing_is_typed():
    async with typing() as desk:
        attended = Attended(desk)
        answer = attended.ask(EDIT)
        await until(lambda: attended.up == EDIT)
        await desk.press("a")
        assert await asyncio.wait_for(answer, 5) == Answer("always")
        assert attended.remembered == ["edit(/x.py)"]
        assert attended.told == ["yes, always: edit(/x.py)"]
        await until(lambda: desk.app.focused is desk.prompt.editor)


async def test_it_takes_nothing_of_what_is_being_typed():
    async with typing() as desk:
        attended = Attended(desk)
        await desk.type("half a w")
        answer = attended.ask(EDIT)
        await desk.type("ord")
        assert not attended.up
        assert desk.text == "half a word"
        assert "main asks: edit x.py" in str(desk.prompt.asking.render())
        attended.attending.open()
        await until(lambda: attended.up == EDIT)
        await desk.press("y")
        assert (await asyncio.wait_for(answer, 5)).kind == "once"


async def test_a_forks_question_waits_under_its_name():
    async with typing() as desk:
        attended = Attended(desk)
        answer = attended.ask(MAKE)
        await desk.type("on")
        assert not attended.up
        assert "a asks: shell make test" in str(desk.prompt.asking.render())
        attended.attending.open()
        await until(lambda: attended.up == MAKE)
        await desk.press("n", "enter")
        assert await asyncio.wait_for(answer, 5) == Answer("no", "")
        assert attended.told == ["a: no: shell make test"]
        assert not desk.prompt.asking.any


async def test_what_was_put_aside_does_not_come_up_again_by_itself():
    async with typing() as desk:
        attended = Attended(desk)
        answer = attended.ask(EDIT)
        await until(lambda: attended.up)
        await desk.press("escape")
        await until(lambda: not attended.up)
        attended.attending.attend()
        await desk.pilot.pause()
        assert not attended.up
        assert desk.prompt.asking.any
        answer.cancel()
        await until(lambda: not desk.prompt.asking.any)


async def test_a_question_that_goes_takes_its_dialog_along():
    async with typing() as desk:
        attended = Attended(desk)
        answer = attended.ask(EDIT)
        await until(lambda: attended.up)
        answer.cancel()
        await until(lambda: not attended.up)
        assert attended.told == []


async def test_a_run_of_keys_is_typing_and_no_answer(monkeypatch):
    monkeypatch.setattr(ask, "SETTLE", 0.3)
    async with shown(Ask(MAKE)) as (app, pilot):
        await asyncio.sleep(0.4)
        await pilot.press("k")  # reads on
        for key in "sayn":
            await pilot.press(key)
            await asyncio.sleep(0.1)
        assert app.answers == []
        await asyncio.sleep(0.4)
        await pilot.press("s")
        assert app.answers == [Answer("session")]


async def test_who_types_on_as_a_question_comes_puts_it_aside_and_loses_no_letter(monkeypatch):
    monkeypatch.setattr(ask, "SETTLE", 0.3)
    async with typing() as desk:
        attended = Attended(desk)
        attended.ask(EDIT)
        await until(lambda: attended.up)
        await desk.pilot.press(*"say why")
        await until(lambda: not attended.up)
        assert desk.prompt.editor.text == "say why"
        assert attended.told == [] and attended.questions.waiting


async def test_keys_that_came_too_early_to_answer_are_no_words_where_the_question_is_put_off(monkeypatch):
    monkeypatch.setattr(ask, "SETTLE", 60.0)
    async with typing() as desk:
        attended = Attended(desk)
        attended.ask(EDIT)
        await until(lambda: attended.up)
        await desk.pilot.press("y", "escape")
        await until(lambda: not attended.up)
        assert desk.prompt.editor.text == ""


@pytest.mark.parametrize("words", ["what", "check", "can you", "say why", "is it", "?!"])
async def test_so_do_letters_that_all_come_at_once(monkeypatch, words):
    monkeypatch.setattr(ask, "SETTLE", 0.3)
    async with typing() as desk:
        attended = Attended(desk)
        attended.ask(EDIT)
        await until(lambda: attended.up)
        for letter in words:
            desk.app.post_message(Key(letter if letter != " " else "space", letter))
        await until(lambda: desk.prompt.editor.text == words)
        assert attended.questions.waiting and not attended.up


async def test_a_letter_that_means_nothing_is_nothing_once_the_question_was_there_for_a_moment():
    async with typing() as desk:
        attended = Attended(desk)
        attended.ask(EDIT)
        await until(lambda: attended.up)
        await desk.pilot.press("j", "j", "G", "?", "x")
        assert attended.up
        await desk.pilot.press("escape")
        await until(lambda: not attended.up)
        assert desk.prompt.editor.text == ""


async def test_keys_that_were_for_another_part_of_the_screen_are_no_words(monkeypatch):
    monkeypatch.setattr(ask, "SETTLE", 60.0)
    async with typing() as desk:
        desk.app.set_focus(None)
        attended = Attended(desk)
        attended.ask(EDIT)
        await until(lambda: attended.up)
        await desk.pilot.press("x", "x")
        assert attended.up and desk.prompt.editor.text == ""


LONG = Question("main", "edit", "x.py", Show("diff", "@@\n" + "+line of a diff\n" * 80), "edit(/x.py)")


@pytest.mark.parametrize("size", [(80, 24), (60, 14), (40, 12)])
async def test_what_a_lasting_yes_allows_and_the_words_of_a_no_are_seen_however_long_the_question_is(size):
    async with shown(Ask(LONG, ("b",)), size) as (app, pilot):
        assert "edit(/x.py)" in app.page() and "y  yes" in app.page()
        await pilot.press("n", *"use tox")
        assert "use tox" in app.page()


async def test_a_long_rule_is_whole_among_what_scrolls_and_begins_where_it_is_always_seen():
    rule = "shell(" + " ".join(f"part{n:02}" for n in range(60)) + ")"
    async with shown(Ask(Question("a", "shell", "make", Show("text", "make"), rule)), (80, 60)) as (app, _):
        page = " ".join(app.page().split())
        assert "a lasting yes allows shell(part00" in page and "part59)" in page


async def test_as_it_is_a_key_in_the_first_moment_is_no_answer_and_a_later_one_is(monkeypatch):
    monkeypatch.setattr(ask, "SETTLE", SETTLE)
    async with shown(Ask(MAKE)) as (app, pilot):
        await pilot.press("y")
        assert app.answers == []
        await asyncio.sleep(SETTLE + 0.1)
        await pilot.press("y")
        assert app.answers == [Answer("once")]


@pytest.mark.parametrize("rule", ["shell(make  all)", "shell(make\nall)"])
async def test_a_rule_that_is_more_than_one_plain_line_is_seen_exactly(rule):
    async with shown(Ask(Question("a", "shell", "make", Show("text", "make"), rule)), (80, 40)) as (app, _):
        seen = app.page()
        assert all(part in seen for part in rule.split("\n")) and "a lasting yes allows  shell(make all)" in seen
