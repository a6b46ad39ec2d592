"""What is warm: the holdings of a session, fed by its requests as they happen or as they were logged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import cast

from omg.agent.journal import MarkRecord
from omg.agent.requests import Request
from omg.agent.runtime import ModelSetup, Runtime
from omg.agent.state import Branch, Tree
from omg.cache.blame import blame
from omg.cache.cause import Cause
from omg.cache.forecast import Forecast, behind_change
from omg.cache.holdings import Holdings
from omg.wire.chain import Node
from omg.wire.head import Head
from omg.wire.request import Mark, Ttl


def marks_of(tree: Tree, request: Request) -> tuple[Mark, ...]:
    """The breakpoints of a logged request."""
    return tuple(Mark(cast(Ttl, ttl), tree.node(node), block) for node, block, ttl in request.logged.marks)


def records_of(marks: Sequence[Mark]) -> tuple[MarkRecord, ...]:
    """Breakpoints as they are logged."""
    return tuple((mark.node.id if mark.node else None, mark.block, mark.ttl) for mark in marks)


def foretell(runtime: Runtime, branch: Branch, tip: Node, marks: Sequence[Mark], now: float) -> Forecast | None:
    """What a request of `branch` will be billed for its input, by the rules in force and what is known to be held;
    None where the endpoint has no breakpoints to go by."""
    if not marks:
        return None
    found, tree = runtime.foretell(branch.head, tip, marks, now), runtime.tree
    before = before_change(tree, branch)
    if before is None:
        return found
    old, end = tree.heads[before.logged.head], tree.nodes[before.logged.tip]
    return behind_change(found, runtime.holdings, branch.head, old, end, now=now)


def account(request: Request) -> str:
    """Organisation and workspace that answered, as one name; empty where the provider tells neither."""
    begun = request.begun
    return "/".join(name for name in (begun.organisation, begun.workspace) if name) if begun else ""


def began(
    holdings: Holdings, tree: Tree, request: Request, setup: ModelSetup, marks: Sequence[Mark] | None = None
) -> None:
    """Take a reply that has begun into account, with all breakpoints of its request, or `marks` of them."""
    logged, begun = request.logged, request.begun
    if begun is None:
        return
    holdings.began(
        tree.heads[logged.head],
        tree.nodes[logged.tip],
        marks_of(tree, request) if marks is None else marks,
        begun.usage,
        sent=logged.at,
        now=begun.at,
        account=account(request),
        minimum=setup.minimum,
        reading=setup.reading,
    )


def learn(runtime: Runtime, request: Request, foretold: Forecast | None) -> Cause | None:
    """Hold what was billed for a request whose reply has begun against its forecast, and take it into account for the
    next one, and for other sessions. Returns the cause of what is missing."""
    tree, holdings, begun, cause = runtime.tree, runtime.holdings, request.begun, None
    head = tree.heads[request.logged.head]
    if begun is not None and foretold is not None:
        cause = blame(foretold, begun.usage, sent=request.logged.at, account=account(request))
        if begun.usage.read < foretold.usage.read:
            holdings.forget(head, [hit.place for hit in foretold.chain if hit.tokens > begun.usage.read])
    began(holdings, tree, request, runtime.setup_of(head))
    _tell(runtime, request, head)
    return cause


def _tell(runtime: Runtime, request: Request, head: Head) -> None:
    """Tell other sessions of a head that this request has written or used."""
    heads, held = runtime.heads, runtime.holdings.shared(head)
    used = held is not None and held.since == request.logged.at
    if heads is not None and held is not None and used and runtime.setup_of(head).remembers:
        heads.keep(held)


_REMEMBERED = 64
"""The newest requests of a log, of which, and of main's last, a resume learns what may still live, how long histories
are and how text becomes tokens: a millisecond each."""

_NEAR = 64
"""Messages that are gone back through for a known count. A longer way, to the beginning of a history whose earlier
requests are not looked at, would read all of it again."""


def remembered(tree: Tree, setup_of: Callable[[Head], ModelSetup]) -> Holdings:
    """The holdings that a session's log tells of. What cannot be read of it is passed over."""
    holdings = Holdings()
    requests = list(islice(reversed(tree.requests.values()), _REMEMBERED))
    main = tree.branches["main"].last_request
    if main is not None and all(request.logged.n != main for request in requests):
        requests.append(tree.requests[main])
    replies = _replies(tree, requests)
    for request in reversed(requests):
        tip, head = tree.nodes.get(request.logged.tip), tree.heads.get(request.logged.head)
        if tip is None or head is None:
            continue
        replied(holdings, request, replies.get(tip.id))
        marks = marks_of(tree, request)
        if request.begun is not None and not holdings.counted_near(head, tip, _NEAR):
            holdings.counted(head, tip, request.begun.usage.input)
            marks = tuple(mark for mark in marks if mark.node in (None, tip))
        began(holdings, tree, request, setup_of(head), marks)
        if request.settled is not None:
            holdings.ended(head, marks, request.settled.at)
    return holdings


def replied(holdings: Holdings, request: Request, reply: Node | None) -> None:
    """Take the provider's count of a whole reply into account: `reply` is how it was sealed, and none of it left."""
    settled = request.settled
    if reply is None or settled is None or settled.how != "whole" or settled.usage is None:
        return
    if settled.usage.output and settled.stop in ("end_turn", "tool_use", "stop_sequence"):
        holdings.said(reply, settled.usage.output)


def _replies(tree: Tree, requests: Iterable[Request]) -> dict[str, Node]:
    """The replies that later requests, or branches, have behind them, by the id of the message that was answered."""
    tips = [tree.nodes.get(request.logged.tip) for request in requests]
    behind = [*(tip.parent for tip in tips if tip is not None), *(branch.tip for branch in tree.branches.values())]
    return {
        node.parent.id: node
        for node in behind
        if node is not None and node.parent is not None and node.message.role == "assistant"
    }


def before_change(tree: Tree, branch: Branch) -> Request | None:
    """The last request that went out with the head before this one, where the next of `branch` is the first with it:
    its own, or that of the branch it was forked from. None where the head has not changed, or was sent since."""
    owner = branch
    while owner.epoch == 1 and owner.made.parent is not None:
        owner = tree.branches[owner.made.parent]
    if owner.epoch == 1 or branch.last_request is not None or branch.head.id != owner.head.id:
        return None
    for request in reversed(tree.requests.values()):
        if request.begun is None or request.logged.tip not in tree.nodes:
            continue
        if request.logged.head == branch.head.id:
            return None
        if request.logged.branch == owner.name:
            return request
    return None
