"""The colours of a transcript, as the theme in force says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, String
from rich.style import Style
from rich.syntax import SyntaxTheme, TokenType
from rich.theme import Theme
from textual.color import Color, ColorParseError

from omg.ui.tui.transcript.items import Tone

Role = Literal["text", "dim", "bold", "warm", "cold", "running", "failed", "words", "code", "link"]


@dataclass(frozen=True, eq=False)
class Palette:
    """Styles by what they are for; `code` colours tokens of code, `theme` is for rich's Markdown."""

    base: Style
    styles: Mapping[str, Style]
    code: SyntaxTheme
    theme: Theme

    def __getitem__(self, role: Role | Tone) -> Style:
        return self.styles.get(role, self.base)


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
    code = _Code(cold, running, warm, dim)
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
    return Palette(base, styles, code, theme)


class _Code(SyntaxTheme):
    """Few colours: keywords, strings, numbers; what is defined is bold, comments are dim."""

    def __init__(self, keyword: Style, string: Style, number: Style, comment: Style) -> None:
        name = Style(bold=True)
        self._known: dict[TokenType, Style] = {
            Comment: comment,
            Keyword: keyword,
            Operator.Word: keyword,
            String: string,
            Number: number,
            Name.Function: name,
            Name.Class: name,
            Name.Decorator: name,
            Name.Tag: keyword,
            Name.Attribute: keyword,
            Generic.Inserted: string,
            Generic.Heading: Style(bold=True),
        }

    def get_style_for_token(self, token_type: TokenType) -> Style:
        """The style of a token, or of the nearest kind above it that has one."""
        kind: TokenType = token_type
        while kind not in self._known and len(kind) > 0:
            kind = kind[:-1]
        found = next((style for known, style in self._known.items() if tuple(known) == tuple(kind)), Style())
        self._known[token_type] = found
        return found

    def get_background_style(self) -> Style:
        return Style()
