"""Before money is spent on purpose: what a spawn or a change of model will cost, shown, and agreed to above a limit."""

from __future__ import annotations

from collections.abc import Sequence

from omg.agent.budget import Risky
from omg.agent.live import Live
from omg.agent.permit import Cost, Question
from omg.agent.runtime import Runtime
from omg.agent.starts import FRESH
from omg.cache.fan import Departure
from omg.cache.pictures import images_in
from omg.cache.prices import Prices
from omg.cache.quote import Quote, quote
from omg.core.amounts import money
from omg.core.events import Priced
from omg.core.spoken import Attachment, Image
from omg.core.tool import Show
from omg.core.trouble import Trouble
from omg.core.usage import Usage
from omg.wire.chain import Node
from omg.wire.head import Head


class Declined(Trouble):
    """The person does not want to pay what something would cost. Nothing has been sent."""


def listed(runtime: Runtime, head: Head) -> Prices | None:
    """The prices of a head's model at its endpoint; None where unknown."""
    return runtime.tree.prices.price(head.model, head.endpoint, at=runtime.clock())


def quotes(runtime: Runtime, live: Live, children: int) -> list[Quote]:
    """The price of forking `live` from each place it could be forked from: here, its anchors, the head alone."""
    branch = live.branch
    places: list[tuple[str, Node | None]] = [("here", branch.tip)]
    anchors = runtime.tree.anchors.items()
    places += [(f"@{name}", node) for name, node in anchors if branch.tip is not None and branch.tip.extends(node)]
    return [quoted(runtime, branch.head, node, start, children) for start, node in (*places, (FRESH, None))]


def quoted(runtime: Runtime, head: Head, node: Node | None, start: str, children: int) -> Quote:
    """The price of `children` forks at one place."""
    setup = runtime.setup_of(head)
    return quote(
        runtime.holdings,
        head,
        node,
        start=start,
        children=children,
        prices=listed(runtime, head),
        now=runtime.clock(),
        minimum=setup.minimum,
        reading=setup.reading,
    )


def tell(runtime: Runtime, branch: str, what: str, found: Quote, going: Departure | None = None) -> None:
    """Say the price as an event, before it is paid; of forks, how they go as well."""
    runtime.emit(
        Priced(
            branch=branch,
            at=runtime.clock(),
            what=what,
            start=found.start,
            children=found.children,
            prefix=found.prefix,
            usage=found.warm,
            usd=found.usd_warm,
            usd_cold=found.usd_cold,
            way=going.way if going else None,
            why=going.why if going else "",
        )
    )


def of_first_image(runtime: Runtime, live: Live, attachments: Sequence[Attachment]) -> tuple[int, float | None] | None:
    """Tokens and dollars that an image costs beside itself: the first one in a history changes the provider's key for
    all its messages, which are written anew. None where there is none, or it is not the first."""
    tip, head = live.branch.tip, live.branch.head
    if tip is None or images_in(tip) or not any(isinstance(one, Image) for one in attachments):
        return None
    tokens, prices = runtime.holdings.tokens(head, tip) - runtime.holdings.tokens(head, None), listed(runtime, head)
    return tokens, None if prices is None else prices.cost(Usage(write_5m=tokens))


async def risked(runtime: Runtime, branch: str, found: Risky) -> bool:
    """Whether a person lets a request go that passes their budget if the provider has dropped what it held; not where
    nobody is there to ask: then the budget holds."""
    if runtime.asker is None:
        return False
    what = f"budget: {money(found.most)} instead of {money(found.foretold)} if the cache is lost"
    show = Show("text", str(found))
    answer = await runtime.asker.ask(Question(branch, "budget", what, show, "", Cost(found.most, found.room)))
    return answer.kind != "no"


async def agreed(runtime: Runtime, branch: str, what: str, usd: float | None, found: Sequence[Quote] = ()) -> bool:
    """Whether a person agrees to spend `usd`; true without asking up to the limit, where the price is unknown, and
    where nobody is there to ask: budgets hold there. `found` are the prices from each start there is."""
    limit = runtime.limits.confirm_usd
    if usd is None or limit <= 0 or usd <= limit or runtime.asker is None:
        return True
    show = Show("text", f"{what}: about ${usd:.2f}, above the ${limit:.2f} that go unasked")
    answer = await runtime.asker.ask(Question(branch, what.split()[0], what, show, "", Cost(usd, limit, tuple(found))))
    return answer.kind != "no"
