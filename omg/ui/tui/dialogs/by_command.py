"""Commands that are entered without what they need open a dialog, which says the whole command in their place."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from textual.screen import ModalScreen

from omg.agent.cold import Offer, cheapest
from omg.agent.spending import quotes
from omg.core.amounts import tokens
from omg.session.completing import command_values
from omg.session.folding import word_for
from omg.session.journeys import place_text
from omg.session.picker import Picker
from omg.ui.tui.dialogs.fork_form import ForkForm
from omg.ui.tui.dialogs.help import Help
from omg.ui.tui.dialogs.offers import Offers, Way
from omg.ui.tui.dialogs.places import Places
from omg.ui.tui.dialogs.sessions import Sessions
from omg.ui.tui.dialogs.settle import Efforts, Models, Modes

if TYPE_CHECKING:
    from omg.cache.quote import Quote
    from omg.session.conversation import Conversation

Opened = tuple[ModalScreen[Any], Callable[[Any], str]]
"""A dialog, and the line to run for what it was dismissed with (never None); an empty line: nothing."""


def dialog_for(line: str, conversation: Conversation, *, vim: bool = False) -> Opened | None:
    """The dialog that a bare command opens; None where the line is whole, or no command with a dialog."""
    match line.strip():
        case "/fork":
            return fork_form(conversation), str
        case "/model":
            return _models(conversation), lambda name: f"/model {name}"
        case "/effort":
            return Efforts(conversation.effort), lambda effort: f"/effort {effort}"
        case "/mode":
            return Modes(conversation.agent.mode("main")), lambda mode: f"/mode {mode}"
        case "/sessions" | "/resume":
            return sessions(conversation), lambda id: f"/resume {id}"
        case "/from":
            ways = conversation.ways()
            return (_offers(conversation, ways), lambda word: f"/from {word}") if len(ways) > 1 else None
        case "/switch":
            return _places(conversation, "switch", "go on from")
        case "/rewind":
            return _places(conversation, "rewind", "go back to before")
        case "/help":
            return Help(vim=vim), lambda _: ""
        case _:
            return None


def _places(conversation: Conversation, command: Literal["switch", "rewind"], heading: str) -> Opened | None:
    """The places that a command could lead to; None where there are none, which the command says itself."""
    found = command_values(conversation, command, "")
    if not found:
        return None
    dialog = Places(heading, found, lambda name: place_text(conversation, command, name))
    return dialog, lambda name: f"/{command} {name}"


def fork_form(conversation: Conversation, tasks: tuple[str, ...] = ()) -> ForkForm:
    """The form to fork main, priced for as many tasks as are written in it."""

    def quoting(children: int) -> list[Quote]:
        agent = conversation.agent
        return quotes(agent.runtime, agent.live("main"), children)

    return ForkForm(quoting, tasks)


_KEYS = {"all": "a", "pruned": "p", "summary": "s"}


def _offers(conversation: Conversation, ways: list[Offer]) -> Offers:
    """How to go on with main, what is taken where nobody chooses first."""
    first = cheapest(ways)
    ranked = [first, *(way for way in ways if way is not first)]
    used = conversation.context_used()
    cold = "the cache is cold" if conversation.cold else "were the cache cold"
    said = f"{tokens(used)} tokens; {cold}, one of these is read first"
    return Offers(said, [_way(way, place) for place, way in enumerate(ranked)], conversation.since)


def _way(offer: Offer, place: int) -> Way:
    key = _KEYS.get(offer.kind, str(place))
    written = f"written {datetime.fromtimestamp(offer.written):%Y-%m-%d %H:%M}" if offer.written else ""
    return Way(word_for(offer), key, offer.name, offer.tokens, offer.usd, offer.seconds, written)


def sessions(conversation: Conversation) -> Sessions:
    """The picker, over all sessions but this one."""
    found = Picker(conversation.library, conversation.config.folder, time.time, current=conversation.id)
    return Sessions(found)


def _models(conversation: Conversation) -> Models:
    from omg.provider.models import claude_names

    return Models(claude_names(), conversation.model, conversation.quote_model)
