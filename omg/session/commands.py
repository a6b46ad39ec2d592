"""The slash commands, once for all front ends: what each is called, takes and does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from omg.agent.permit import MODES
from omg.agent.spending import agreed, quoted, quotes
from omg.agent.starts import Start, find_start
from omg.cache.fan import Departure
from omg.cache.quote import Quote
from omg.core.amounts import dollars, hit, money, ratio, tokens
from omg.core.trouble import Trouble
from omg.provider.models import EFFORTS
from omg.session import folding, journeys, shelf
from omg.session.columns import laid_out
from omg.session.command import Action, Command, Done
from omg.session.conversation import Conversation
from omg.session.purses import budget, split_budget
from omg.session.reports import cache_glance, cache_table, request_text
from omg.session.warmth import kept


async def run_command(conversation: Conversation, line: str) -> Done:
    """Run `/name words`. Raises Trouble in one line for the person."""
    name, _, rest = line.strip().removeprefix("/").partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        near = [known for known in COMMANDS if known.startswith(name[:1])]
        raise Trouble(f"there is no /{name}; /help lists what there is" + (f" (/{', /'.join(near)}?)" if near else ""))
    if command.run is None:
        raise Trouble(f"/{name} is not there yet")
    return await command.run(conversation, rest.strip())


def split_tasks(text: str) -> list[str]:
    """The tasks of `/fork a | b | c`."""
    return [task.strip() for task in text.split("|") if task.strip()]


async def _fork(conversation: Conversation, rest: str) -> Done:
    agent, main = conversation.agent, conversation.agent.live("main")
    start = Start("here", main.branch.tip, main.branch.head)
    if rest.startswith("@"):
        name, _, rest = rest.partition(" ")
        start = find_start(conversation.tree, name)
        agent.check_endpoint(start)
    usd, rest = split_budget(rest.strip())
    tasks = split_tasks(rest)
    if not tasks:
        raise Trouble("say what each fork is to do: /fork TASK | TASK, or /fork @ANCHOR TASK")
    prices = quotes(agent.runtime, main, len(tasks))
    if start.name not in (found.start for found in prices):
        prices.append(quoted(agent.runtime, start.head, start.node, start.name, len(tasks)))
    await agent.forks.agree(main, tasks, start.node, start.head)
    going = agent.forks.departure(main, tasks, start.node, start.head)
    children = agent.fork(tasks, node=start.node, head=start.head, budget=usd)
    names, priced = ", ".join(child.name for child in children), _priced(prices, start.name)
    return Done(f"⑂ {names} from {start.name} · {priced}{_gone(going)}")


def _priced(prices: Sequence[Quote], start: str) -> str:
    """What setting off costs, what it would cold, and from elsewhere where that is another price; the work that
    follows is nobody's to foretell."""
    mine = next((found for found in prices if found.start == start), prices[0])
    said = [f"reads {tokens(mine.warm.read)}"] if mine.warm.read else []
    said += [f"{name} {usd}" for name, usd in _elsewhere(prices, mine) if usd != dollars(mine.usd_warm)]
    return f"setting off: {dollars(mine.usd_warm)}" + (f" ({', '.join(said)})" if said else "")


def _elsewhere(prices: Sequence[Quote], mine: Quote) -> Iterator[tuple[str, str]]:
    yield "cold", dollars(mine.usd_cold)
    for found in prices:
        if found is not mine:
            yield f"from {found.start}", dollars(found.usd_warm)


def _gone(going: Departure) -> str:
    """How forks went, where some waited for others, with what it would have cost otherwise."""
    if going.way == "at once":
        return ""
    costs = ", ".join(f"{way} {money(usd)}" for way, usd in going.usd.items())
    return f"\n{going}" + (f" ({costs})" if costs else "")


def _anchors(conversation: Conversation) -> str:
    names = ", ".join(f"@{name}" for name in conversation.tree.anchors)
    return f"there are {names}" if names else "/anchor NAME makes one"


async def _budget(conversation: Conversation, rest: str) -> Done:
    return Done(budget(conversation, rest))


async def _anchor(conversation: Conversation, rest: str) -> Done:
    if not rest:
        return Done(_anchors(conversation))
    node = conversation.agent.anchor(rest.removeprefix("@"))
    return Done(
        f"@{rest.removeprefix('@')} is here, at {tokens(conversation.tokens_at(node))} tokens: /fork @{rest} TASK"
    )


async def _aside(conversation: Conversation, rest: str) -> Done:
    if not rest:
        raise Trouble("say what you want to know: /btw QUESTION")
    child = conversation.agent.aside(rest)
    return Done(f"⑂ {child.name}, aside", Action("aside", child.name))


def _child(conversation: Conversation, name: str) -> str:
    """A fork by its name, or by its task's number; raises Trouble."""
    branch = conversation.tree.branches.get(name)
    if branch is None or branch.made.purpose not in ("fork", "aside"):
        known = [each.name for each in conversation.tree.branches.values() if each.made.purpose in ("fork", "aside")]
        raise Trouble(
            f"there is no fork {name!r}" + (f"; there are {', '.join(known)}" if known else " yet: /fork TASK")
        )
    return name


