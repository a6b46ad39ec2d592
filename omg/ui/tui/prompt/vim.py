"""vim's keys for the prompt's editor: normal, insert and visual, with counts, and one register."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from textual.events import Key

from omg.ui.tui.prompt.motions import MOTIONS, indent, line_end, line_start, word_end

VimMode = Literal["normal", "insert", "visual", "lines"]
_ALL = 10**9
"""A line number behind any last one."""


class Edited(Protocol):
    """The text that is edited, by offsets."""

    @property
    def text(self) -> str: ...

    def cursor_at(self) -> int:
        """Where the cursor is."""
        ...

    def go_to(self, at: int, mark: int | None = None) -> None:
        """Put the cursor there; with `mark`, what lies between is selected."""
        ...

    def splice(self, start: int, end: int, text: str) -> None:
        """Put `text` in the place of what lies between, as one step to undo."""
        ...

    def undo(self) -> None: ...

    def redo(self) -> None: ...


@dataclass(slots=True)
class Vim:
    """`changed` is called when the mode is another one."""

    changed: Callable[[], None]
    mode: VimMode = "insert"
    _typed: str = ""
    """A command that is not whole yet: counts, an operator, a `g`."""
    _register: str = ""
    _whole_lines: bool = False
    _mark: int = 0
    """Where the visual mode began."""

    def key(self, edited: Edited, event: Key) -> bool:
        """Whether the key was vim's."""
        if self.mode == "insert":
            if event.key != "escape":
                return False
            self._to("normal")
            edited.go_to(max(line_start(edited.text, edited.cursor_at()), edited.cursor_at() - 1))
            return True
        name = event.character if event.character and event.character.isprintable() else event.key
        if name == " ":
            name = "space"
        if event.key == "escape":
            return self._escape(edited)
        if event.key == "ctrl+r":
            edited.redo()
            return True
        if len(name) > 1 and name not in MOTIONS:
            return False
        self._typed += name if len(name) == 1 else f"<{name}>"
        self._try(edited)
        return True

    @property
    def shown(self) -> str:
        """The mode as it is shown, with what is typed of a command."""
        words = {"normal": "NORMAL", "insert": "INSERT", "visual": "VISUAL", "lines": "V-LINE"}[self.mode]
        return f"{words} {self._typed}".rstrip()

    def _to(self, mode: VimMode) -> None:
        self.mode, self._typed = mode, ""
        self.changed()

    def _escape(self, edited: Edited) -> bool:
        if self.mode == "normal" and not self._typed:
            return False
        if self.mode != "normal":
            edited.go_to(edited.cursor_at())
        self._to("normal")
        return True

    def _try(self, edited: Edited) -> None:
        """Do what is typed, once it is whole; forget it when nothing can come of it."""
        count, operator, again, rest = _parsed(self._typed, operators=self.mode == "normal")
        times = (count or 1) * (again or 1)
        if rest and rest != "g":
            self._typed = ""
            if self.mode != "normal":
                self._visual(edited, rest, times, count)
            elif operator:
                self._operate(edited, operator, rest, times, bool(count or again))
            else:
                self._command(edited, rest, times, count)
        self.changed()

    def _target(self, edited: Edited, name: str, times: int, counted: bool) -> int:
        if name == "G" and not counted:
            times = _ALL
        return MOTIONS[name].go(edited.text, edited.cursor_at(), times)

    def _command(self, edited: Edited, name: str, times: int, count: int | None) -> None:
        text, at = edited.text, edited.cursor_at()
        if name in MOTIONS:
            return edited.go_to(self._target(edited, name, times, count is not None))
        start, end = line_start(text, at), line_end(text, at)
        match name:
            case "i" | "a" | "I" | "A":
                places = {"i": at, "a": min(end, at + 1), "I": indent(text, at), "A": end}
                edited.go_to(places[name])
                self._to("insert")
            case "o":
                edited.go_to(end)
                edited.splice(end, end, "\n")
                self._to("insert")
            case "O":
                edited.splice(start, start, "\n")
                edited.go_to(start)
                self._to("insert")
            case "x":
                self._take(edited, at, min(end, at + times))
            case "X":
                self._take(edited, max(start, at - times), at)
            case "D" | "C":
                self._take(edited, at, end)
                if name == "C":
                    self._to("insert")
            case "p" | "P":
                self._put(edited, times, before=name == "P")
            case "u":
                for _ in range(times):
                    edited.undo()
            case "v" | "V":
                self._mark = at
                self._to("visual" if name == "v" else "lines")
                self._select(edited, at)
            case _:
                pass
        return None

    def _operate(self, edited: Edited, operator: str, name: str, times: int, counted: bool) -> None:
        text, at = edited.text, edited.cursor_at()
        if name == operator:  # dd, cc, yy
            return self._on_lines(edited, operator, at, MOTIONS["j"].go(text, at, times - 1) if times > 1 else at)
        if name not in MOTIONS:
            return None
        if operator == "c" and name == "w":  # as in vim: to the end of the word, not to the next one
            return self._on(edited, "c", at, max(word_end(text, at - 1, times) + 1, at))
        to, span = self._target(edited, name, times, counted), MOTIONS[name].span
        if span == "lines":
            return self._on_lines(edited, operator, at, to)
        first, last = min(at, to), max(at, to) + (1 if span == "onto" else 0)
        if name == "w" and "\n" in text[first:last].rstrip(" \t"):  # a word at the end of its line takes no new line
            last = min(last, line_end(text, first))
        return self._on(edited, operator, first, min(last, len(text)))

    def _on(self, edited: Edited, operator: str, start: int, end: int) -> None:
        if operator == "y":
            self._register, self._whole_lines = edited.text[start:end], False
            return edited.go_to(start)
        self._take(edited, start, end)
        if operator == "c":
            self._to("insert")
        return None

    def _on_lines(self, edited: Edited, operator: str, one: int, other: int) -> None:
        text = edited.text
        start, end = line_start(text, min(one, other)), line_end(text, max(one, other))
        self._register, self._whole_lines = text[start:end], True
        if operator == "y":
            return edited.go_to(min(one, other))
        if operator == "c":
            edited.splice(start, end, "")
            return self._to("insert")
        if end < len(text):
            end += 1
        elif start > 0:
            start -= 1
        edited.splice(start, end, "")
        return edited.go_to(indent(edited.text, min(start, len(edited.text))))

    def _take(self, edited: Edited, start: int, end: int) -> None:
        if start < end:
            self._register, self._whole_lines = edited.text[start:end], False
            edited.splice(start, end, "")
            edited.go_to(start)

    def _put(self, edited: Edited, times: int, *, before: bool) -> None:
        text, at = edited.text, edited.cursor_at()
        if not self._register:
            return None
        if self._whole_lines:
            lines = "\n".join([self._register] * times)
            if before:
                start = line_start(text, at)
                edited.splice(start, start, f"{lines}\n")
                return edited.go_to(indent(edited.text, start))
            end = line_end(text, at)
            edited.splice(end, end, f"\n{lines}")
            return edited.go_to(indent(edited.text, end + 1))
        where = at if before else min(at + 1, line_end(text, at))
        edited.splice(where, where, self._register * times)
        return edited.go_to(where + len(self._register) * times - 1)

    def _visual(self, edited: Edited, name: str, times: int, count: int | None) -> None:
        if name in MOTIONS:
            return self._select(edited, self._target(edited, name, times, count is not None))
        at = edited.cursor_at()
        if name in ("v", "V"):
            mode: VimMode = "visual" if name == "v" else "lines"
            self._to("normal" if mode == self.mode else mode)
            return edited.go_to(at) if self.mode == "normal" else self._select(edited, at)
        operator = {"d": "d", "x": "d", "y": "y", "c": "c"}.get(name)
        if operator is None:
            return None
        mark, whole = self._mark, self.mode == "lines"
        self._to("normal")
        if whole:
            return self._on_lines(edited, operator, mark, at)
        return self._on(edited, operator, min(mark, at), min(max(mark, at) + 1, len(edited.text)))

    def _select(self, edited: Edited, at: int) -> None:
        edited.go_to(at, self._mark)


def _parsed(typed: str, *, operators: bool) -> tuple[int | None, str, int | None, str]:
    """Count, operator, second count, and the rest of what is typed."""
    count, rest = _count(typed)
    if operators and rest[:1] in ("d", "c", "y"):
        again, end = _count(rest[1:])
        return count, rest[0], again, _named(end)
    return count, "", None, _named(rest)


def _named(rest: str) -> str:
    return rest[1:-1] if rest.startswith("<") and rest.endswith(">") else rest


def _count(text: str) -> tuple[int | None, str]:
    """The number that a text begins with, which is no 0 alone, and what follows it."""
    size = 0
    while size < len(text) and text[size].isdecimal() and (size or text[size] != "0"):
        size += 1
    return (int(text[:size]) if size else None), text[size:]
