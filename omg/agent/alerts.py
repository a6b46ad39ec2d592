"""What a fan-out has done worse than it should: told as it happens, and found again in the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from omg.agent.compose import shared_spot
from omg.agent.requests import Request
from omg.agent.state import Branch, Tree
from omg.cache.plan import Spot
from omg.core.usage import TTL_SECONDS
from omg.wire.request import Mark, mark_offset, prefix_length

LATE = 0.8
"""The part of an entry's life behind which forks that wait to begin with it go out late (O18's rule of thumb)."""
MANY, LOW = 5, 0.8
"""Forks from which on a fan-out must read so much of what they share; one of five may have to write it (O18)."""
_NEAR = 0.9
"""The part of an estimate from which on what was read tells the size of what they share better than it."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to look into. `group` are the forks it is about, `branch` their parent, `at` in seconds, UTC epoch."""

    branch: str
    group: tuple[str, ...]
    at: float
    text: str

    def to_json(self) -> dict[str, object]:
        """The shape that scripts see."""
        return {"branch": self.branch, "forks": list(self.group), "at": self.at, "text": self.text}


def alerts(tree: Tree) -> list[Alert]:
    """All there is to say of a session's fan-outs."""
    first = _firsts(tree)
    found: list[Alert] = []
    for group in _groups(tree):
        sent = [(child, first[child.name]) for child in group if child.name in first]
        late = (late_alert(tree, child, request.logged.at) for child, request in sent)
        found += [alert for alert in (next(filter(None, late), None), low_alert(tree, group)) if alert is not None]
    return found


def siblings(tree: Tree, branch: Branch) -> list[Branch]:
    """The forks that were made with this one, itself included."""
    made = branch.made
    return [other for other in tree.children(made.parent or "") if other.made.group == made.group]


def _groups(tree: Tree) -> Iterator[list[Branch]]:
    groups: dict[tuple[str, str], list[Branch]] = {}
    for branch in tree.branches.values():
        if branch.made.parent is not None and branch.made.purpose == "fork":
            groups.setdefault((branch.made.parent, branch.made.group), []).append(branch)
    return iter(groups.values())


def _firsts(tree: Tree) -> dict[str, Request]:
    """The first request of each branch to which a reply has begun."""
    found: dict[str, Request] = {}
    for request in tree.requests.values():
        if request.begun is not None and not request.logged.silent:
            found.setdefault(request.logged.branch, request)
    return found


def late_alert(tree: Tree, child: Branch, at: float) -> Alert | None:
    """Whether a fork that goes out at this time had to wait until the entry it begins with was nearly lost, or was."""
    spot, life, since = shared_spot(tree, child), TTL_SECONDS["5m"], None
    for request in reversed(tree.requests.values()):
        logged = request.logged
        if logged.at < at - TTL_SECONDS["1h"]:
            break
        if request.begun is None or not logged.marks or logged.at >= at or not _along(tree, child, request):
            continue
        since = logged.at if since is None else since
        if spot is not None and any(node == spot.node.id and ttl == "1h" for node, _, ttl in logged.marks):
            life = TTL_SECONDS["1h"]
            break
    if since is None or at - since <= LATE * life or child.made.at - since > LATE * life:
        return None
    group = siblings(tree, child)
    words = (
        f"fork {child.name} went out {at - since:.0f} s after what it begins with was last used, of {life} s it lives"
    )
    return _alert(group, at, f"{words}: let more work at once (forks.width), or fork fewer")


def _along(tree: Tree, child: Branch, request: Request) -> bool:
    """Whether a request has used what a fork begins with."""
    tip = tree.nodes.get(request.logged.tip)
    return request.logged.head == child.made.head and tip is not None and tip.extends(child.base)


def low_alert(tree: Tree, group: list[Branch]) -> Alert | None:
    """Whether a fan-out of five or more has read less of what its forks share than it should, by the provider's figures
    for their first requests; None until all of them have begun or ended, and where the provider tells of no cache."""
    first = _firsts(tree)
    sent = [first[child.name] for child in group if child.name in first]
    if len(sent) < MANY or any(child.status == "running" and child.name not in first for child in group):
        return None
    bills = [request.begun.usage for request in sent if request.begun is not None]
    if not all(request.logged.marks for request in sent) or not any(bill.read or bill.written for bill in bills):
        return None
    sizes = [_shared(tree, child, first[child.name]) for child in group if child.name in first]
    best = max(bill.read for bill in bills)
    sizes = [min(size, best) if best >= _NEAR * size else size for size in sizes]
    hit = sum(min(bill.read, size) for bill, size in zip(bills, sizes, strict=True)) / max(1.0, sum(sizes))
    if hit >= LOW:
        return None
    at = max(request.logged.at for request in sent)
    return _alert(group, at, f"{len(sent)} forks have read {hit:.0%} of what they share, of {LOW:.0%} at least")


def _shared(tree: Tree, child: Branch, request: Request) -> float:
    """Tokens of a first request up to what it shares: its part of the bytes, of what was billed."""
    head, tip = tree.heads[request.logged.head], tree.nodes[request.logged.tip]
    spot: Spot | None = shared_spot(tree, child)
    upto = mark_offset(head, Mark("5m", spot.node, spot.block)) if spot else len(head.body)
    return request.begun.usage.input * upto / prefix_length(head, tip) if request.begun else 0.0


def _alert(group: list[Branch], at: float, text: str) -> Alert:
    return Alert(group[0].made.parent or "", tuple(child.name for child in group), at, text)