def _named(conversation: Conversation, rest: str, command: str) -> tuple[str, str]:
    """A fork's name and the words behind it."""
    name, _, words = rest.partition(" ")
    if not name:
        raise Trouble(f"say which fork: /{command} F" + (" WORDS" if command in ("steer", "wake") else ""))
    return _child(conversation, name), words.strip()


async def _forks(conversation: Conversation, rest: str) -> Done:
    forks = [branch for branch in conversation.tree.branches.values() if branch.made.purpose in ("fork", "aside")]
    if not forks:
        return Done("no forks yet: /fork TASK | TASK")
    pending = {name for branch in conversation.tree.branches.values() for name in branch.pending}
    rows: list[str] = []
    for branch in forks:
        figures = conversation.figures(branch.name)
        ready = " · report ready" if branch.name in pending else ""
        rows.append(
            f"{branch.name:6} {branch.status or '':8} {ratio(figures.usage):>6} {hit(figures.usage):>5} "
            f"{money(figures.cost_usd):>8}  {branch.made.task}{ready}"
        )
    return Done("\n".join(rows))


async def _watch(conversation: Conversation, rest: str) -> Done:
    return Done(action=Action("watch", _named(conversation, rest, "watch")[0]))


async def _steer(conversation: Conversation, rest: str) -> Done:
    name, words = _steered(conversation, rest)
    if not words:
        raise Trouble("say the words: /steer WORDS, or /steer F WORDS")
    conversation.agent.steer(name, words)
    return Done(f"{name} reads this after the running tools")


def _steered(conversation: Conversation, rest: str) -> tuple[str, str]:
    """Whom words are for, and the words: `@F` is that fork, and so is the name of one at work; else all are main's."""
    name, _, words = rest.partition(" ")
    if name == "@main":
        return "main", words.strip()
    if name.startswith("@"):
        return _child(conversation, name[1:]), words.strip()
    at_work = {live.name for live in conversation.agent.running()}
    return (name, words.strip()) if name in at_work else ("main", rest)


async def _stop(conversation: Conversation, rest: str) -> Done:
    name, _ = _named(conversation, rest, "stop")
    if conversation.tree.branches[name].status != "running":
        raise Trouble(f"{name} is not at work")
    await conversation.agent.stop(name)
    return Done(f"{name} is stopped")


async def _wake(conversation: Conversation, rest: str) -> Done:
    name, words = _named(conversation, rest, "wake")
    if not words:
        raise Trouble(f"say what it is to do: /wake {name} WORDS")
    conversation.agent.wake(name, words)
    return Done(f"{name} works again")


async def _join(conversation: Conversation, rest: str) -> Done:
    pending = conversation.tree.branches["main"].pending
    if rest:
        branch = conversation.tree.branches[_child(conversation, rest)]
        if branch.made.purpose == "aside" and branch.status != "running" and rest not in pending:
            conversation.agent.want(rest)
    if not pending or (rest and rest not in pending):
        raise Trouble("there is no report to join" + (f" from {rest}" if rest else ""))
    if conversation.busy:
        return Done("the reports go into this turn, after the running tools")
    return Done(action=Action("join", rest))


async def _drop(conversation: Conversation, rest: str) -> Done:
    name, _ = _named(conversation, rest, "drop")
    if name not in conversation.tree.branches["main"].pending:
        raise Trouble(f"there is no pending report from {name}")
    conversation.agent.drop(name)
    return Done(f"the report of {name} will not be joined")


async def _cache(conversation: Conversation, rest: str) -> Done:
    if not rest:
        parts = [*cache_glance(conversation.tree, conversation.agent.runtime.tally), "", kept(conversation)]
        return Done(laid_out(parts), fit=lambda columns: laid_out(parts, columns))
    if rest == "all":
        return Done(cache_table(conversation.tree))
    found = request_text(conversation.tree, int(rest)) if rest.isascii() and rest.isdecimal() else None
    if found is None:
        raise Trouble(f"there is no request {rest}: /cache lists the newest, /cache all lists all")
    return Done(found)


async def _model(conversation: Conversation, rest: str) -> Done:
    if not rest:
        return Done(f"{conversation.model} at {conversation.config.provider.endpoint}")
    model, _, effort = rest.partition(" ")
    runtime = conversation.agent.runtime
    found = conversation.quote_model(model)
    what = f"model {model}, {tokens(found.prefix)} tokens to read anew"
    if not await agreed(runtime, "main", what, found.usd_cold, [found]):
        raise Trouble(f"main stays with {conversation.model}")
    conversation.set_model(model, effort.strip() or None)
    return Done(
        f"{conversation.model} from here on; it reads {tokens(found.prefix)} tokens anew, {money(found.usd_cold)}"
    )


