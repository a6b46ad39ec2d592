"""The tree of a session for people: a line a row."""

from __future__ import annotations

from collections.abc import Sequence

from omg.core.amounts import money, tokens
from omg.session.tree_view import Row, short

_SIGNS = {"branch": "", "epoch": "epoch ", "exchange": "› ", "fork": "⑂ ", "anchor": "", "more": "… "}
_WORDS = 48
"""Characters of words that are shown."""


def tree_text(rows: Sequence[Row], now: float, columns: int | None = None) -> str:
    """The tree, a line a row: name, node, tokens, cost, warmth, status, words. Where that takes more than so many
    columns, nodes are left out: there are dialogs to choose one."""
    whole = _lines(rows, now, nodes=True)
    if columns is None or max(map(len, whole), default=0) <= columns:
        return "\n".join(whole)
    return "\n".join(_lines(rows, now, nodes=False))


def _lines(rows: Sequence[Row], now: float, *, nodes: bool) -> list[str]:
    names = [_name(row) for row in rows]
    width = max(map(len, names), default=0)
    return [_line(row, f"{name:{width}}", now, nodes=nodes) for row, name in zip(rows, names, strict=True)]


def _name(row: Row) -> str:
    text = _cut(row.words) if row.kind in ("exchange", "more") else row.name
    return f"{'  ' * row.depth}{_SIGNS[row.kind]}{text}"


def _line(row: Row, name: str, now: float, *, nodes: bool) -> str:
    if row.kind == "more":
        return name.rstrip()
    node = f"{short(row.node):8}  " if nodes else ""
    figures = f"{node}{tokens(row.tokens):>6}  {money(row.cost_usd) if row.kind != 'anchor' else '':>8}"
    behind = [_warmth(row, now), row.status, _cut(row.words) if row.kind != "exchange" else ""]
    return f"{name}  {figures}  {' · '.join(part for part in behind if part)}".rstrip()


def _warmth(row: Row, now: float) -> str:
    if row.node is None:
        return ""
    if row.until is None:
        return "cold"
    minutes = max(0.0, row.until - now) / 60
    part = "" if row.warm >= 0.9 * row.tokens else f"{tokens(row.warm)} "
    return f"{part}warm {minutes:.0f} min"


def _cut(words: str) -> str:
    return words if len(words) <= _WORDS else words[: _WORDS - 1] + "…"
