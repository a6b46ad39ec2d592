"""Pictures of a screen, held against those that were agreed on. `OMG_PICTURES=new` agrees on the present ones."""

import os
import re
from pathlib import Path

from textual.app import App

AGREED = Path(__file__).parent / "pictures"


def same_picture(app: App, name: str) -> None:
    """Hold the screen against the picture of that name: every cell, and the colours it has."""
    picture = plain(app.export_screenshot(title="omg"))
    path = AGREED / f"{name}.svg"
    if os.environ.get("OMG_PICTURES") == "new":
        AGREED.mkdir(exist_ok=True)
        path.write_text(picture, "utf-8")
    assert path.exists(), f"there is no {path.name} yet: look at the screen, then run with OMG_PICTURES=new"
    if picture != path.read_text("utf-8"):
        other = path.with_suffix(".now.svg")
        other.write_text(picture, "utf-8")
        raise AssertionError(f"the screen is not what {path.name} shows; it is now in {other}")


def plain(svg: str) -> str:
    """A picture without what differs each time it is made: the names of its styles."""
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
