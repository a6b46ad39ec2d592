"""The gaps between a person's turns: what is counted, what is kept, and what garbage does to it."""

import asyncio
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omg.core.events import Requested, TurnEnded, UserSaid
from omg.session.gaps import LONGEST, MOST, Gaps, add_gap, load_gaps


def ended(at, branch="main"):
    return TurnEnded(branch=branch, at=at, stop="end_turn")


def said(at, branch="main"):
    return UserSaid(branch=branch, at=at, text="words")


def requested(at, purpose="turn", branch="main"):
    return Requested(branch=branch, at=at, n=1, purpose=purpose, usage=None)


async def known(home, *events):
    gaps = Gaps(home)
    for event in events:
        gaps.heard(event)
    await asyncio.get_running_loop().shutdown_default_executor()
    return gaps.known


async def test_a_gap_is_from_the_end_of_a_turn_to_the_next_words(tmp_path):
    found = await known(tmp_path, said(10), requested(11), ended(100), said(160), requested(161), ended(200), said(205))
    assert found == [60, 5]
    assert sorted(load_gaps(tmp_path)) == [5, 60]


async def test_what_others_do_ends_no_gap(tmp_path):
    events = [ended(100), requested(110, "keep_alive"), requested(120, "fork", "a"), said(125, "a"), ended(130, "a")]
    assert await known(tmp_path, *events, said(160)) == [60]


async def test_a_join_ends_it_too(tmp_path):
    assert await known(tmp_path, ended(100), requested(130), ended(150)) == [30]


async def test_before_the_first_turn_there_is_none(tmp_path):
    assert await known(tmp_path, said(10), requested(11)) == []
    assert not (tmp_path / "gaps.json").exists()


async def test_a_clock_that_went_back_tells_nothing(tmp_path):
    assert await known(tmp_path, ended(100), said(40), ended(50), said(60)) == [10]


async def test_a_home_that_cannot_be_written_harms_nobody(tmp_path):
    (tmp_path / "file").write_text("")
    home = tmp_path / "file" / "home"
    assert await known(home, ended(100), said(160)) == [60]
    assert not add_gap(home, 1.0)


def test_only_the_newest_are_kept(tmp_path):
    for seconds in range(MOST + 5):
        assert add_gap(tmp_path, seconds)
    assert load_gaps(tmp_path) == [float(n) for n in range(5, MOST + 5)]


@pytest.mark.parametrize("seconds", [float("nan"), -1.0])
def test_what_is_no_gap_is_not_kept(tmp_path, seconds):
    assert not add_gap(tmp_path, seconds)
    assert load_gaps(tmp_path) == []


def test_a_gap_counts_as_a_week_at_most(tmp_path):
    add_gap(tmp_path, float("inf"))
    assert load_gaps(tmp_path) == [LONGEST]


def test_two_sessions_at_once_lose_none(tmp_path):
    def many():
        for _ in range(10):
            assert add_gap(tmp_path, 1.0)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert load_gaps(tmp_path) == [1.0] * 40


GARBAGE = [b"", b"{", b"[]", b"null", b'{"gaps": 3}', b"[" * 100_000, b"\xff\xfe", b'{"gaps": {"a": 1}}', b" " * 10**6]


@pytest.mark.parametrize("data", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_no_history_and_is_replaced(tmp_path, data):
    (tmp_path / "gaps.json").write_bytes(data)
    assert load_gaps(tmp_path) == []
    assert add_gap(tmp_path, 7.0)
    assert load_gaps(tmp_path) == [7.0]


def test_a_folder_in_its_place_is_left_alone(tmp_path):
    (tmp_path / "gaps.json").mkdir()
    assert load_gaps(tmp_path) == []
    assert not add_gap(tmp_path, 7.0)


@given(st.lists(st.none() | st.booleans() | st.floats() | st.integers(-(10**30), 10**30) | st.text() | st.just([])))
def test_of_a_list_what_can_be_a_gap_is_taken(tmp_path_factory, values):
    home = tmp_path_factory.mktemp("home")
    (home / "gaps.json").write_text(json.dumps({"gaps": values}))
    found = load_gaps(home)
    assert all(0 <= gap <= LONGEST for gap in found)
    assert len(found) == min(MOST, sum(type(v) in (int, float) and v >= 0 for v in values))
