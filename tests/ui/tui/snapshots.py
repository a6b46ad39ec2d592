"""What a screen looks like, as text that can be read in a review: its rows, then what of them is painted how.

Kept beside the tests in `screens/NAME.txt`; `OMG_SCREENS=write` writes them anew. Look at what has changed then.
"""

from __future__ import annotations

import os
from difflib import unified_diff
from pathlib import Path

from rich.style import Style
from textual.app import App

_FOLDER = Path(__file__).parent / "screens"


def drawn(app: App) -> str:
    """The screen as it is: rows of text, and below them `row: column text [how it is painted]` for what stands out."""
    strips = app.screen._compositor.render_strips()
    filters = [each for each in app._filters if each.enabled]
    rows, styles, ground = [], [], _ground(app)
    for y, strip in enumerate(strips):
        for each in filters:
            strip = strip.apply_filter(each, app.background_colors[1])
        rows.append(strip.text.rstrip())
        x = 0
        for segment in strip.simplify():
            said = _said(segment.style, ground)
            if said and segment.text.strip():
                styles.append(f"{y:3}:{x:<3} {segment.text.strip()}  [{said}]")
            x += segment.cell_length
    return "\n".join([*rows, "─" * app.size.width, *styles, ""])


def _ground(app: App) -> Style:
    return app.screen.rich_style


def _said(style: Style | None, ground: Style) -> str:
    """How text is painted, where that is not as the screen's own."""
    if style is None:
        return ""
    parts = [name for name in ("bold", "dim", "italic", "underline", "reverse") if getattr(style, name)]
    if style.color is not None and style.color != ground.color and not style.color.is_default:
        parts.append(style.color.name)
    if style.bgcolor is not None and style.bgcolor != ground.bgcolor and not style.bgcolor.is_default:
        parts.append(f"on {style.bgcolor.name}")
    return " ".join(parts)


def same(app: App, name: str) -> None:
    """The screen is the one that is kept under this name."""
    found, path = drawn(app), _FOLDER / f"{name}.txt"
    if os.environ.get("OMG_SCREENS") == "write":
        _FOLDER.mkdir(exist_ok=True)
        path.write_text(found, "utf-8")
    assert path.exists(), f"{name} is not kept yet: OMG_SCREENS=write keeps it"
    kept = path.read_text("utf-8")
    changes = "\n".join(unified_diff(kept.splitlines(), found.splitlines(), "kept", "found", n=0, lineterm=""))
    assert found == kept, f"{name} looks different; OMG_SCREENS=write, if that is right:\n{changes}"
