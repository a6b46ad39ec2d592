"""How everything looks: few colours, which mean something, two weights, and the terminal's own otherwise."""

from omg.ui.tui.look.dress import dress, reads_aloud
from omg.ui.tui.look.lines import Line, Lines, Span, line, spread, text_of
from omg.ui.tui.look.rows import Row, Rows

__all__ = ["Line", "Lines", "Row", "Rows", "Span", "dress", "line", "reads_aloud", "spread", "text_of"]
