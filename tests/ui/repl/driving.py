"""A REPL without a terminal: keys go in by a pipe, what reaches the page and the live lines is looked at."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from omg.ui.repl.app import App
from omg.ui.screen import Screen
from omg.ui.text import clean
from tests.scripted import Stage, until


class Paper(DummyOutput):
    """Keeps what is written above the live lines."""

    def __init__(self) -> None:
        self.size = Size(rows=24, columns=80)
        self.text = ""

    def get_size(self) -> Size:
        return self.size

    def write_raw(self, data: str) -> None:
        self.text += clean(data)


@dataclass
class Driven:
    app: App
    keys: PipeInput
    paper: Paper
    remembered: list[str]
    status: int | None = None

    def type(self, text: str) -> None:
        self.keys.send_text(text)

    async def sees(self, text: str) -> None:
        """Wait until `text` is on the page."""
        await self.until(lambda: text in self.paper.text)

    async def until(self, reached) -> None:
        try:
            await until(reached)
        except AssertionError:
            raise AssertionError(f"{self.live}\n---\n{self.paper.text}") from None

    @property
    def live(self) -> str:
        return clean(self.app._live().value)

    @property
    def asked(self) -> str:
        """What the dialog shows; nothing when no question is pending."""
        return clean(self.app.dialog._text().value)

    @property
    def bottom(self) -> str:
        return self.app._bottom()

    @property
    def prompt(self) -> str:
        return self.app.editor.text


@asynccontextmanager
async def driven(stage: Stage, opening=None) -> AsyncIterator[Driven]:
    """A REPL over `stage`, its session open; left at the end if it has not been."""
    remembered: list[str] = []

    def open(asker, resume):
        stage.asker = asker
        return opening(resume) if opening else stage.open()

    screen = Screen(
        ui="repl",
        model="claude-opus-5-5",
        provider="scripted",
        mode="ask",
        folder=Path(stage.folder),
        home=Path(stage.home),
        color=True,
        open=open,
        remember=remembered.append,
        trust=lambda: None,
    )
    with create_pipe_input() as keys:
        paper = Paper()
        app = App(screen, keys, paper)
        desk = Driven(app, keys, paper, remembered)

        async def run() -> None:
            desk.status = await app.run()

        task = asyncio.create_task(run())
        try:
            await desk.until(lambda: app.talk.open is not None or task.done())
            yield desk
        finally:
            app.leave()
            await asyncio.wait_for(task, 10)
