"""The bottom line: model, context, the live ratio of the whole tree, money, forks. Its figures are the ledger's."""

from __future__ import annotations

from dataclasses import dataclass, field

from prompt_toolkit.utils import get_cwidth

from omg.cache.ledger import Figures
from omg.core.amounts import hit, ratio, tokens
from omg.core.usage import Usage
from omg.session.conversation import Conversation
from omg.ui.short import dollars, short_model
from omg.ui.text import cut


@dataclass(frozen=True, slots=True)
class Glance:
    """All that the bottom line tells."""

    model: str
    mode: str
    simulated: bool = False
    used: int = 0
    window: int = 0
    figures: Figures = field(default_factory=lambda: Figures(Usage(), 0, 0.0, 0.0))
    running: int = 0
    ready: int = 0


@dataclass(slots=True)
class Books:
    """The ledger's sums, taken when they have changed and not when they are drawn."""

    tree: Figures
    branches: dict[str, Figures]

    @classmethod
    def none(cls) -> Books:
        """Before anything has been summed up."""
        return cls(Figures(Usage(), 0, 0.0, 0.0), {})

    @classmethod
    def of(cls, conversation: Conversation) -> Books:
        """The sums as they are now."""
        forks = [name for name, branch in conversation.tree.branches.items() if branch.made.parent is not None]
        return cls(conversation.figures(), {name: conversation.figures(name) for name in forks})

    def of_fork(self, name: str) -> Figures:
        return self.branches.get(name) or Books.none().tree


def glance(conversation: Conversation, books: Books) -> Glance:
    """What the bottom line tells of a conversation."""
    agent = conversation.agent
    return Glance(
        model=conversation.model,
        mode=agent.mode("main"),
        simulated=conversation.config.provider_name == "offline",
        used=conversation.context_used(),
        window=agent.runtime.setup.window,
        figures=books.tree,
        running=len(agent.running()),
        ready=len(conversation.tree.branches["main"].pending),
    )


def bottom_line(seen: Glance, width: int) -> str:
    """The bottom line in `width` cells: what does not fit is left out, the least important first."""
    usage = seen.figures.usage
    name = short_model(seen.model)
    parts: list[tuple[int, str]] = [
        (4, f"{name} simulated {seen.mode}" if seen.simulated else f"{name} {seen.mode}"),
        (3, f"{tokens(seen.used)}/{tokens(seen.window)}" if seen.window else ""),
        (0, f"{ratio(usage)} {hit(usage)}" if usage.input else ""),
        (1, _money(seen.figures)),
        (2, _forks(seen)),
    ]
    parts = [part for part in parts if part[1]]
    while len(parts) > 1 and get_cwidth(_joined(parts)) > width:
        parts.remove(max(parts))
    return cut(_joined(parts), width)


def _joined(parts: list[tuple[int, str]]) -> str:
    return " " + " · ".join(text for _, text in parts)


def _money(figures: Figures) -> str:
    if not figures.requests:
        return ""
    if figures.cost_usd is None or figures.saved_usd is None:
        return "$?"
    sign = "−" if figures.saved_usd >= 0 else "+"
    return f"{dollars(figures.cost_usd)} ({sign}{dollars(abs(figures.saved_usd))})"


def _forks(seen: Glance) -> str:
    parts = [f"{seen.running} running" if seen.running else "", f"{seen.ready} ready" if seen.ready else ""]
    text = " ".join(part for part in parts if part)
    return f"⑂ {text}" if text else ""
