"""Longer things told at once: the banner, the past of a branch, a card that is opened, and the last line."""

from __future__ import annotations

from pathlib import Path

from omg import __version__
from omg.agent.state import Branch
from omg.core.amounts import dollars, hit, ratio, short_model
from omg.session.conversation import Conversation
from omg.session.past import Said, said
from omg.ui.repl.cards import Card
from omg.ui.repl.page import Page
from omg.ui.screen import Screen
from omg.ui.text import clean, one_line

_EXCHANGES = 3
"""Exchanges that are shown again, of a session that is resumed or a fork that is watched."""
_LINES = 40
"""Lines of one reply that are shown again."""
_OPENED = 400
"""Lines that a card opens to, at most."""


def banner(page: Page, screen: Screen) -> None:
    """Where this is, and who answers."""
    model = short_model(screen.model)
    page.line(
        page.ink("bold", f"omg {__version__}") + f"  {one_line(_short(screen.folder))}  {model} at {screen.provider}"
    )
    if screen.provider == "offline":
        page.note("offline: a rule-based engine answers and money is simulated; set ANTHROPIC_API_KEY for a model")
    page.note("/help lists commands · @ file · ! shell · alt+enter new line · esc interrupts")
    page.line()


def _short(folder: Path) -> str:
    home = Path.home()
    return f"~/{folder.relative_to(home)}" if folder != home and folder.is_relative_to(home) else str(folder)


def past(page: Page, conversation: Conversation, branch: Branch, label: str = "") -> None:
    """The last exchanges of a branch."""
    items, more = said(conversation.tree, branch, _EXCHANGES)
    if more:
        page.line(page.ink("dim", f"… earlier: omg show {conversation.id}"), label)
    for item in items:
        _again(page, item, label)


def _again(page: Page, item: Said, label: str) -> None:
    match item.kind:
        case "words":
            page.words(_bounded(item.text), label)
        case "calls":
            page.line(page.ink("dim", f"▸ {item.count} {'call' if item.count == 1 else 'calls'}: {item.text}"), label)
        case "reply":
            page.markdown(_bounded(item.text), label)


def _bounded(text: str) -> str:
    lines = text.split("\n")
    if len(lines) <= _LINES:
        return text
    closed = "\n```" if sum(line.lstrip().startswith("```") for line in lines[:_LINES]) % 2 else ""
    return "\n".join(lines[:_LINES]) + f"{closed}\n\n… {len(lines) - _LINES} more lines"


def opened(page: Page, card: Card) -> None:
    """A card and all that it holds."""
    page.line(card.line(page.ink, page.width()).replace("▸", "▾", 1))
    for show in card.shows():
        page.block(show, _OPENED)


def farewell(page: Page, conversation: Conversation) -> None:
    """The last line: which session this was, what it came to, and how to come back."""
    figures = conversation.figures()
    if not figures.requests:
        return
    usage, saved = figures.usage, figures.saved_usd
    money = f"{dollars(figures.cost_usd)} spent" + (
        f", {dollars(saved)} saved" if saved is not None and saved > 0 else ""
    )
    page.note(clean(f"session {conversation.id} · {ratio(usage)} {hit(usage)} · {money} · come back: omg -c"))
