"""Questions that only a person can answer: they wait in line, each under its branch's name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from omg.agent.permit import Answer, Question


@dataclass(slots=True, eq=False)
class Asked:
    """A question that waits for its answer."""

    question: Question
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Questions:
    """Implements `Asker`. A question holds only its own branch; the one being shown stays until it is answered."""

    def __init__(self, changed: Callable[[], None], remember: Callable[[str], None]) -> None:
        """`changed` is called when a question comes or goes; `remember` keeps a rule for every session."""
        self.waiting: list[Asked] = []
        self.current: Asked | None = None
        self._changed, self._remember = changed, remember

    async def ask(self, question: Question) -> Answer:
        """The person's answer, whenever it comes."""
        asked = Asked(question)
        self.waiting.append(asked)
        self._show()
        try:
            return await asked.answer
        finally:
            self.waiting.remove(asked)
            if self.current is asked:
                self.current = None
            self._show()

    def _show(self) -> None:
        """Main's question comes before those of forks: a person waits for main."""
        if self.current is None and self.waiting:
            of_main = (asked for asked in self.waiting if asked.question.branch == "main")
            self.current = next(of_main, self.waiting[0])
        self._changed()

    def reply(self, answer: Answer) -> None:
        """Answer the current question; without a rule of its own, a lasting yes holds once. Raises SettingsError or
        OSError where the rule cannot be kept: the answer stands for this session then."""
        asked = self.current
        if asked is None or asked.answer.done():
            return
        rule = asked.question.rule
        asked.answer.set_result(answer if rule or answer.kind == "no" else Answer("once"))
        if answer.kind == "always" and rule:
            self._remember(rule)
