"""Questions to a person: each waits under its branch, main's come first, and the one being shown stays."""

import asyncio

import pytest

from omg.agent.permit import Answer, Question
from omg.session.questions import Questions


def question(branch: str, rule: str = "shell(ls)") -> Question:
    return Question(branch, "shell", "ls", None, rule)


class Desk:
    def __init__(self) -> None:
        self.kept: list[str] = []
        self.questions = Questions(lambda: None, self.kept.append)
        self.tasks: dict[str, asyncio.Task[Answer]] = {}

    async def ask(self, *branches: str, rule: str = "shell(ls)") -> None:
        for branch in branches:
            self.tasks[branch] = asyncio.create_task(self.questions.ask(question(branch, rule)))
        await asyncio.sleep(0)

    @property
    def current(self) -> str | None:
        return self.questions.current.question.branch if self.questions.current else None


async def test_main_is_asked_for_first_but_never_in_place_of_what_is_shown():
    desk = Desk()
    await desk.ask("a", "b", "main")
    assert desk.current == "a"
    desk.questions.reply(Answer("once"))
    assert await desk.tasks["a"] == Answer("once")
    assert desk.current == "main"


async def test_a_question_whose_call_is_cancelled_goes_away():
    desk = Desk()
    await desk.ask("a", "b")
    desk.tasks["a"].cancel()
    await asyncio.wait([desk.tasks["a"]])
    assert desk.current == "b"
    assert [asked.question.branch for asked in desk.questions.waiting] == ["b"]


async def test_always_is_kept_and_a_session_is_not():
    desk = Desk()
    await desk.ask("a")
    desk.questions.reply(Answer("session"))
    await desk.tasks["a"]
    await desk.ask("b")
    desk.questions.reply(Answer("always"))
    assert await desk.tasks["b"] == Answer("always")
    assert desk.kept == ["shell(ls)"]


@pytest.mark.parametrize("kind", ["session", "always"])
async def test_without_a_rule_a_yes_holds_once(kind):
    desk = Desk()
    await desk.ask("a", rule="")
    desk.questions.reply(Answer(kind))
    assert await desk.tasks["a"] == Answer("once")
    assert desk.kept == []


async def test_a_second_answer_changes_nothing():
    desk = Desk()
    await desk.ask("a")
    desk.questions.reply(Answer("no", "words"))
    desk.questions.reply(Answer("once"))
    assert await desk.tasks["a"] == Answer("no", "words")
    desk.questions.reply(Answer("once"))
