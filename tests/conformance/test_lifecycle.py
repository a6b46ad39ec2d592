"""What time, other processes, other accounts and the provider itself do to a cache: each is blamed by its own name."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace

import pytest

from omg.agent.fanout import Places
from omg.agent.runtime import Habits
from omg.session.load import load
from tests.conformance.heads import field as changed
from tests.conformance.heads import mutated
from tests.conformance.numbered import case
from tests.conformance.whole import MODEL, OTHER, Person, Whole, foretold, sound, usage
from tests.scripted import until


async def at_work(whole: Whole, **asked: str):
    """The session, resumed and warm."""
    conversation = whole.again(**asked)
    await whole.say(conversation, "what now?")
    assert whole.causes == []
    return conversation


LAPSES = [
    case(98, "five minutes, the head lives on", 400.0, "5m"),
    case(99, "an hour, all is gone", 4000.0, "5m"),
]


@pytest.mark.parametrize(("gap", "ttl"), LAPSES)
async def test_a_lapse_is_foretold_and_named_with_its_gap(whole, gap, ttl):
    conversation = await at_work(whole)
    whole.clock.at += gap
    await whole.say(conversation, "and now?")
    (cause,) = whole.causes
    assert cause.startswith(f"ttl lapse ({ttl}, ")
    assert usage(conversation).read == foretold(conversation).read
    assert (usage(conversation).read > 1000) == (gap < 3600)


async def test_m099_an_hour_of_messages_lapses_as_an_hour(tmp_path):
    whole = Whole(tmp_path / "home", tmp_path / "work", ttl="1h")
    conversation = whole.open()
    await whole.say(conversation, "show story.txt")
    whole.clock.at += 3000
    await whole.say(conversation, "what now?")
    assert whole.causes == [] and usage(conversation).read > 2000
    whole.clock.at += 3601
    await whole.say(conversation, "and now?")
    assert whole.causes[0].startswith("ttl lapse (1h, 60 min")
    assert usage(conversation).read == 0


async def test_m098_an_entry_that_ends_just_before_its_time_has_lapsed_too(whole):
    conversation = await at_work(whole)
    whole.clock.at += 270
    whole.cache.evict(keep=1)
    await whole.say(conversation, "and now?")
    assert whole.causes[0].startswith("ttl lapse (5m, 290 s")


@pytest.mark.parametrize("keep", [case(111, "all evicted", 0), case(111, "the tail evicted", 1)])
async def test_an_eviction_is_called_one_when_all_else_is_ruled_out(whole, keep):
    conversation = await at_work(whole)
    whole.cache.evict(keep)
    await whole.say(conversation, "and now?")
    assert whole.causes == ["evicted by the provider"]
    await whole.say(conversation, "and then?")
    assert len(whole.causes) == 1, "what was written anew is read again"


async def test_m111_the_eviction_of_every_entry_but_the_middle_ones_is_one_too(whole):
    conversation = await at_work(whole)
    whole.cache.evict(keep=4)
    await whole.say(conversation, "and now?")
    assert whole.causes == ["evicted by the provider"]


async def test_m083_another_workspace_is_named_with_both(whole):
    whole.gateway.adds = {"anthropic-organization-id": "one", "anthropic-workspace-id": "wrkspc_1"}
    conversation = await at_work(whole)
    whole.gateway.adds = {"anthropic-organization-id": "one", "anthropic-workspace-id": "wrkspc_2"}
    whole.cache.evict()
    await whole.say(conversation, "and now?")
    assert whole.causes == ["another organisation or workspace (one/wrkspc_1 before, one/wrkspc_2 now)"]


@pytest.mark.parametrize(
    ("model", "effort", "words"),
    [
        case(72, "model", OTHER, None, f"({MODEL} before, {OTHER} now)"),
        case(74, "effort", MODEL, "high", "(output_config changed)"),
    ],
)
async def test_a_change_that_a_person_asks_for_is_an_epoch_whose_first_request_says_what_it_cost(
    whole, model, effort, words
):
    conversation = await at_work(whole)
    before = usage(conversation).input
    conversation.set_model(model, effort)
    await whole.say(conversation, "and now?", "and then?")
    assert whole.causes == [f"model or parameter change {words}"]
    requests = [request for request in conversation.tree.requests.values() if request.logged.epoch == 2]
    assert requests[0].settled.usage.read == 0 and requests[0].settled.usage.input > before * 0.8
    assert sound(conversation)


async def test_m072_m104_a_change_that_another_process_asked_for_is_still_its_cause(whole):
    conversation = await at_work(whole)
    conversation.set_model(OTHER)
    await conversation.close()
    conversation = whole.again()
    await whole.say(conversation, "and now?")
    assert whole.causes == [f"model or parameter change ({MODEL} before, {OTHER} now)"]


async def test_m072_the_model_of_before_costs_only_what_was_said_since(whole):
    conversation = await at_work(whole)
    conversation.set_model(OTHER)
    await whole.say(conversation, "show story.txt")
    conversation.set_model(MODEL)
    await whole.say(conversation, "and now?")
    assert len(whole.causes) == 2 and whole.causes[1].startswith("model or parameter change")
    assert usage(conversation).read > 1000


async def test_m072_m099_a_change_after_the_time_was_over_costs_nothing_of_its_own(whole):
    conversation = await at_work(whole)
    whole.clock.at += 4000
    conversation.set_model(OTHER)
    await whole.say(conversation, "and now?")
    (cause,) = whole.causes
    assert cause.startswith("ttl lapse")


async def test_m083_a_resume_at_another_endpoint_is_an_epoch_with_another_head(whole):
    whole.endpoint = "https://gateway.example"
    conversation = whole.again()
    assert "a new epoch" in conversation.notices[-1]
    whole.cache.evict()
    await whole.say(conversation, "what now?")
    assert whole.causes == ["another head (endpoint changed)"]


async def test_m107_forks_right_behind_a_change_pay_once_and_one_says_why(whole):
    conversation = await at_work(whole)
    conversation.set_model(OTHER)
    first = len(conversation.tree.requests)
    await whole.fork(conversation, "what is it, a?", "what is it, b?", "what is it, c?")
    requests = list(conversation.tree.requests.values())[first:]
    reads = sorted(request.settled.usage.read for request in requests)
    assert reads[0] == 0 and reads[1] == reads[2] > 5000
    assert [cause.split(" (")[0] for cause in whole.causes] == ["model or parameter change"]


async def test_m072_a_fork_from_before_a_change_that_starts_behind_it_has_lost_nothing(whole):
    conversation = await at_work(whole)
    places = conversation.agent.forks.places = Places(1)
    async with places.taken():
        children = conversation.agent.fork(["what is it?"])
        conversation.set_model(OTHER)
        await whole.say(conversation, "show story.txt", "show story.txt, again")
    await conversation.agent.forks.wait(children)
    assert whole.sent[-1].json["model"] == MODEL
    assert len(whole.causes) == 1, "main's own"
    assert usage(conversation).read == foretold(conversation).read > 5000


async def test_m097_m100_m110_siblings_of_a_cold_tail_wait_for_the_leaders_first_event(whole):
    conversation = await at_work(whole)
    whole.clock.at += 400
    began: list[int] = []
    whole.gateway.on_first = lambda passed: began.append(len(whole.sent))
    start = len(whole.sent)
    await whole.fork(conversation, *(f"what is it, {n}?" for n in range(5)))
    assert began[0] == start + 1, "nobody else had been sent when the leader's reply began"
    usages = [request.settled.usage for request in list(conversation.tree.requests.values())[-5:]]
    writes = sorted(each.written for each in usages)
    assert writes[0] == writes[3] < 400 < writes[4]
    assert [cause.split(" (")[0] for cause in whole.causes] == ["ttl lapse"]


async def test_m100_m110_a_sibling_that_came_before_the_prefix_could_be_read_says_so(whole):
    conversation = await at_work(whole)
    whole.clock.at += 400
    whole.cache.settles = 3.0
    await whole.fork(conversation, "what is it, a?", "what is it, b?")
    causes = sorted(cause.split(" (")[0] for cause in whole.causes)
    assert causes == ["not yet readable", "ttl lapse"]
    assert conversation.agent.forks.settling.seconds > 0, "the next ones wait longer"


async def test_m103_a_provider_that_forgot_everything_is_found_out_at_once(whole):
    conversation = whole.again()
    whole.cache.evict()
    await whole.say(conversation, "what now?")
    assert whole.causes == ["evicted by the provider"]


async def test_m103_a_client_that_knows_its_provider_forgets_foretells_nothing(whole):
    whole.setup = replace(whole.setup, remembers=False)
    conversation = whole.again()
    whole.cache.evict()
    await whole.say(conversation, "what now?")
    assert whole.causes == [] and foretold(conversation).read == 0


async def test_m103_a_record_that_is_not_what_was_sent_stops_the_branch(whole):
    conversation = whole.again()
    tree = conversation.tree
    last = tree.requests[tree.branches["main"].last_request]
    last.logged = replace(last.logged, marks=last.logged.marks[:-1])
    outcome = await conversation.say("what now?")
    assert outcome.stop == "error" and "were sent" in outcome.error
    assert whole.sent == []


async def test_m042_m103_a_message_edited_in_the_log_is_not_read_as_the_one_that_was_sent(whole):
    (log,) = (whole.home / "sessions").glob("*.jsonl")
    log.write_bytes(log.read_bytes().replace(b"parts 3", b"parts 4", 1))
    damage = load(log).damage
    assert damage and "checksum" in damage[0].why


@pytest.mark.parametrize("how", [case(104, "on another machine", "moved"), case(104, "by another version", "version")])
async def test_a_session_that_is_resumed_elsewhere_reads_what_it_read_here(whole, tmp_path, how):
    if how == "moved":
        shutil.move(whole.home, tmp_path / "elsewhere")
        shutil.move(whole.folder, tmp_path / "there")
        whole.home, whole.folder = tmp_path / "elsewhere", tmp_path / "there"
    else:
        (log,) = (whole.home / "sessions").glob("*.jsonl")
        tree = load(log).tree
        assert tree.session.omg
        whole.catalog = replace(whole.catalog, prompts={**whole.catalog.prompts, "fork": "Another version's words."})
    conversation = await at_work(whole)
    assert usage(conversation).read == foretold(conversation).read > 5000
    assert sound(conversation)


async def test_m066_m071_a_file_that_changed_meanwhile_changes_no_result_that_was_sent(whole):
    (whole.folder / "story.txt").write_text("Another story.")
    conversation = await at_work(whole)
    assert b"Another story" not in whole.sent[-1].body
    assert usage(conversation).read > 5000


async def test_m106_a_fork_that_is_woken_after_its_tools_extends_its_own_history(whole):
    conversation = await at_work(whole)
    await whole.fork(conversation, "show story.txt")
    before = whole.sent[-1].prefix
    whole.clock.at += 20
    child = conversation.agent.live(list(conversation.tree.branches)[-1])
    conversation.agent.wake(child.name, "what else?")
    await conversation.agent.forks.wait([child])
    assert whole.sent[-1].prefix.startswith(before)
    assert usage(conversation).read == foretold(conversation).read and whole.causes == []


@pytest.mark.parametrize(
    ("parent", "child"),
    [case(108, "child 5m, parent 1h", "1h", "5m"), case(87, "messages from 5m to 1h", "5m", "1h")],
)
async def test_entries_of_the_other_ttl_class_are_read_all_the_same(tmp_path, parent, child):
    whole = Whole(tmp_path / "home", tmp_path / "work", ttl=parent)
    conversation = whole.open()
    await whole.say(conversation, "show story.txt")
    conversation.agent.runtime.habits = Habits(ttl=child)
    await whole.fork(conversation, "what is it?")
    assert usage(conversation).read == foretold(conversation).read > 2000
    assert whole.causes == []


async def test_m062_m109_m112_questions_aside_leave_the_baseline_of_main_alone(whole):
    conversation = await at_work(whole)
    before = whole.sent[-1].prefix
    for question in ("what was that?", "and why?"):
        aside = conversation.agent.aside(question)
        await conversation.agent.forks.wait([aside])
    await whole.fork(conversation, "show story.txt")
    await conversation.close()
    again = whole.again()
    await whole.say(again, "and now?")
    assert whole.sent[-1].prefix.startswith(before)
    assert b"and why?" not in whole.sent[-1].body
    assert usage(again).read == foretold(again).read and whole.causes == []


async def test_m045_m049_m061_m069_forks_and_a_death_while_calls_are_open_insert_nothing_before_what_was_sent(whole):
    whole.asker = Person()
    conversation = whole.again()
    turn = asyncio.ensure_future(conversation.say("run `make test`"))
    await until(lambda: whole.asker.asked)
    sent = whole.sent[-1].prefix
    await whole.fork(conversation, "what is it, a?", "what is it, b?")
    one, other = (sent.prefix for sent in whole.sent[-2:])
    assert one.startswith(sent) and one.replace(b"it, a?", b"") == other.replace(b"it, b?", b"")
    conversation.agent.interrupt()
    await turn
    await conversation.close()
    again = whole.again()
    await whole.say(again, "and now?")
    first = whole.sent[-1]
    assert first.prefix.startswith(sent)
    assert "nterrupted" in str(first.json["messages"][-1]["content"][0])
    assert whole.causes == [] and sound(again)


async def test_m063_going_back_is_a_new_branch_that_reads_what_it_shares(whole):
    conversation = await at_work(whole)
    node = conversation.tree.branches["main"].tip.at_depth(4)
    children = conversation.agent.fork(["what if not?"], node=node)
    await conversation.agent.forks.wait(children)
    assert len(whole.sent[-1].json["messages"]) == 5
    assert usage(conversation).read > 1000
    await whole.say(conversation, "and now?")
    assert usage(conversation).read > 5000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        case(15, "a child's tools narrowed", "tools", []),
        case(101, "a warm-up on another model", "model", OTHER),
        case(102, "a keep-alive without tools", "tools", []),
        case(14, "a compaction without tools", "tools", []),
        case(109, "a sidecar with a system text of its own", "system", [{"type": "text", "text": "Give a title."}]),
    ],
)
async def test_a_fork_of_whatever_purpose_with_another_head_is_refused(whole, field, value):
    conversation = await at_work(whole)
    sent = len(whole.sent)
    children = conversation.agent.fork(["what is it?"])
    branch = children[0].branch
    branch.head = mutated(branch.head, changed(field, value))
    await conversation.agent.forks.wait(children)
    assert branch.status == "failed"
    assert f"on branch {branch.name}, byte " in branch.error and f"(head field {field})" in branch.error
    assert len(whole.sent) == sent
