"""rich's Markdown, made quiet. Slow to import: it is when the first Markdown is drawn, or before, in a thread."""

from __future__ import annotations

from typing import cast

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.segment import Segment

from omg.ui.tui.transcript.code import Coloured, code_rows, indent


class _Code(CodeBlock):
    """Code without a box, two cells in."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        palette = cast(Coloured, console).palette
        for row in code_rows(str(self.text).rstrip("\n"), self.lexer_name, palette, options.max_width - 2):
            yield from indent(row)
            yield Segment.line()


class _Title(Heading):
    """A heading at the margin."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        self.text.stylize("bold")
        yield self.text


class Quiet(Markdown):
    elements = {**Markdown.elements, "fence": _Code, "code_block": _Code, "heading_open": _Title}  # noqa: RUF012 - rich's own
