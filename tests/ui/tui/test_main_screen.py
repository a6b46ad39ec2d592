"""The main screen in each theme and size: a question answered, a command, three forks of which two are done."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from omg.cache.mirror import Mirror
from omg.core.spoken import Image, Pasted, Spoken
from omg.session.store import Store
from omg.ui.taste import Taste
from tests.scripted import Says, lines, stage
from tests.ui.tui.driving import driven
from tests.ui.tui.snapshots import same

ANSWER = """The failure is in `moor()`, when the draught **exceeds** the depth:

```python
def moor(berth: Berth, draught: float) -> bool:
    return draught <= berth.depth  # no tide here
```

- the tide is *never* added
- nobody tests it
"""
ATTACHED = (
    Pasted("\n".join(f"{n:02} the tide comes in" for n in range(40))),
    Image("berth.png", "image/png", b"", 1280, 800),
)
SCRIPT: dict[str, Any] = {
    "fails": [Says("I look.", (("read", {"path": "berth.py"}),), thinking="Where is it?"), Says(ANSWER)],
    "calls": Says("Two places call it."),
}


@pytest.mark.parametrize(
    ("name", "theme", "size"),
    [
        ("dark", "dark", (130, 40)),
        ("light", "light", (130, 40)),
        ("ansi", "ansi", (130, 40)),
        ("small", "dark", (80, 24)),
        ("large", "dark", (200, 60)),
        ("small-light", "light", (80, 24)),
        ("large-light", "light", (200, 60)),
    ],
)
async def test_the_main_screen(tmp_path, monkeypatch, name, theme, size):
    monkeypatch.setattr(Store, "new_id", lambda self: "7f3a19c0d2e4")
    first, second = asyncio.Event(), asyncio.Event()
    forks = {
        "tested": Says("There is no test.", before=first),
        "right": Says("I hold on.", (("hold", {"name": "gate"}),), before=second),
    }
    there = stage(tmp_path, lines(**SCRIPT, **forks))
    there.provider.mirror = Mirror()
    (there.folder / "berth.py").write_text("class Berth: ...\n")
    now = 1_795_248_000.0

    def opened(resume):
        conversation = there.open()
        conversation.agent.runtime.clock = lambda: now
        return conversation

    async with driven(there, opened, size=size, taste=Taste(theme=theme)) as desk:
        desk.app.start = desk.app.header._start = replace(desk.app.start, folder=Path("/src/harbour"))
        desk.app.prompt.editor.cursor_blink = False
        await desk.enter("why fails mooring?")
        await desk.until(lambda: not desk.app.desk.talk.busy)
        await desk.enter("/fork who calls it? | is it tested? | is it right?")
        await desk.sees("✔ a")
        first.set()
        await desk.sees("✔ b")
        second.set()
        await desk.until(lambda: there.hold.begun)
        await still(desk)
        same(desk.app, f"main-{name}")
        if size != (130, 40):
            await desk.enter("/tree")
            await desk.sees("epoch 1")
            await still(desk)
            same(desk.app, f"tree-{name}")
            await desk.pilot.press("/", "f", "o")
            await still(desk)
            same(desk.app, f"completing-{name}")
            await desk.pilot.press("escape", "ctrl+u")
            if desk.app.narrow:
                for key, pane in (("ctrl+k", "cache"), ("ctrl+f", "forks")):
                    await desk.pilot.press(key)
                    await still(desk)
                    same(desk.app, f"{pane}-{name}")
                await desk.pilot.press("escape")
            desk.app.prompt.give_back(Spoken("why is this so, and that?", ATTACHED))
            await still(desk)
            same(desk.app, f"attached-{name}")


async def still(desk):
    """Until nothing moves."""
    seen = ""
    while seen != desk.screen:
        seen = desk.screen
        await asyncio.sleep(0.3)
