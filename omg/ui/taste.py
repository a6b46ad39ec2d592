"""What a person likes their screen to be: theme, keys, sounds. Values only: the screens make something of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import ClassVar, Literal

Base = Literal["dark", "light", "ansi"]
Notify = Literal["auto", "bell", "off"]

BUILT_IN: tuple[Base, ...] = ("dark", "light", "ansi")
_COLOUR = re.compile(
    r"#(?:[0-9a-f]{3}|[0-9a-f]{6})|default|(?:bright_)?(?:black|red|green|yellow|blue|magenta|cyan|white)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Palette:
    """A theme of a person's own: the colours they name, the others being those of the theme it is based on.

    A colour is #rrggbb, #rgb, one of the terminal's sixteen (`red`, `bright_red`), or `default`, the terminal's own.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    base: Base = "dark"
    text: str = ""
    ground: str = ""
    panel: str = ""
    """Behind what stands beside the page: panes, dialogs."""
    line: str = ""
    accent: str = ""
    """What is chosen, or has the keys."""
    warm: str = ""
    cold: str = ""
    running: str = ""
    failed: str = ""

    def wrong(self) -> str | None:
        """The first colour that is none, by name and value; None where all are."""
        for name in (each.name for each in fields(self) if each.name != "base"):
            value = getattr(self, name)
            if value and not _COLOUR.fullmatch(value):
                return f"{name}: {value!r} is no colour: #rrggbb, a name such as bright_red, or default"
        return None


@dataclass(frozen=True)
class Taste:
    """A person's settings of the screen. `theme` names a built-in one, one of `themes`, or is "auto"."""

    theme: str = "auto"
    themes: Mapping[str, Palette] = field(default_factory=dict[str, Palette])
    vim: bool = False
    screen_reader: bool = False
    notify: Notify = "auto"
