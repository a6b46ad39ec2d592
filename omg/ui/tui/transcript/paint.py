"""Draws each item of a transcript as rows, in a width."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from omg.core.tool import Show
from omg.ui.text import clean, cut, fold, one_line
from omg.ui.tui.transcript.code import Row, language_of
from omg.ui.tui.transcript.items import SHOWN, Call, Fork, Item, Note, Output, Report, Thought, Tone, Words
from omg.ui.tui.transcript.marked import Growing, Marker

if TYPE_CHECKING:
    from omg.core.events import ForkStatus
    from omg.ui.tui.transcript.palette import Palette

_OPENED = 1000
"""Rows that an item opens to, at most; the others are counted."""
_NAME, _CARD = 5, 92
"""Cells of a card's name at least, and of a card at most: what it came to stands at its right."""
_PEEK = 6
"""Lines of a report or an output that are shown while it is folded."""
_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})\s*([\w+#.-]*)[^\n]*\n")
_COLUMNS = re.compile(r"\S {2,}\S")
"""What a row of columns has, and prose has not: cut, a row stays one, and opening the card shows all of it."""
_STATES: dict[str, tuple[str, Tone]] = {"running": ("●", "running"), "done": ("▸", "dim"), "failed": ("✗", "failed")}
_ENDS: dict[ForkStatus, tuple[str, Tone, str]] = {
    "running": ("●", "running", "at work"),
    "done": ("✔", "running", "report ready"),
    "failed": ("✗", "failed", "failed"),
    "stopped": ("◼", "warm", "stopped"),
}


class Painter:
    """Rows for items, `width` cells wide at most, in the colours of a palette."""

    def __init__(self, palette: Palette, width: int, folder: Path) -> None:
        self.palette, self.width, self._folder = palette, max(width, 12), folder
        self._body = Marker(palette, self.width - 3)
        self._inner = Marker(palette, self.width - 7)

    def item(self, item: Item) -> list[Row]:
        """All rows of an item, but for a reply's, which `Drawn` draws as it grows."""
        match item:
            case Words(text=text):
                return self._words(text)
            case Thought():
                return self._thought(item)
            case Call():
                return self._call(item)
            case Fork():
                return self._fork(item)
            case Report():
                return self._report(item)
            case Output():
                return self._output(item)
            case Note():
                return self._note(item)
            case _:
                return []

    def _words(self, text: str) -> list[Row]:
        style, rows = self.palette["words"], list[Row]()
        for row in fold(clean(text).rstrip("\n"), self.width - 3):
            rows.append([Segment("  " if rows else "› ", style), Segment(row, style)])
        return rows

    def block(self, text: str) -> list[Row]:
        """A finished block of a reply."""
        return indented(self._body.markdown(text))

    def tail(self, text: str, growing: Growing) -> list[Row]:
        """The block of a reply that still grows."""
        fence = _FENCE.match(text)
        if fence is None:
            return indented(self._body.markdown(text))
        return indented(growing.rows(self._body, text[fence.end() :].rstrip("\n").split("\n"), fence[2]))

    def cut_off(self) -> list[Row]:
        return [[Segment("  (cut: this reply is not part of the history)", self.palette["dim"])]]

    def _link(self, call: Call) -> Style | None:
        """A link to the file that a call is about, for terminals that follow them."""
        path = call.input.get("path")
        if not isinstance(path, str) or not path or call.name not in ("read", "write", "edit"):
            return None
        return Style(link=(self._folder / path).as_uri()) if "\0" not in path else None

    def _head(self, mark: str, tone: Tone, name: str, text: str, end: str = "", link: Style | None = None) -> Row:
        """The one line of a card: mark, name, what it is about, and at the right what it came to."""
        name = name.ljust(_NAME)
        room = min(self.width, _CARD) - 7 - len(name)
        end = cut(end, max(room // 2, 8)) if end else ""
        text = cut(text, room - cell_len(end) - 2 if end else self.width - 7 - len(name))
        row: Row = [Segment(f"  {mark} ", self.palette[tone]), Segment(name, self.palette["bold"])]
        row += [Segment("  "), Segment(text, link)]
        gap = " " * max(room - cell_len(text) - cell_len(end), 2)
        return [*row, Segment(gap + end, self.palette["dim"])] if end else row

    def _folded(self, item: Item, mark: str) -> str:
        """The mark of a card that can be unfolded: ▸ closed, ▾ open."""
        return "▾" if item.open and mark == "▸" else mark

    def _call(self, call: Call) -> list[Row]:
        mark, tone = _STATES[call.state]
        end = outcome(call)
        if call.state == "running" and call.output.strip():
            end = one_line(call.output.rstrip().rsplit("\n", 1)[-1][:300])
        link = self._link(call)
        rows = [self._head(self._folded(call, mark), tone, call.name, one_line(call.subject[:400]), end, link)]
        return [*rows, *self._opened(call_shows(call))] if call.open else rows

    def _opened(self, shows: Iterable[Show]) -> list[Row]:
        """What a card opens to, behind a bar."""
        bar = Segment("    │ ", self.palette["dim"])
        rows = [row for show in shows for row in self._show(show)]
        kept = [[bar, *row] for row in rows[:_OPENED]]
        if len(rows) > _OPENED:
            kept.append([bar, Segment(f"… {len(rows) - _OPENED} more lines", self.palette["dim"])])
        return kept

    def _show(self, show: Show) -> list[Row]:
        text = "\n".join(show.text.split("\n")[: _OPENED + 1])
        if show.kind == "diff":
            return self._inner.diff(text)
        return (
            self._inner.code(text, language_of(PurePath(show.title or "x.txt").name))
            if show.kind == "code"
            else self._inner.plain(text)
        )

    def _thought(self, thought: Thought) -> list[Row]:
        dim, text = self.palette["dim"], thought.text
        if thought.live and not thought.open:
            rows = fold(one_line(text[-600:]), self.width - 5)[-2:]
            marks = ["  ∴ ", "    "]
            return [[Segment(mark + row, dim)] for mark, row in zip(marks, rows, strict=False)]
        count = len(text.split())
        head: Row = [Segment(f"  {'▾' if thought.open else '▸'} thought  {count} words", dim)]
        return [head, *self._opened([Show("text", text)])] if thought.open else [head]

    def _fork(self, fork: Fork) -> list[Row]:
        mark, tone, _ = _ENDS[fork.status]
        row = self._head("⑂", "cold", fork.child, one_line(fork.task[:400]))
        return [[*row, Segment(f"  {mark}", self.palette[tone])]]

    def _report(self, report: Report) -> list[Row]:
        if report.joined:
            head = self._head("▾" if report.open else "⑂", "cold", report.child, "its report is read here")
            return [head, *self._opened_markdown(report.text)] if report.open else [head]
        mark, tone, what = _ENDS[report.status]
        what = "answered" if report.aside and report.status == "done" else what
        rows = [self._head(mark, tone, report.child, f"{what} · {one_line(report.task[:300])}", report.cost)]
        if report.error:
            rows.append([Segment(f"    {cut(one_line(report.error), self.width - 5)}", self.palette["failed"])])
        if report.open:
            return [*rows, *self._opened_markdown(report.text)]
        return [*rows, *self._peek(report.text, "enter or a click opens it")]

    def _opened_markdown(self, text: str) -> list[Row]:
        bar = Segment("    │ ", self.palette["dim"])
        return [[bar, *row] for row in self._inner.markdown(text)[:_OPENED]]

    def _peek(self, text: str, more: str) -> list[Row]:
        """The first lines of a long text."""
        lines = [line for line in clean(text).splitlines() if line.strip() and not line.startswith("```")]
        dim = self.palette["dim"]
        rows: list[Row] = [[Segment("    │ " + cut(line, self.width - 7), dim)] for line in lines[:_PEEK]]
        if len(lines) > _PEEK:
            rows.append([Segment(f"    │ … {len(lines) - _PEEK} more lines: {more}", dim)])
        return rows

    def _output(self, item: Output) -> list[Row]:
        rows: list[Row] = [
            [
                Segment("› ", self.palette["dim"]),
                Segment(cut(one_line(item.command), self.width - 3), self.palette["bold"]),
            ]
        ]
        fitted = item.text if item.fit is None or item.open else item.fit(self.width - 3)
        text = fitted.rstrip("\n")
        if text:
            lines = text.split("\n")
            kept = lines if item.open or len(lines) <= SHOWN else lines[-20:] if item.live else lines[:20]
            left = len(lines) - len(kept)
            if item.command.startswith("/") and not item.open:
                kept = [cut(line, self.width - 3) if _COLUMNS.search(line) else line for line in kept]
            rows += indented(self._body.plain("\n".join(kept[:_OPENED])))
            if left:
                rows.append([Segment(f"  … {left} more lines", self.palette["dim"])])
            elif fitted != item.text:
                rows.append([Segment("  … more columns: enter or a click opens it", self.palette["dim"])])
        if item.ending:
            rows.append([Segment(f"  ({item.ending})", self.palette["dim"])])
        return rows

    def _note(self, note: Note) -> list[Row]:
        style, mark = self.palette[note.tone], f"{note.mark} " if note.mark else ""
        rows = _wrapped(one_line(note.text), max(self.width - 3 - len(mark), 8))
        return [[Segment(f"  {mark if not place else ' ' * len(mark)}{row}", style)] for place, row in enumerate(rows)]


def indented(rows: Iterable[Row]) -> list[Row]:
    """Rows with the margin of a body in front."""
    margin = Segment("  ")
    return [[margin, *row] if row else row for row in rows]


def outcome(call: Call) -> str:
    """What a call came to, in a few words: its own line without what stands on the card already."""
    if call.state == "running":
        return ""
    said = one_line(call.line)
    if said:
        said = said.removeprefix(call.name).strip()
        subject = one_line(call.subject)
        return said.removeprefix(subject).strip(" ,:") if subject else said
    lines = call.text.count("\n") + 1
    return one_line(call.text[:200]) if lines == 1 else f"{lines} lines"


def call_shows(call: Call) -> Sequence[Show]:
    """What a card opens to: its blocks, else what its input shows, else the text that the model got."""
    subject = call.subject
    first = (Show("text", subject),) if "\n" in subject or len(subject) > 60 else ()
    if call.state == "running":
        return (*first, Show("text", call.output)) if call.output else first or (Show("text", subject),)
    shows = call.shows or _from_input(call)
    return (*first, *(shows or (Show("text", call.text),)))


def _from_input(call: Call) -> tuple[Show, ...]:
    """What an edit or a new file of the past looked like: the log holds what the model asked for."""
    given, path = call.input, str(call.input.get("path", ""))
    old, new, content = given.get("old"), given.get("new"), given.get("content")
    if call.state == "done" and isinstance(old, str) and isinstance(new, str):
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2)
        return (Show("diff", "\n".join(list(lines)[2:]), path),)
    if call.state == "done" and isinstance(content, str):
        return (Show("code", content, path),)
    return ()


def _wrapped(text: str, width: int) -> list[str]:
    """One line as rows, broken between words."""
    rows: list[str] = []
    row = ""
    for word in text.split(" "):
        grown = f"{row} {word}" if row else word
        if len(fold(grown, width)) > 1 and row:
            rows.append(row)
            row = word
        else:
            row = grown
    return [piece for part in [*rows, row] for piece in fold(part, width)]
