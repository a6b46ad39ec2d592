"""Dress an app: its themes, and what a person wants of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from textual.app import App
from textual.widget import Widget

from omg.ui.taste import Taste
from omg.ui.tui.look.themes import PLAIN, built_in, made

_READER = "-reader"


def dress(
    app: App[Any], taste: Taste | None = None, *, color: bool = True, env: Mapping[str, str] | None = None
) -> None:
    """Give `app` the look that a person wants. To be called before it runs: its style sheets need the colours."""
    taste = taste or Taste()
    for theme in built_in():
        app.register_theme(theme)
    for name, palette in taste.themes.items():
        app.register_theme(made(name, palette))
    app.theme = theme_of(taste, color and not app.no_color, os.environ if env is None else env)
    app.animation_level = "none"  # nothing moves unless something happened
    app.set_class(taste.screen_reader, _READER)


def theme_of(taste: Taste, color: bool, env: Mapping[str, str]) -> str:
    """The name of the theme to use.

    "auto" is the terminal's own sixteen colours, which fit whatever it is; and the fuller theme where the terminal
    tells what it can do (COLORTERM) and how bright its ground is (COLORFGBG).
    """
    if not color:
        return PLAIN
    if taste.theme != "auto":
        return taste.theme
    ground = env.get("COLORFGBG", "").rpartition(";")[2]
    if env.get("COLORTERM") not in ("truecolor", "24bit") or not ground.isdecimal():
        return "ansi"
    return "light" if int(ground) in (7, 15) else "dark"


def reads_aloud(widget: Widget) -> bool:
    """Whether the screen is read to the person: words instead of drawings, and nothing that changes by itself."""
    return widget.ancestors_with_self[-1].has_class(_READER)
