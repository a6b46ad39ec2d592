"""A conversation: one session open for work. Front ends talk to it and are fed by its events."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from omg.agent.agent import Agent
from omg.agent.budget import Purse
from omg.agent.cold import Offer, is_cold, offers
from omg.agent.epoch import change_head
from omg.agent.facts import Fact, environment, instruction_paths, instructions
from omg.agent.forks import ForkRefused
from omg.agent.journal import Journal
from omg.agent.keep_warm import KeepWarm
from omg.agent.meanwhile import heard, in_a_line, news
from omg.agent.runtime import Habits, ModelSetup, Runtime
from omg.agent.spending import agreed, quoted, tell
from omg.agent.starts import Start, find_start
from omg.agent.state import Branch, Tree
from omg.agent.tomorrow import Tomorrow
from omg.agent.turn import Outcome
from omg.cache.ledger import Figures
from omg.cache.quote import Quote
from omg.core.amounts import money, tokens
from omg.core.events import Emit, Event, Notice, SessionOpened, TurnEnded
from omg.core.spoken import Attachment, Spoken
from omg.core.trouble import Trouble
from omg.session.attaching import admitted
from omg.session.brief import OwnBrief
from omg.session.config import Config
from omg.session.gaps import Gaps
from omg.session.heads import HeadBook
from omg.session.store import Store
from omg.wire.chain import Node
from omg.wire.head import Head
from omg.workspace import git
from omg.workspace.kept import Kept

if TYPE_CHECKING:
    from omg.session.library import Library
    from omg.session.picker import Picker

Failed = Callable[[Exception], None]
_PATIENCE = 60.0
"""Seconds that a summary for tomorrow may take when the session is closed."""


class Hub:
    """Hands every event to everyone who listens, in the order they came. What goes wrong in showing an event reaches
    neither the branch that it comes from nor the other listeners."""

    def __init__(self) -> None:
        self._listeners: list[tuple[Emit, Failed]] = []

    def listen(self, listener: Emit, failed: Failed | None = None) -> Callable[[], None]:
        """Feed `listener` from now on; the function that is returned ends it. What it raises goes to `failed`, else to
        the event loop's exception handler."""
        entry = (listener, failed or _tell_loop)
        self._listeners.append(entry)
        return lambda: self._listeners.remove(entry)

    def __call__(self, event: Event) -> None:
        for listener, failed in list(self._listeners):
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - the border between the agent and what is shown of it
                failed(error)


def _tell_loop(error: Exception) -> None:
    told = {"message": "an event could not be shown", "exception": error}
    asyncio.get_running_loop().call_exception_handler(told)


