"""The colours of a transcript, as the theme in force says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, String
from rich.style import Style
from rich.theme import Theme
from textual.color import Color, ColorParseError

if TYPE_CHECKING:
    from omg.ui.tui.transcript.items import Tone

Role = Literal["text", "dim", "bold", "warm", "cold", "running", "failed", "words", "code", "link"]

TokenType = tuple[str, ...]
_CODE: dict[TokenType, str] = {
    tuple(kind): role
    for kind, role in (
        (Comment, "dim"),
        (Keyword, "cold"),
        (Operator.Word, "cold"),
        (String, "running"),
        (Number, "warm"),
        (Name.Function, "bold"),
        (Name.Class, "bold"),
        (Name.Decorator, "bold"),
        (Name.Tag, "cold"),
        (Name.Attribute, "cold"),
        (Generic.Heading, "bold"),
        (Generic.Subheading, "bold"),
        (Generic.Inserted, "running"),
        (Generic.Deleted, "failed"),
    )
}
"""Few colours: keywords, strings, numbers; what is defined is bold, comments are dim."""


@dataclass(frozen=True, eq=False)
class Palette:
    """Styles by what they are for; `theme` is for rich's Markdown."""

    base: Style
    styles: Mapping[str, Style]
    theme: Theme
    _tokens: dict[TokenType, Style] = field(default_factory=dict[TokenType, Style])

    def __getitem__(self, role: Role | Tone) -> Style:
        return self.styles.get(role, Style.null())

    def of_token(self, kind: TokenType) -> Style:
        """The style of a token of code: its own, else that of the nearest kind above it that has one."""
        found = self._tokens.get(kind)
        if found is None:
            above = (tuple(kind[:length]) for length in range(len(kind), 0, -1))
            role = next((_CODE[one] for one in above if one in _CODE), "")
            found = self._tokens[kind] = self.styles.get(role, Style.null())
        return found


def palette(variables: Mapping[str, str], base: Style) -> Palette:
    """The palette for a theme's variables on a widget whose own style is `base`."""

    def colour(name: str, fallback: str) -> Style:
        for value in (variables.get(name), fallback):
            try:
                return Style(color=Color.parse(value).rich_color) if value else Style()
            except ColorParseError:
                continue
        return Style()

    warm, cold = colour("warm", "ansi_yellow"), colour("cold", "ansi_blue")
    running, failed = colour("running", "ansi_green"), colour("failed", "ansi_red")
    dim, bold = Style(dim=True), Style(bold=True)
    styles = {
        "dim": dim,
        "bold": bold,
        "warm": warm,
        "cold": cold,
        "running": running,
        "failed": failed,
        "words": bold,
        "code": cold,
        "link": Style(underline=True) + cold,
    }
    theme = Theme(
        {
            "markdown.code": cold,
            "markdown.code_block": Style(),
            "markdown.block_quote": dim,
            "markdown.item.bullet": bold,
            "markdown.item.number": bold,
            "markdown.list": Style(),
            "markdown.hr": dim,
            "markdown.link": Style(underline=True),
            "markdown.link_url": dim,
            "markdown.table.header": bold,
            "markdown.table.border": dim,
            **{f"markdown.h{level}": bold for level in range(1, 8)},
        }
    )
    return Palette(base, styles, theme)
