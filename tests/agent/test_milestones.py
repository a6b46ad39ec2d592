"""Anchors that are made by themselves: at the end of orientation, and where a plan is accepted."""

from omg.agent.spending import quotes
from omg.agent.ttl import _dependents
from omg.core.events import Priced
from omg.session.commands import run_command
from omg.session.verify import verify
from tests.scripted import Says, lines, stage

LOOKS = Says("", calls=(("glob", {"pattern": "*"}),))


def anchors(conversation):
    return {name: node.depth for name, node in conversation.tree.anchors.items()}


async def test_the_first_turn_that_looks_at_something_ends_at_start(tmp_path):
    on = stage(tmp_path, lines(look=[LOOKS, Says("seen")], again=[LOOKS, Says("seen")]))
    conversation = on.open()
    await conversation.say("hello")
    assert anchors(conversation) == {}
    await conversation.say("look")
    assert anchors(conversation) == {"start": 6}
    await conversation.say("again")
    assert anchors(conversation) == {"start": 6}
    await conversation.close()
    again = on.again()
    assert anchors(again) == {"start": 6} and again.tree.automatic == ["start"]
    await again.say("look")
    assert anchors(again) == {"start": 6}
    assert verify(again.tree).problem is None


async def test_an_anchor_of_a_person_is_never_moved_and_theirs_moves_it(tmp_path):
    on = stage(tmp_path, lines(look=[LOOKS, Says("seen")]))
    conversation = on.open()
    await conversation.say("hello")
    await run_command(conversation, "/anchor start")
    await conversation.say("look")
    assert anchors(conversation) == {"start": 2} and conversation.tree.automatic == []
    other = stage(tmp_path / "other", lines(look=[LOOKS, Says("seen")])) if (tmp_path / "other").mkdir() is None else on
    conversation = other.open()
    await conversation.say("look")
    await conversation.say("more")
    await run_command(conversation, "/anchor start")
    assert anchors(conversation) == {"start": 6} and conversation.tree.automatic == []


async def test_a_later_turn_is_no_orientation(tmp_path):
    gone = Says("", calls=(("glob", {"pattern": "*"}),))
    on = stage(tmp_path, lines(look=[gone, Says("x", stop="max_tokens")], again=[LOOKS, Says("seen")]))
    conversation = on.open()
    assert (await conversation.say("look")).stop == "max_tokens"
    await conversation.say("again")
    assert anchors(conversation) == {}


async def test_a_plan_that_is_accepted_is_kept(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("hello")
    await run_command(conversation, "/mode plan")
    await run_command(conversation, "/mode edit")
    assert anchors(conversation) == {}  # nothing was planned
    await run_command(conversation, "/mode plan")
    await conversation.say("plan it")
    await run_command(conversation, "/mode plan")
    assert anchors(conversation) == {}
    await conversation.close()
    conversation = on.again()
    await conversation.say("better")
    await run_command(conversation, "/mode edit")
    assert anchors(conversation) == {"plan": 6}
    await run_command(conversation, "/mode plan")
    await conversation.say("another")
    await run_command(conversation, "/mode ask")
    assert anchors(conversation) == {"plan": 6}


async def test_a_session_that_began_with_a_plan(tmp_path):
    on = stage(tmp_path, lines(), mode="plan")
    conversation = on.open()
    await run_command(conversation, "/mode edit")
    assert anchors(conversation) == {}
    await run_command(conversation, "/mode plan")
    await conversation.say("plan it")
    await run_command(conversation, "/mode edit")
    assert anchors(conversation) == {"plan": 2}


async def test_it_is_offered_in_prices_forked_from_and_kept_marked(tmp_path):
    on = stage(tmp_path, lines(look=[LOOKS, Says("seen")]))
    conversation = on.open()
    await conversation.say("look")
    await conversation.say("and on")
    last = on.provider.sent[-1].request["messages"]
    assert "cache_control" in last[3]["content"][-1]  # the end of the turn that looked
    agent = conversation.agent
    assert "@start" in [quote.start for quote in quotes(agent.runtime, agent.live("main"), 1)]
    await run_command(conversation, "/fork task")
    said = (await run_command(conversation, "/fork @start task")).text
    assert "from @start" in said and len(on.seen(Priced)) == 2
    await conversation.close()


async def test_nobody_is_taken_to_come_back_to_it(tmp_path):
    on = stage(tmp_path, lines(look=[LOOKS, Says("seen")]))
    conversation = on.open()
    await conversation.say("look")
    main = conversation.tree.branches["main"]
    assert _dependents(conversation.agent.runtime, main) == 0
    await run_command(conversation, "/anchor mine")
    assert _dependents(conversation.agent.runtime, main) == 1