async def _effort(conversation: Conversation, rest: str) -> Done:
    if not rest:
        return Done(f"effort {conversation.effort or 'is left to the model'}; there are {', '.join(EFFORTS)}")
    if rest not in EFFORTS:
        raise Trouble(f"{rest!r} is no effort; there are {', '.join(EFFORTS)}")
    if rest == conversation.effort:
        return Done(f"the effort is {rest} already")
    found, model = conversation.quote_model(conversation.model), conversation.model
    what = f"effort {rest}, {tokens(found.prefix)} tokens to read anew"
    if not await agreed(conversation.agent.runtime, "main", what, found.usd_cold, [found]):
        raise Trouble(f"the effort stays {conversation.effort or 'as it is'}")
    conversation.set_model(model, rest)
    return Done(f"effort {rest} from here on; it reads {tokens(found.prefix)} tokens anew, {money(found.usd_cold)}")


async def _mode(conversation: Conversation, rest: str) -> Done:
    agent = conversation.agent
    if not rest:
        return Done(f"{agent.mode('main')} (of {', '.join(MODES)})")
    if rest not in MODES:
        raise Trouble(f"{rest!r} is no mode; there are {', '.join(MODES)}")
    agent.set_mode(MODES[MODES.index(rest)])
    return Done(f"mode {rest}")


async def _open(conversation: Conversation, rest: str) -> Done:
    if rest and not rest.isdecimal():
        raise Trouble("say which call: /open N, with the number behind its line")
    return Done(action=Action("open", rest))


async def _trust(conversation: Conversation, rest: str) -> Done:
    folder = conversation.config.project or conversation.config.folder
    return Done(f"{folder} is trusted from the next session on", Action("trust"))


async def _help(conversation: Conversation, rest: str) -> Done:
    rows = [
        f"/{c.name} {c.usage}".ljust(26) + (c.help if c.run else f"{c.help} (not there yet)") for c in COMMANDS.values()
    ]
    return Done("\n".join(rows))


async def _quit(conversation: Conversation, rest: str) -> Done:
    return Done(action=Action("quit"))


COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command("fork", "[@ANCHOR] TASK | …", "parallel investigations that know all this; --budget USD first", _fork),
        Command("btw", "QUESTION", "ask aside; it stays out of the history", _aside),
        Command("forks", "", "what the forks do, and what they cost", _forks),
        Command("watch", "F", "follow a fork", _watch),
        Command("steer", "[F] WORDS", "put words into the turn under way", _steer),
        Command("stop", "F", "stop a fork; it reports what it had", _stop),
        Command("wake", "F WORDS", "let a finished fork work again", _wake),
        Command("join", "[F]", "let main read the reports that are ready", _join),
        Command("drop", "F", "take a report off the list", _drop),
        Command("open", "[N]", "show what a tool call came to", _open),
        Command("cache", "[N|all]", "the ledger: its sums and newest requests, one request, or all", _cache),
        Command("model", "[NAME [EFFORT]]", "show or change the model", _model),
        Command("effort", "[LEVEL]", "show or change how hard the model tries", _effort),
        Command("mode", "[MODE]", "show or change what it may do unasked", _mode),
        Command(
            "sessions",
            "[WORDS]",
            "list saved sessions, or find some; folder: branch: since: until: too",
            shelf.sessions,
        ),
        Command("resume", "[N|SESSION|WORDS]", "go on with another session", shelf.resume),
        Command("rename", "TITLE", "give this session a title", shelf.rename),
        Command("delete", "[N|SESSION]", "move another session to the trash", shelf.delete),
        Command("export", "[FILE]", "write this session as Markdown, HTML or JSON, by the file's ending", shelf.export),
        Command("trust", "", "accept this folder's settings", _trust),
        Command("help", "", "this list", _help),
        Command("quit", "", "leave; the session is saved", _quit),
        Command("budget", "[F] [USD]", "show or limit what the session, or a fork, may cost", _budget),
        Command("anchor", "[NAME]", "mark this place to fork from later", _anchor),
        Command("tree", "", "branches, epochs, anchors, forks: what they cost, and what is warm", journeys.tree),
        Command("switch", "F|EPOCH|@ANCHOR|NODE", "go on from another place; nothing is lost", journeys.switch),
        Command("promote", "F", "go on with a fork as main", journeys.promote),
        Command("rewind", "[N [keep]]", "go back to before one of your messages, files too", journeys.rewind),
        Command("ask", "[EPOCH|NODE] QUESTION", "ask an earlier epoch; it stays out of the history", journeys.ask),
        Command("compact", "[now]", "fold the history into a summary, once forks have ended or now", folding.compact),
        Command("from", "[WAY]", "how to go on where the cache is cold: with all, less, a summary", folding.go_on_from),
        Command("try", "N TASK", "several writing forks, pick one"),
        Command("diff", "", "what was changed"),
        Command("undo", "", "take a change back"),
    )
}
