"""Budgets as a person sets and reads them."""

from __future__ import annotations

import math

from omg.agent.budget import Purse
from omg.core.amounts import money
from omg.core.trouble import Trouble
from omg.session.conversation import Conversation


def amount(text: str) -> float | None:
    """Dollars as a person writes them: 2, 0.50, $2; None where that is no amount."""
    try:
        usd = float(text.removeprefix("$"))
    except ValueError:
        return None
    return usd if 0 <= usd < math.inf else None


def split_budget(text: str) -> tuple[float | None, str]:
    """`--budget USD` in front of the words of a command, and the rest. Raises Trouble."""
    flag, _, rest = text.partition(" ")
    if flag != "--budget":
        return None, text
    first, _, rest = rest.strip().partition(" ")
    usd = amount(first)
    if not usd:
        raise Trouble(f"{first!r} is no amount: --budget USD, such as --budget 0.50")
    return usd, rest.strip()


def budget(conversation: Conversation, rest: str) -> str:
    """`/budget`: every purse; `/budget [F] USD`: set the session's, or a fork's. What came of it. Raises Trouble."""
    if not rest:
        return shown(conversation)
    first, _, second = rest.partition(" ")
    name = first.removeprefix("@") if second else "main"
    if name not in conversation.tree.branches:
        raise Trouble(f"there is no fork {name!r}: /budget USD, or /budget F USD")
    usd = amount(second.strip() or first)
    if usd is None:
        raise Trouble(f"{second.strip() or first!r} is no amount: /budget 2.50, or /budget 0 for no limit")
    conversation.agent.set_budget(usd, name)
    return shown(conversation)


def shown(conversation: Conversation) -> str:
    """Every purse in a line of its own, and whether something cannot be counted."""
    lines = [_line(purse) for purse in conversation.purses()]
    model, endpoint = conversation.model, conversation.config.provider.endpoint
    if conversation.tree.prices.price(model, endpoint) is None:
        lines.append(f"the price of {model} at {endpoint} is not known: a budget cannot count what it costs")
    return "\n".join(lines)


def _line(purse: Purse) -> str:
    name = "session" if purse.branch == "main" else purse.branch
    spent = f"{'at least ' if purse.unpriced else ''}{money(purse.spent)} spent"
    held = f", {money(purse.reserved)} reserved" if purse.reserved >= 0.00005 else ""
    if purse.limit is None or purse.left is None:
        return f"{name}: {spent}{held}; no limit"
    left = f"{money(purse.left)} left" if purse.left >= 0 else f"{money(-purse.left)} over"
    return f"{name}: {spent}{held}, {left} of {money(purse.limit)}"
