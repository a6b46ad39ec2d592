"""From a request to a reply: find the intent, replay its work over what was done, say what comes next."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping

from omg.provider.offline.engine.brief import wanted
from omg.provider.offline.engine.conversation import Conversation, Exchange, read_messages, read_request
from omg.provider.offline.engine.dispatch import work_for
from omg.provider.offline.engine.recollection import recall
from omg.provider.offline.engine.reply import Reply, TextBlock, ToolCall
from omg.provider.offline.engine.summary import summary
from omg.provider.offline.engine.work import Ask, Outcome, Work

_OURS = "toolu_offline"
_PATIENCE = 3
"""How many of our own calls may come back altered (cut by a small max_tokens, say) before we stop asking."""


def respond(request: Mapping[str, object]) -> Reply:
    """The next assistant message for `request`, a parsed Messages API body. The same request gives the same
    reply; nothing is remembered in between. Raises ValueError when it is no such request.
    """
    messages = read_messages(request)
    if asked := wanted(messages):
        return _say(summary(recall(messages), asked))
    conversation = read_request(request)
    return _replay(work_for(conversation), conversation, _fingerprint(request))


def _fingerprint(request: Mapping[str, object]) -> str:
    text = json.dumps(request.get("messages"), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _replay(work: Work, conversation: Conversation, fingerprint: str) -> Reply:
    exchanges = iter(conversation.exchanges)
    skipped: list[Exchange] = []
    try:
        asks = next(work)
        while True:
            if missing := sorted({ask.name for ask in asks} - conversation.offered):
                return _say(_no_tool(missing))
            outcomes = _answered(asks, exchanges, skipped)
            if outcomes is None:
                break
            skipped.clear()
            asks = work.send(outcomes)
    except StopIteration as stop:
        return _say(str(stop.value))
    if sum(_is_ours(exchange) for exchange in skipped) >= _PATIENCE:
        return _say("My tool calls come back other than I made them, so I stop here without an answer.")
    return Reply(tuple(_call(ask, place, fingerprint) for place, ask in enumerate(asks)))


def _answered(
    asks: tuple[Ask, ...], exchanges: Iterator[Exchange], skipped: list[Exchange]
) -> tuple[Outcome, ...] | None:
    """The outcomes of exactly these calls. Others in between (another model's) are passed over."""
    for exchange in exchanges:
        if exchange.asks == asks:
            return exchange.outcomes
        skipped.append(exchange)
    return None


def _is_ours(exchange: Exchange) -> bool:
    return any(name.startswith(_OURS) for name in exchange.ids)


def _say(text: str) -> Reply:
    return Reply((TextBlock(text.strip() or "I have nothing to say to that."),))


def _call(ask: Ask, place: int, fingerprint: str) -> ToolCall:
    digest = hashlib.sha256(f"{fingerprint}:{place}".encode()).hexdigest()
    return ToolCall(f"{_OURS}_{digest[:20]}", ask.name, ask.input)


def _no_tool(names: list[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    return (
        f"For that I need the tool {listed}, which this request does not offer. "
        "I am OMG's offline engine, a set of rules and no language model."
    )
