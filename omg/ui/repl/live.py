"""What is live above the prompt: the reply that grows, running calls, forks at work, words that wait."""

from __future__ import annotations

import time

from omg.agent.live import Live
from omg.core.amounts import dollars, hit, ratio
from omg.session.doing import working_on
from omg.ui.repl.talk import Open, Talk
from omg.ui.text import cut, one_line

_FORKS = 8
"""Forks that are shown at most; the others are counted."""


def live_lines(talk: Talk, width: int, rows: int) -> list[str]:
    """The live lines for a terminal of that size, painted."""
    ink, open = talk.page.ink, talk.open
    if open is None:
        early = [ink("dim", cut(f"⋯ when the session is open: {one_line(text)}", width - 1)) for text in talk.early]
        return early[-3:]
    lines: list[str] = []
    for branch, stream in open.feed.streams.items():
        lines += stream.live(branch, width - 1, max(rows // 3, 3))
    if open.turns.busy:
        lines.append(_at_work(talk, open, width))
    return [*lines, *_forks(talk, open, width, min(_FORKS, max(rows // 4, 2))), *_waiting(talk, open, width)]


def _at_work(talk: Talk, open: Open, width: int) -> str:
    seconds = int(time.monotonic() - talk.began) if talk.began else 0
    text = cut(f"{_doing(talk, open)} · {seconds} s · esc interrupts", width - 3)
    return talk.page.ink("running", "● ") + talk.page.ink("dim", text)


def _doing(talk: Talk, open: Open) -> str:
    """What main does, beside what its stream and its cards show."""
    if any(asked.question.branch == "main" for asked in talk.questions.waiting):
        return "waits for your answer"
    if any(card.call.branch == "main" for card in open.feed.deck.running.values()):
        return "working"
    return "writing" if open.feed.streams["main"].blocks.tail else "thinking"


def _forks(talk: Talk, open: Open, width: int, most: int) -> list[str]:
    running = open.conversation.agent.running()
    lines = [fork_line(talk, open, live, width) for live in running[:most]]
    more = [talk.page.ink("dim", f"  and {len(running) - most} more: /forks")] if len(running) > most else []
    return lines + more


def fork_line(talk: Talk, open: Open, live: Live, width: int) -> str:
    """One fork at work: name, task, last action, ratio, cost."""
    figures = open.glance.figures(live.name)
    shown = ratio(figures.usage) if figures.usage.ratio is not None else hit(figures.usage)
    asks = any(waiting.question.branch == live.name for waiting in talk.questions.waiting)
    doing = "asks you" if asks else working_on(open.conversation, live.name)
    end = f"{cut(doing, width // 3)} · {shown} · {dollars(figures.cost_usd)}"
    task = cut(one_line(live.branch.made.task or ""), width - len(live.name) - len(end) - 8)
    mark = talk.page.ink("warm", "? ") if asks else talk.page.ink("running", "● ")
    return f"{mark}{talk.page.ink('bold', live.name)}  {task}  {talk.page.ink('dim', end)}"


def _waiting(talk: Talk, open: Open, width: int) -> list[str]:
    """Words that wait for the running tools or for the next turn, with what takes them back."""
    marked = [("⇢ after the tools: ", said.words) for said in open.turns.steers if open.turns.busy]
    marked += [("⋯ next: ", said.words) for said in open.turns.queued]
    lines = [cut(mark + one_line(words), width - 1) for mark, words in marked]
    if lines:
        lines[-1] = cut(lines[-1], width - 20) + "  (↑ takes it back)"
    return [talk.page.ink("warm", line) for line in lines[-6:]]
