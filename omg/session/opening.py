"""Open a session: a new one, one from its log, or a new one forked from another's node."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from omg import __version__
from omg.agent.cold import is_cold
from omg.agent.journal import BranchMade, BudgetSet, HeadMade, Journal, JournalError, NodeSealed, Record, SessionMade
from omg.agent.recover import recover
from omg.agent.runtime import ModelSetup
from omg.agent.spending import quoted
from omg.agent.state import Tree
from omg.agent.warm import remembered
from omg.core.amounts import money, tokens
from omg.session.codec import FORMAT
from omg.session.config import Config
from omg.session.conversation import Conversation, head_for, real
from omg.session.folding import ways_text
from omg.session.keeping import EVERY, Keeping
from omg.session.load import Loaded, NoSession, load
from omg.session.log import Log
from omg.session.store import Store
from omg.wire.chain import Node, path


@dataclass(slots=True)
class NewLog(Journal):
    """The log of a session that nothing has happened in: the file is made with the first record after `first`."""

    path: Path
    first: list[Record]
    tree: Tree
    """What its records add up to."""
    _log: Keeping | None = field(default=None)
    _apart: bool = field(default=False)
    """Whether the tree may tell of more than `first`, which could not be written."""

    def write(self, *records: Record) -> None:
        if self._log is not None:
            self._log.write(*records)
            return
        try:
            self._log = self._begun(records)
        except JournalError:
            self._apart = True
            raise

    def _begun(self, records: Sequence[Record]) -> Keeping:
        log = Keeping(Log(self.path), self.tree, apart=self._apart)
        try:
            log.write(*self.first)
            log.write(*records)
        except JournalError:
            self.path.unlink(missing_ok=True)
            log.close()
            raise
        return log

    def sync(self) -> None:
        if self._log is not None:
            self._log.sync()

    def close(self) -> None:
        if self._log is not None:
            self._log.close()


def open_new(config: Config) -> Conversation:
    """A new session in the configured folder. Nothing is written until something happens."""
    setup = config.setup_for(config.model or config.default_model, config.effort or config.default_effort)
    head, now = head_for(config, setup), time.time()
    store = Store(config.home)
    made = _session(config, store.new_id(), now)
    first: list[Record] = [made, HeadMade(at=now, head=head), BranchMade(at=now, name="main", head=head.id, node=None)]
    first += _budget(config, now)
    tree = _tree(first)
    return Conversation(config, tree, NewLog(store.path(made.id), first, tree), setup, [])


def open_saved(config: Config, log_path: Path) -> Conversation:
    """A saved session, replayed from its log. Raises NoSession, SessionBusy, JournalError."""
    log = Log(log_path)
    try:
        loaded = load(log_path, log.bodies)
        if "main" not in loaded.tree.branches:
            raise NoSession(f"session {log_path.stem} has no branch that can be read")
        notices = _damage(log, loaded)
        keeping = Keeping.of(log, loaded)
        _raised(loaded.tree, keeping)
        conversation = _resumed(config, loaded.tree, keeping, notices)
        # What took long to replay is replayed once, also where this process is killed.
        keeping.checkpoint(EVERY)
        return conversation
    except BaseException:
        log.close()
        raise


def _raised(tree: Tree, journal: Journal) -> None:
    """A log of an older format goes on in this one, and says so before anything else is written."""
    if tree.session.format < FORMAT:
        record = replace(tree.session, at=time.time(), format=FORMAT, omg=__version__)
        journal.write(record)
        tree.apply(record)


def _resumed(config: Config, tree: Tree, log: Journal, notices: list[str]) -> Conversation:
    head, left = tree.branches["main"].head, tree.updated
    model = config.model or head.model
    setup = config.setup_for(model, config.effort)
    conversation = Conversation(config, tree, log, setup, notices)
    notices += recover(conversation.agent)
    conversation.rested = True
    if config.budget is not None or tree.branches["main"].budget is None:
        for limit in _budget(config, time.time()):
            conversation.agent.runtime.record(limit)
    _remember(conversation, tree, setup)
    conversation.draft, conversation.agent.live("main").draft = conversation.agent.live("main").draft, None
    if model != head.model or config.provider.endpoint != head.endpoint or config.effort:
        conversation.set_model(model, config.effort)
        if conversation.tree.branches["main"].head.id != head.id:
            notices.append(f"another model or provider than before ({head.model} at {head.endpoint}): a new epoch")
    notices += _price(conversation)
    conversation.gaps.left(left)
    return conversation


def _remember(conversation: Conversation, tree: Tree, setup: ModelSetup) -> None:
    """Take over what the requests of a log tell of the provider's cache: its counts, and what may still live."""
    runtime = conversation.agent.runtime
    holdings = runtime.holdings = remembered(tree, runtime.setup_of)
    if not setup.remembers:
        holdings.forget_all()


