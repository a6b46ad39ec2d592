"""The themes. Four colours mean something: `$warm $cold $running $failed`; `$line` draws between things."""

from __future__ import annotations

from dataclasses import fields

from textual.theme import BUILTIN_THEMES, Theme

from omg.ui.taste import Base, Palette

_DARK = Palette(
    text="#d5d8dd",
    ground="#121518",
    panel="#191d21",
    line="#2e343b",
    accent="#f2f3f5",
    warm="#e3a948",
    cold="#74a7e4",
    running="#86c06c",
    failed="#e86f66",
)
_LIGHT = Palette(
    "light",
    text="#26292d",
    ground="#fcfbf8",
    panel="#f4f2ec",
    line="#d9d5ca",
    accent="#000000",
    warm="#9a6200",
    cold="#2a66ae",
    running="#37761f",
    failed="#b9352c",
)
_ANSI = Palette(
    "ansi",
    text="default",
    ground="default",
    panel="default",
    line="bright_black",
    accent="default",
    warm="yellow",
    cold="blue",
    running="green",
    failed="red",
)
_PLAIN = Palette("ansi", *["default"] * 9)
_BUILT_IN: dict[Base, Palette] = {"dark": _DARK, "light": _LIGHT, "ansi": _ANSI}

# What the framework's own style sheets name in a theme of sixteen colours; the cursor seen on any ground.
_OF_SIXTEEN = {
    **BUILTIN_THEMES["ansi-dark"].variables,
    "block-cursor-foreground": "ansi_default",
    "block-cursor-background": "ansi_default",
    "block-cursor-text-style": "reverse",
    "input-cursor-background": "ansi_default",
    "input-cursor-foreground": "ansi_default",
    "input-cursor-text-style": "reverse",
}

PLAIN = "plain"
"""The theme without any colour; no setting names it."""


def built_in() -> list[Theme]:
    """The themes that are always there."""
    return [*(made(name, palette) for name, palette in _BUILT_IN.items()), made(PLAIN, _PLAIN)]


def made(name: str, palette: Palette) -> Theme:
    """A theme, what its palette leaves out taken from its base."""
    base = _BUILT_IN[palette.base]
    colour = {
        each.name: _css(getattr(palette, each.name) or getattr(base, each.name))
        for each in fields(Palette)
        if each.name != "base"
    }
    quiet = colour["line"]
    return Theme(
        name,
        primary=colour["accent"],
        secondary=colour["cold"],
        warning=colour["warm"],
        error=colour["failed"],
        success=colour["running"],
        accent=colour["accent"],
        foreground=colour["text"],
        background=colour["ground"],
        surface=colour["ground"],
        panel=colour["panel"],
        dark=palette.base != "light",
        ansi=colour["ground"] == "ansi_default",
        text_alpha=1.0,
        variables={
            **(_OF_SIXTEEN if colour["ground"] == "ansi_default" else {}),
            "warm": colour["warm"],
            "cold": colour["cold"],
            "running": colour["running"],
            "failed": colour["failed"],
            "line": quiet,
            "border": colour["accent"],
            "border-blurred": quiet,
            "scrollbar": quiet,
            "scrollbar-hover": colour["text"],
            "scrollbar-active": colour["text"],
            "scrollbar-background": colour["ground"],
            "scrollbar-background-hover": colour["ground"],
            "scrollbar-background-active": colour["ground"],
            "scrollbar-corner-color": colour["ground"],
        },
    )


def _css(colour: str) -> str:
    """A palette's colour as Textual names it."""
    return colour if colour.startswith("#") else f"ansi_{colour.lower()}"
