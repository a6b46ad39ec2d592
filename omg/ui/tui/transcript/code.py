"""Code in the colours of its language, row by row; written for code that is drawn again while it grows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment

from omg.ui.text import fold

if TYPE_CHECKING:
    from pygments.lexer import Lexer

    from omg.ui.tui.transcript.palette import Palette

Row = list[Segment]
"""One row: pieces of text with their styles, none of them a new line."""


@lru_cache(maxsize=64)
def lexer_for(language: str) -> Lexer | None:
    """What reads a language, by its name; None where nobody knows it."""
    from pygments.lexers import find_lexer_class_by_name
    from pygments.util import ClassNotFound

    try:
        return find_lexer_class_by_name(language)(stripnl=False, ensurenl=False) if language else None
    except ClassNotFound:
        return None


@lru_cache(maxsize=256)
def language_of(name: str) -> str:
    """The language of a file, by its name; empty where nobody knows it."""
    from pygments.lexers import find_lexer_class_for_filename

    found = find_lexer_class_for_filename(name)
    return found.aliases[0] if found is not None and found.aliases else ""


def code_rows(code: str, language: str, palette: Palette, width: int) -> list[Row]:
    """The rows of a piece of code, folded at `width` cells."""
    rows: list[Row] = []
    for row in _lines(code, language, palette):
        rows += folded(row, width)
    return rows


def _lines(code: str, language: str, palette: Palette) -> Iterator[Row]:
    lexer = lexer_for(language)
    if lexer is None:
        yield from ([Segment(line)] if line else [] for line in code.split("\n"))
        return
    row: Row = []
    for kind, text in lexer.get_tokens(code):
        style = palette.of_token(kind)
        first, *others = text.split("\n")
        if first:
            row.append(Segment(first, style))
        for other in others:
            yield row
            row = [Segment(other, style)] if other else []
    yield row


def folded(row: Row, width: int) -> list[Row]:
    """A row as the rows that it takes."""
    if sum(cell_len(segment.text) for segment in row) <= width:
        return [row]
    rows: list[Row] = [[]]
    room = width
    for text, style, _ in row:
        for place, piece in enumerate(_pieces(text, room, width)):
            if place:
                rows.append([])
                room = width
            if piece:
                rows[-1].append(Segment(piece, style))
                room -= cell_len(piece)
    return rows


def _pieces(text: str, room: int, width: int) -> list[str]:
    """A text in pieces: the first in `room` cells, the others in `width`."""
    if cell_len(text) <= room:
        return [text]
    first = fold(text, room)[0] if room > 0 else ""
    return [first, *fold(text[len(first) :], width)]


class Coloured(Console):
    """A console that draws in a palette, for what rich calls back."""

    def __init__(self, palette: Palette, width: int) -> None:
        super().__init__(
            file=io.StringIO(),
            width=width,
            force_terminal=True,
            color_system="truecolor",
            theme=palette.theme,
            highlight=False,
            legacy_windows=False,
            markup=False,
            emoji=False,
        )
        self.palette = palette


def indent(row: Row) -> Row:
    """A row of code as it stands in a text: two cells in."""
    return [Segment("  "), *row] if row else row