class Conversation:
    """One session open for work."""

    def __init__(self, config: Config, tree: Tree, journal: Journal, setup: ModelSetup, notices: list[str]) -> None:
        self.config = config
        self.hub = Hub()
        self.notices = notices
        """What there is to say before anything else: damage, what a crash has cost."""
        self.draft: Spoken | None = None
        """What was said and a crash has taken back."""
        tree.prices = config.prices
        self.notes: list[str] = []
        """What goes before the model with the person's next words, such as a command they ran themselves."""
        self.rested = False
        """Whether main goes on after a rest, or from elsewhere, and is to be told what has changed meanwhile."""
        """Files as they were, where somebody keeps them."""
        self.gaps = Gaps(config.home)
        root = git.root(config.folder)
        self.agent = Agent(
            Runtime(
                provider=config.provider,
                catalog=config.catalog,
                journal=journal,
                tree=tree,
                emit=self.hub,
                folder=config.folder,
                root=root or config.folder,
                setup=setup,
                setup_for=lambda model: config.setup_for(model, None),
                limits=config.limits,
                rules=config.rules,
                asker=config.asker,
                outputs=config.home / "outputs",
                kept=Kept(Store(config.home).kept(tree.session.id)),
                facts=self._facts,
                news=self._news,
                own_brief=OwnBrief(
                    (config.folder / ".omg", (root or config.folder) / ".omg", config.home), self._notice
                ),
                heads=HeadBook(config.home),
                habits=Habits(config.typed, self.gaps.known, config.ttl, config.keep_warm),
            )
        )
        self.warm = KeepWarm(self.agent.runtime, lambda: self.agent.live("main"))
        self.tomorrow = Tomorrow(self.agent.runtime, self.agent.compactor, lambda: self.agent.live("main"))
        if config.typed:
            self.hub.listen(self.gaps.heard)
            self.hub.listen(self.warm.heard)
            self.hub.listen(self._think_of_tomorrow)

    @property
    def tree(self) -> Tree:
        return self.agent.runtime.tree

    @property
    def id(self) -> str:
        return self.tree.session.id

    @property
    def model(self) -> str:
        return self.tree.branches["main"].head.model

    @cached_property
    def library(self) -> Library:
        """All saved sessions."""
        from omg.session.library import Library

        return Library(self.config.home)

    @cached_property
    def picker(self) -> Picker:
        """What `/sessions` found last, to choose from by number."""
        from omg.session.picker import Picker

        return Picker(self.library, self.config.folder, time.time, self.id)

    @property
    def busy(self) -> bool:
        """Whether main is at work."""
        main = self.agent.lives.get("main")
        return main is not None and main.busy

    def opened(self) -> None:
        """Tell listeners what was opened, and what there is to say."""
        now, config = time.time(), self.config
        self.hub(
            SessionOpened(
                branch="main", at=now, folder=str(config.folder), model=self.model, provider=config.provider_name
            )
        )
        for text in self.notices:
            self.hub(Notice(branch="main", at=now, text=text))
        main, runtime = self.tree.branches["main"], self.agent.runtime
        if main.last_request is not None:
            tell(runtime, "main", "resume", quoted(runtime, main.head, main.tip, "here", 1))

    async def say(self, words: str, attachments: Sequence[Attachment] = ()) -> Outcome:
        """One turn of main with a person's words, what is attached to them, and the notes that wait for them."""
        if not await admitted(self.agent.runtime, self.agent.live("main"), attachments, self._notice):
            said = tuple(attachments)
            self.hub(TurnEnded(branch="main", at=time.time(), stop="interrupted", draft=words, attachments=said))
            return Outcome("interrupted")
        main = self.tree.branches["main"]
        notes, self.notes, before = self.notes, [], (main.epoch, main.last_request)
        try:
            return await self.agent.say(words, notes=notes, attachments=attachments)
        finally:
            answered = main.last_request is not None and (main.epoch, main.last_request) != before
            self.rested = self.rested and not answered
            if not answered:  # they were taken back, and wait for the next words
                self.notes[:0] = notes

    def _notice(self, text: str) -> None:
        self.hub(Notice(branch="main", at=time.time(), text=text))

    def figures(self, branch: str | None = None) -> Figures:
        """The sums of the whole tree, or of one branch's own requests."""
        return self.agent.runtime.tally.figures(branch)

    def purses(self) -> list[Purse]:
        """The whole session's money, and that of every fork with a budget of its own."""
        return self.agent.runtime.budgets.purses()

    def context_used(self, branch: str = "main") -> int:
        """Tokens that `branch` has in its context, as the provider last counted them; reckoned where nothing was sent
        since its epoch began."""
        made = self.tree.branches[branch]
        last = made.last_request
        if last is None:
            return 0 if made.base is None else self.agent.runtime.holdings.tokens(made.head, made.tip)
        request = self.tree.requests[last]
        usage = request.settled and request.settled.usage
        if usage is None:
            return request.begun.usage.input if request.begun else 0
        return usage.input + (usage.output or 0)

    def tokens_at(self, node: Node) -> int:
        """Tokens from the first up to the end of a node."""
        return self.agent.runtime.holdings.tokens(self.tree.branches["main"].head, node)

    def quote_start(self, start: Start) -> Quote:
        """What the next request costs from another place of the tree. Elsewhere than here, all of it is cold."""
        found = quoted(self.agent.runtime, start.head, start.node, start.name, 1)
        if start.head.endpoint == self.tree.branches["main"].head.endpoint:
            return found
        return replace(found, warm=found.cold, usd_warm=found.usd_cold)

    def go_on_at(self, start: Start, cause: str) -> None:
        """Let main go on at another place of the tree: a new epoch, whose prefix was sent before. Raises ForkRefused
        while main works, or the fork whose place that is."""
        self.agent.go_on_at(start, cause)
        self.rested = True

    @property
    def effort(self) -> str | None:
        """The effort that main's requests name; None where they name none."""
        fields = cast(dict[str, dict[str, object]], json.loads(self.tree.branches["main"].head.body + b"}"))
        effort = fields.get("output_config", {}).get("effort")
        return None if effort is None else str(effort)

    def quote_model(self, model: str) -> Quote:
        """What main's history costs to be read by another model, which holds none of it."""
        runtime, branch = self.agent.runtime, self.tree.branches["main"]
        found = quoted(runtime, branch.head, branch.tip, "here", 1)
        prices = self.tree.prices.price(model, branch.head.endpoint)
        return replace(found, usd_cold=None if prices is None else prices.cost(found.cold))

    def set_model(self, model: str, effort: str | None = None) -> None:
        """Go on with another model, by default at the effort of new ones: a new epoch, whose prefix the new model
        has to read once. Raises ForkRefused."""
        if self.busy:
            raise ForkRefused("main is at work: change the model when it is done")
        effort = effort or self.config.effort or self.config.default_effort
        setup = self.config.setup_for(model, effort)
        self.agent.runtime.setup = setup
        live = self.agent.live("main")
        head = head_for(self.config, setup)
        if head.id != live.branch.head.id:
            change_head(self.agent.runtime, live, head, f"model {model}" + (f", effort {effort}" if effort else ""))

    def _facts(self) -> list[Fact]:
        """Instructions and environment as they are now. Reads files and asks git: call it in a thread."""
        runtime = self.agent.runtime
        paths = instruction_paths(self.config.home, runtime.root, runtime.folder)
        return [*instructions(paths), *environment(runtime.folder, git.facts(runtime.folder), runtime.clock())]

    def _news(self, branch: Branch) -> list[Fact]:
        """What main is told of the time in which it rested. Reads files and asks git: call it in a thread."""
        runtime = self.agent.runtime
        since = heard(runtime.tree, branch) if self.rested and branch.made.parent is None else None
        return [] if since is None else list(news(runtime.folder, branch, since))

    def since(self) -> list[str]:
        """What has changed while main rested, as it will be told of it: a line each for people. Reads files and asks
        git: call it in a thread."""
        return [in_a_line(fact) for fact in self._news(self.tree.branches["main"])]

    def _think_of_tomorrow(self, event: Event) -> None:
        self.tomorrow.heard(event)

    async def _prepare(self) -> None:
        """A summary for tomorrow, where that pays; whoever closes the session does not wait for ever."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.tomorrow.left()
        except TimeoutError:
            return  # it is settled as cut, and nothing has changed
        except Exception as error:  # noqa: BLE001 - the border of leaving: a bug in it must keep nothing open
            self._notice(f"no summary was prepared: {type(error).__name__}: {error}")

    @property
    def cold(self) -> bool:
        """Whether most of main would have to be written again, after a long time away."""
        return is_cold(self.agent.runtime, self.tree.branches["main"])

    def ways(self) -> list[Offer]:
        """The ways to go on with main, were nothing of it held, or as it is held."""
        return offers(self.agent.runtime, self.agent.live("main"))

    async def choose(self, offer: Offer) -> str:
        """Go on with main as `offer` says; in words, what came of it. Raises Trouble where that cannot be any more."""
        live, room = self.agent.live("main"), self.agent.room
        if not await agreed(self.agent.runtime, "main", f"go on with {tokens(offer.tokens)} tokens", offer.usd):
            raise Trouble("nothing is chosen")
        if self.busy:
            raise Trouble("main is at work: choose when it is done")
        everything = self.ways()[0]
        if offer.kind == "anchor":
            self.go_on_at(find_start(self.tree, offer.name), f"from {offer.name}")
        elif offer.kind != "all" and not await room.go_on_from(live, offer, everything):
            raise Trouble(f"{offer.name} is not to be had any more: /from lists what is")
        room.settled = True
        return f"on with {offer.name}: {tokens(offer.tokens)} tokens, {money(offer.usd)}"

    async def close(self) -> None:
        """Stop what runs, and let go of the log and the provider."""
        try:
            await self.agent.close()
            if self.config.typed:
                await self._prepare()
            await self.warm.close()
        finally:
            self.agent.runtime.journal.close()
            if "library" in vars(self):
                self.library.close()
            await self.config.provider.close()


def head_for(config: Config, setup: ModelSetup) -> Head:
    """The head of this OMG for a model at the configured provider."""
    return config.catalog.head(
        config.provider.endpoint, model=setup.model, headers=setup.headers, extra=dict(setup.extra)
    )


def real(folder: Path) -> str:
    """A folder as it is recorded: its real path."""
    return str(folder.resolve())
