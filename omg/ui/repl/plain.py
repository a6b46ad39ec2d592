"""The REPL on a terminal that can do nothing: lines in, lines out."""

from __future__ import annotations

import asyncio
import signal
import sys

from omg.agent.permit import Answer
from omg.session.talk import is_command
from omg.ui.repl import shows
from omg.ui.repl.first import PROMPT
from omg.ui.repl.ink import Ink
from omg.ui.repl.page import Page
from omg.ui.repl.talk import Talk
from omg.ui.screen import Screen
from omg.ui.text import exact

_WIDTH = 80


async def talk_plainly(screen: Screen) -> int:
    """Talk until the input ends or the person leaves. Raises Trouble where no session can be opened."""
    return await Plain(screen).run()


class Plain:
    """Reads standard input line by line; a question is answered by the next line."""

    def __init__(self, screen: Screen) -> None:
        page = Page(_write, lambda: _WIDTH, Ink(False))
        self._screen, self._left = screen, asyncio.Event()
        self._talk = Talk(screen, page, self._changed, self._returned, self._left.set)
        self._asked: object = None
        self._worked = False
        self._typed = b""

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._left.set)
        shows.banner(self._talk.page, self._screen)
        await self._talk.begin()
        loop.add_reader(sys.stdin.fileno(), self._readable)
        _write(PROMPT)
        try:
            await self._left.wait()
        finally:
            loop.remove_reader(sys.stdin.fileno())
            await self._talk.close()
        return 0

    def _readable(self) -> None:
        import os

        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            self._left.set()
            return
        *lines, self._typed = (self._typed + data).split(b"\n")
        for line in lines:
            self._line(line.decode("utf-8", "replace"))

    def _line(self, line: str) -> None:
        if self._talk.questions.current is not None:
            self._reply(line.strip())
        elif self._talk.open is not None:
            if not is_command(line.strip()):
                self._talk.open.feed.silent.add(line.strip())
            self._talk.submit(line)

    def _reply(self, line: str) -> None:
        """`y`, `s`, `a`, or `n` and words; anything else is a no with these words."""
        match line:
            case "y":
                answer = Answer("once")
            case "s":
                answer = Answer("session")
            case "a":
                answer = Answer("always")
            case _:
                answer = Answer("no", line.removeprefix("n").strip() if line.partition(" ")[0] == "n" else line)
        try:
            self._talk.questions.reply(answer)
        except Exception as error:  # noqa: BLE001 - the answer stands; what could not be kept is told
            self._talk.trouble(error)

    def _interrupt(self) -> None:
        if not self._talk.interrupt():
            self._left.set()

    def _changed(self) -> None:
        current = self._talk.questions.current
        if current is not None and current is not self._asked:
            question = current.question
            shown = exact(question.show.text) if question.show else question.subject
            lasting = f", s this session, a always ({exact(question.rule)})" if question.rule else ""
            _write(f"? {question.branch} asks: {question.tool}\n{shown}\n(y once{lasting}, n and words)\n")
        self._asked = current
        busy = self._talk.working
        if self._worked and not busy:
            _write(PROMPT)
        self._worked = busy

    def _returned(self, words: str) -> None:
        _write(f"(not sent: {words})\n")


def _write(text: str) -> None:
    sys.stdout.write(text.encode(sys.stdout.encoding, "replace").decode(sys.stdout.encoding))
    sys.stdout.flush()
