"""Heads that sessions tell each other of: kept together, whatever the file says, and foretold by all of them."""

import asyncio
import json
import threading
from dataclasses import replace

import pytest

from bench.clock import run
from bench.economy import measure
from bench.stage import Stage, fill, say
from omg.agent.runtime import Habits
from omg.cache.held import HeldHead
from omg.session.heads import MOST, HeadBook, keep_head, load_heads

HEAD = HeldHead("abc", "org/space", "1h", 1000.0, 1001.5, 1200)


def test_what_is_kept_is_known_to_others(tmp_path):
    assert HeadBook(tmp_path / "new").held("abc") is None
    assert keep_head(tmp_path / "new", HEAD)
    assert HeadBook(tmp_path / "new").held("abc") == HEAD
    assert HeadBook(tmp_path / "new").held("other") is None


def test_the_newest_use_counts_and_a_count_stays_known(tmp_path):
    keep_head(tmp_path, HEAD)
    keep_head(tmp_path, replace(HEAD, since=2000.0, begun=2001.0, tokens=None))
    keep_head(tmp_path, replace(HEAD, since=1990.0, begun=1991.0, tokens=None))
    assert load_heads(tmp_path) == [replace(HEAD, since=2000.0, begun=2001.0)]
    other = replace(HEAD, account="another", since=3000.0, begun=3000.0)
    keep_head(tmp_path, other)
    assert HeadBook(tmp_path).held("abc") == other
    assert len(load_heads(tmp_path)) == 2


def test_what_is_from_the_future_is_replaced_and_never_believed(tmp_path):
    keep_head(tmp_path, replace(HEAD, since=9e9, begun=9e9))
    assert not HeadBook(tmp_path).held("abc").lives(now=1000.0)
    keep_head(tmp_path, HEAD)
    assert HeadBook(tmp_path).held("abc") == HEAD


GARBAGE = [
    "",
    "{",
    "[]",
    "[" * 9999,
    '{"heads": 3}',
    json.dumps(
        {"heads": [3, {}, {"head": "abc"}, {"head": "abc", "account": "", "ttl": "2d", "since": 1, "begun": 1}]}
    ),
    '{"heads": [{"head": "abc", "account": "", "ttl": "1h", "since": NaN, "begun": 1, "tokens": 5}]}',
]


@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_is_passed_over_and_written_over(tmp_path, text):
    (tmp_path / "heads.json").write_text(text)
    assert load_heads(tmp_path) == []
    assert keep_head(tmp_path, HEAD)
    assert load_heads(tmp_path) == [HEAD]


def test_a_home_that_cannot_be_written_is_no_trouble(tmp_path):
    (tmp_path / "heads.json").mkdir()
    assert not keep_head(tmp_path, HEAD)
    assert HeadBook(tmp_path).held("abc") is None


def test_sessions_at_once_lose_nothing_of_each_other_and_the_file_stays_small(tmp_path):
    heads = [replace(HEAD, head=f"head {n}", since=1000.0 + n) for n in range(MOST + 16)]
    writers = [
        threading.Thread(target=lambda part=part: [keep_head(tmp_path, each) for each in heads[part::4]])
        for part in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(load_heads(tmp_path)) == MOST
    assert HeadBook(tmp_path).held(heads[-1].head) == heads[-1]


async def in_turn(stage, wait):
    """Two sessions, one behind the other."""
    await say(stage.open(), "good morning")
    await wait()
    await say(stage.open(), "good morning to you too")


def two_sessions(tmp_path, wait):
    stage = Stage(tmp_path / "home", fill(tmp_path / "work"))
    run(in_turn(stage, wait))
    return measure(stage).seen[1]


async def soon(): ...


def test_the_first_request_of_another_session_is_foretold_to_read_the_head(tmp_path):
    second = two_sessions(tmp_path, soon)
    assert second.foretold.read == second.billed.read > 1000
    assert second.cause is None


def test_a_head_that_has_lapsed_is_neither_foretold_nor_missed_but_its_count_is_known(tmp_path):
    second = two_sessions(tmp_path, lambda: asyncio.sleep(3700))
    assert second.foretold.read == second.billed.read == 0
    assert second.foretold.write_1h == second.billed.write_1h > 1000
    assert second.cause is None


def test_an_endpoint_whose_cache_ends_with_the_process_is_told_of_to_nobody(tmp_path):
    stage = Stage(tmp_path / "home", fill(tmp_path / "work"))
    stage.setup = replace(stage.setup, remembers=False)
    run(in_turn(stage, soon))
    assert load_heads(tmp_path / "home") == []


async def typed(stage, words):
    conversation = stage.open()
    conversation.agent.runtime.habits = Habits(typed=True, keep_warm=False)
    await say(conversation, words)


async def two_typed(stage):
    await typed(stage, "good morning")
    await typed(stage, "good morning to you too")


def test_where_messages_live_for_an_hour_the_first_bill_tells_the_head_apart_all_the_same(tmp_path):
    stage = Stage(tmp_path / "home", fill(tmp_path / "work"))
    run(two_typed(stage))
    first, second = (measure(stage).seen[n] for n in (0, 1))
    assert first.billed.write_5m and second.billed.write_1h and not second.billed.write_5m
    assert second.foretold.read == second.billed.read > 1000
