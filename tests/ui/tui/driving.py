"""The terminal UI without a terminal: Textual's pilot presses keys, the screen is read as text."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from omg.cli.settings_desk import settings_desk
from omg.core.spoken import Spoken
from omg.session.conversation import Conversation
from omg.ui.screen import Screen
from omg.ui.taste import Taste
from omg.ui.tui.app import OmgApp
from tests.scripted import Stage, until


@dataclass
class Driven:
    app: OmgApp
    pilot: Pilot
    remembered: list[str]
    written: list[str]
    """What went to the terminal beside the screen."""

    @property
    def conversation(self) -> Conversation:
        assert self.app.desk.talk.conversation is not None
        return self.app.desk.talk.conversation

    @property
    def page(self) -> str:
        """The transcript as far as it is on the screen."""
        return self.app.transcript.text

    @property
    def screen(self) -> str:
        """All that is on the screen."""
        return screen_text(self.app)

    async def enter(self, text: str) -> None:
        """Type a line and enter it."""
        self.app.prompt.give_back(Spoken(text))
        await self.pilot.press("enter")

    async def sees(self, text: str) -> None:
        await self.until(lambda: text in self.page)

    async def until(self, reached) -> None:
        try:
            await until(reached)
        except AssertionError:
            raise AssertionError(self.screen) from None
        await self.pilot.pause()


def screen_text(app: OmgApp) -> str:
    """The screen's cells as text."""
    width, height = app.size
    strips = app.screen._compositor.render_strips(app.size)
    return "\n".join(strip.text[:width].rstrip() for strip in strips[:height])


def screen_of(stage: Stage, opening=None, remembered=None, taste: Taste | None = None) -> Screen:
    """What the UI is started with, over a stage."""

    def open(asker, resume):
        stage.asker = asker
        return opening(resume) if opening else stage.open()

    return Screen(
        ui="tui",
        model="claude-opus-5-5",
        provider="scripted",
        mode="ask",
        folder=Path(stage.folder),
        home=Path(stage.home),
        color=True,
        open=open,
        remember=(remembered if remembered is not None else []).append,
        trust=lambda: None,
        taste=taste or Taste(theme="dark"),
        settings=settings_desk(Path(stage.home), Path(stage.folder), {}),
    )


@asynccontextmanager
async def driven(
    stage: Stage,
    opening=None,
    size: tuple[int, int] = (110, 34),
    taste: Taste | None = None,
    *,
    wait: bool = True,
) -> AsyncIterator[Driven]:
    """The UI over `stage`, its session open unless nobody is to `wait`; left at the end if it has not been."""
    remembered: list[str] = []
    app = OmgApp(screen_of(stage, opening, remembered, taste))
    written: list[str] = []
    app.signals._write = written.append
    try:
        async with app.run_test(size=size) as pilot:
            desk = Driven(app, pilot, remembered, written)
            if wait:
                await desk.until(lambda: app.transcript.story is not None)
            yield desk
    finally:
        await app.desk.close()