def _price(conversation: Conversation) -> list[str]:
    """What the first request of a resumed session will cost, in words; nothing where nothing has been sent."""
    branch = conversation.tree.branches["main"]
    if branch.tip is None or branch.last_request is None:
        return []
    runtime = conversation.agent.runtime
    found = quoted(runtime, branch.head, branch.tip, "here", 1)
    warm = f"{tokens(found.warm.read)} of them still warm" if found.warm.read else "all of them cold"
    price = f"{tokens(found.prefix)} tokens, {warm}: the next request costs about {money(found.usd_warm)}"
    return [f"{price}\n{ways_text(conversation.ways(), cold=True)}" if is_cold(runtime, branch) else price]


def open_fork(config: Config, source: Path, node: str | None) -> Conversation:
    """A new session that begins at a node of another (its main's newest, or `node`: a branch, or a node's id).

    The source is only read: it may be open elsewhere. Raises NoSession.
    """
    tree = load(source).tree
    branch, base = _place(tree, node)
    head = tree.branches[branch].head
    setup = config.setup_for(head.model, config.effort)
    now, store = time.time(), Store(config.home)
    made = _session(config, store.new_id(), now, tree.session.id, base.id if base else None)
    newest = base is tree.branches[branch].accepted
    told, seen = (tree.branches[branch].told, tree.branches[branch].seen) if newest else ({}, {})
    first: list[Record] = [
        made,
        HeadMade(at=now, head=head),
        *(NodeSealed(at=now, branch="main", node=node) for node in path(base)),
        BranchMade(at=now, name="main", head=head.id, node=base.id if base else None, told=dict(told), seen=dict(seen)),
        *_budget(config, now),
    ]
    new = _tree(first)
    conversation = Conversation(config, new, NewLog(store.path(made.id), first, new), setup, [])
    _remember(conversation, tree, setup)
    if head.endpoint != config.provider.endpoint or config.model or config.effort:
        conversation.set_model(config.model or head.model, config.effort)
    return conversation


def _budget(config: Config, now: float) -> list[BudgetSet]:
    """The limit that a session begins or goes on with, where somebody has set one."""
    usd = config.limits.budget_usd if config.budget is None else config.budget
    return [BudgetSet(at=now, branch="main", limit=usd)] if 0 < usd < math.inf else []


def _place(tree: Tree, name: str | None) -> tuple[str, Node | None]:
    """The branch and node that `name` means: a branch's accepted tip, or a node by a unique beginning of its id."""
    if "main" not in tree.branches:
        raise NoSession("that session has no branch that can be read")
    if name is None or name in tree.branches:
        branch = tree.branches.get(name or "main")
        if branch is None:
            raise NoSession(f"the session {tree.session.id} has no branch that can be read")
        return branch.name, branch.accepted
    anchor = tree.anchors.get(name.removeprefix("@"))
    if anchor is not None:
        return _owner(tree, anchor), anchor
    matches = [node for id, node in tree.nodes.items() if id.startswith(name)] if name else []
    if len(matches) != 1:
        raise NoSession(
            f"{'several nodes begin' if matches else 'no branch, anchor or node begins'} with {name!r} there"
        )
    return _owner(tree, matches[0]), matches[0]


def _owner(tree: Tree, node: Node) -> str:
    """A branch whose history holds `node`."""
    return next((b.name for b in tree.branches.values() if b.tip is not None and b.tip.extends(node)), "main")


def _session(
    config: Config, id: str, now: float, parent: str | None = None, parent_node: str | None = None
) -> SessionMade:
    return SessionMade(
        at=now,
        format=FORMAT,
        id=id,
        folder=real(config.folder),
        omg=__version__,
        provider=config.provider_name,
        parent=parent,
        parent_node=parent_node,
    )


def _tree(records: list[Record]) -> Tree:
    tree = Tree()
    for record in records:
        tree.apply(record)
    return tree


def _damage(log: Log, loaded: Loaded) -> list[str]:
    """Set a torn end aside; all damage, in words."""
    notices = [f"record {damage.line} (byte {damage.offset}) is left out: {damage.why}" for damage in loaded.damage]
    if loaded.torn is not None:
        notices.append(f"the log's torn end is set aside in {log.set_aside(loaded.torn)}")
    return notices
