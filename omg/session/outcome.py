"""The object that scripts get at the end: text, figures, forks, and the sums of the tree."""

from __future__ import annotations

from omg.agent.state import Branch
from omg.agent.turn import Outcome
from omg.cache.ledger import Line
from omg.cache.prices import LISTED, PriceList
from omg.session import accounts
from omg.session.conversation import Conversation
from omg.session.load import NoSession, load
from omg.session.store import Store


def result(conversation: Conversation, outcome: Outcome, *, forked: bool = False) -> dict[str, object]:
    """`-p --output json`: the shape of the public contract. `forked`: of `omg fork`, whose main says nothing."""
    lines = accounts.lines(conversation.tree)
    main = accounts.of_branch(lines, "main")
    value: dict[str, object] = {
        "session": conversation.id,
        "branch": "main",
        "text": None if forked else conversation.agent.live("main").said,
        "stop": outcome.stop,
        "error": outcome.error,
        **main.to_json(),
        "forks": [_fork(conversation, lines, branch.name) for branch in _forks(conversation)],
        "tree": accounts.sums([*lines, *_linked(conversation)]).to_json(),
    }
    if forked:
        value["parent"] = conversation.tree.session.parent
    return value


def folded(conversation: Conversation, before: int) -> dict[str, object]:
    """`omg compact --output json`: tokens `before` and after, and what the session has cost."""
    main = conversation.tree.branches["main"]
    return {
        "session": conversation.id,
        "epoch": main.epoch,
        "before": before,
        "after": conversation.agent.compactor.used(conversation.agent.live("main")),
        "tree": accounts.sums(accounts.lines(conversation.tree)).to_json(),
    }


def _forks(conversation: Conversation) -> list[Branch]:
    return [branch for branch in conversation.tree.branches.values() if branch.made.purpose == "fork"]


def _fork(conversation: Conversation, lines: list[Line], name: str) -> dict[str, object]:
    branch = conversation.tree.branches[name]
    figures = accounts.of_branch(lines, name)
    return {
        "branch": name,
        "task": branch.made.task,
        "status": branch.status,
        "text": branch.report,
        "error": branch.error,
        **figures.to_json(),
    }


def _linked(conversation: Conversation) -> list[Line]:
    """The requests of the sessions that were forked from this one."""
    return linked_lines(Store(conversation.config.home), conversation.id, conversation.tree.prices)


def linked_lines(store: Store, id: str, prices: PriceList = LISTED) -> list[Line]:
    """The requests of the sessions forked from session `id`, and of theirs. Unreadable ones are passed over."""
    found: list[Line] = []
    for path in store.children(id):
        try:
            tree = load(path).tree
        except NoSession:
            continue
        tree.prices = prices
        found += accounts.lines(tree)
        found += linked_lines(store, path.stem, prices)
    return found
