"""Markdown, diffs and code as coloured text. rich is loaded when the first of them is drawn."""

from __future__ import annotations

from functools import cache
from io import StringIO
from typing import TYPE_CHECKING

from omg.core.tool import Show
from omg.ui.text import clean

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.markdown import Markdown

_THEME = "ansi_dark"
"""The terminal's own colours, whatever its background."""


def markdown(text: str, width: int, color: bool) -> str:
    """A Markdown block, drawn."""
    return _drawn(_markdown_class()(clean(text), code_theme=_THEME, hyperlinks=False), width, color)


@cache
def _markdown_class() -> type[Markdown]:
    """rich's Markdown, made quiet: code without a box, headings at the margin."""
    from rich.markdown import CodeBlock, Heading, Markdown
    from rich.syntax import Syntax

    class Code(CodeBlock):
        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            code = str(self.text).rstrip()
            yield Syntax(
                code, self.lexer_name, theme=_THEME, word_wrap=True, padding=(0, 2), background_color="default"
            )

    class Title(Heading):
        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            self.text.justify = "left"
            self.text.stylize("bold")
            yield self.text

    class Quiet(Markdown):
        elements = {**Markdown.elements, "fence": Code, "code_block": Code, "heading_open": Title}  # noqa: RUF012 - rich's own

    return Quiet


def shown(show: Show, width: int, color: bool) -> str:
    """A tool's block, drawn by its kind."""
    if show.kind == "text" or not color:
        return clean(show.text).rstrip("\n") + "\n"
    from rich.syntax import Syntax

    language = "diff" if show.kind == "diff" else Syntax.guess_lexer(show.title or "x.txt", show.text[:2000])
    syntax = Syntax(clean(show.text), language, theme=_THEME, background_color="default", word_wrap=True)
    return _drawn(syntax, width, color)


def _drawn(what: RenderableType, width: int, color: bool) -> str:
    from rich.console import Console

    out = StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        legacy_windows=False,
    )
    console.print(what)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def warm_up() -> None:
    """Load what drawing needs, so that the first reply does not wait for it. Call it in a thread."""
    markdown("`x`\n\n```python\nx = 1\n```\n", 40, True)
