"""The published rules of prompt caching, one by one, with sums done by hand: every block is 1000 tokens."""

from __future__ import annotations

from typing import Any

import pytest

from omg.cache.mirror import Billed, Mirror, quarter
from omg.cache.rules import CacheRules
from omg.core.usage import Usage
from tests.cache.mirror_bodies import (
    a_thousand,
    assistant,
    body,
    marked,
    result,
    said,
    text,
    tool,
    use,
    user,
)


@pytest.fixture
def mirror() -> Mirror:
    return Mirror(count=a_thousand)


def sent(mirror: Mirror, request: bytes, now: float = 0, scope: str = "") -> Usage:
    """The usage of a request whose reply begins at once."""
    billed = mirror.bill(request, now=now, scope=scope)
    mirror.begin(billed, now)
    return billed.usage


class TestWriting:
    def test_without_a_marker_all_is_plain(self, mirror: Mirror) -> None:
        assert sent(mirror, said(5)) == Usage(plain=5000)
        assert sent(mirror, said(5)) == Usage(plain=5000)

    def test_what_is_up_to_the_last_marker_is_written_and_the_rest_is_plain(self, mirror: Mirror) -> None:
        assert sent(mirror, said(5, {3: "5m"})) == Usage(plain=2000, write_5m=3000)

    def test_a_marker_without_ttl_is_5m(self, mirror: Mirror) -> None:
        bare = {**text("a"), "cache_control": {"type": "ephemeral"}}
        assert sent(mirror, body(user(bare))) == Usage(write_5m=1000)

    def test_the_order_is_tools_system_messages_whatever_the_order_of_keys(self, mirror: Mirror) -> None:
        parts: dict[str, Any] = {"system": [marked(text("be brief"))], "tools": [tool("read"), tool("edit")]}
        assert sent(mirror, body(user(text("hi")), **parts)) == Usage(plain=1000, write_5m=3000)

    def test_an_entry_is_written_at_the_breakpoint_only(self, mirror: Mirror) -> None:
        sent(mirror, said(6, {6: "5m"}))
        # Blocks 1 to 5 are the same, but no one wrote an entry that ends at any of them.
        changed = body(user(*(text(f"block {n}") for n in range(1, 6)), marked(text("at 10:42"))))
        assert sent(mirror, changed) == Usage(write_5m=6000)

    def test_each_marker_writes_an_entry(self, mirror: Mirror) -> None:
        sent(mirror, said(6, {2: "5m", 4: "5m", 6: "5m"}))
        assert sent(mirror, said(4, {4: "5m"})) == Usage(read=4000)
        assert sent(mirror, said(3, {3: "5m"})) == Usage(read=2000, write_5m=1000)

    def test_a_marker_below_the_hit_writes_nothing_new(self, mirror: Mirror) -> None:
        sent(mirror, said(6, {6: "5m"}))
        assert sent(mirror, said(6, {2: "5m", 6: "5m"})) == Usage(read=6000)
        assert sent(mirror, said(2, {2: "5m"})) == Usage(write_5m=2000)


class TestLookBack:
    def test_a_growing_conversation_reads_what_the_last_request_wrote(self, mirror: Mirror) -> None:
        assert sent(mirror, said(10, {10: "5m"})) == Usage(write_5m=10_000)
        assert sent(mirror, said(15, {15: "5m"})) == Usage(read=10_000, write_5m=5000)

    def test_twenty_positions_are_looked_at_the_breakpoint_being_the_first(self, mirror: Mirror) -> None:
        sent(mirror, said(15, {15: "5m"}))
        # 34 .. 15 are twenty positions; from 35, they end at 16.
        assert mirror.bill(said(34, {34: "5m"}), now=0).usage == Usage(read=15_000, write_5m=19_000)
        assert mirror.bill(said(35, {35: "5m"}), now=0).usage == Usage(write_5m=35_000)

    def test_a_second_breakpoint_starts_a_second_look_back(self, mirror: Mirror) -> None:
        sent(mirror, said(15, {15: "5m"}))
        assert sent(mirror, said(35, {15: "5m", 35: "5m"})) == Usage(read=15_000, write_5m=20_000)

    def test_the_highest_entry_is_read(self, mirror: Mirror) -> None:
        sent(mirror, said(10, {5: "5m", 10: "5m"}))
        assert sent(mirror, said(12, {5: "5m", 12: "5m"})) == Usage(read=10_000, write_5m=2000)

    def test_it_looks_back_into_system_and_tools(self, mirror: Mirror) -> None:
        head: dict[str, Any] = {"tools": [tool("read"), tool("edit")], "system": [text("be brief")]}
        sent(mirror, body(user(text("hi")), **{**head, "tools": [tool("read"), marked(tool("edit"))]}))
        assert sent(mirror, said(3, {3: "5m"}, **head)) == Usage(read=2000, write_5m=4000)

    def test_thinking_counts_as_a_position(self, mirror: Mirror) -> None:
        thoughts = [{"type": "thinking", "thinking": f"{n}", "signature": "s"} for n in range(19)]
        first = body(user(marked(text("q"))))
        sent(mirror, first)
        grown = body(user(text("q")), assistant(*thoughts), user(marked(text("go on"))))
        assert sent(mirror, grown) == Usage(write_5m=21_000)

    def test_read_strictly_every_tool_block_is_a_position(self, mirror: Mirror) -> None:
        sent(mirror, body(user(marked(text("q")))))
        assert sent(mirror, _fan_out(10)) == Usage(write_5m=21_000)

    def test_runs_of_tool_blocks_can_count_as_one_position(self) -> None:
        mirror = Mirror(CacheRules(collapse_tool_runs=True), count=a_thousand)
        sent(mirror, body(user(marked(text("q")))))
        # q, thirty calls, thirty results: three positions.
        assert sent(mirror, _fan_out(30)) == Usage(read=1000, write_5m=60_000)

    def test_an_entry_inside_a_collapsed_run_is_found(self) -> None:
        mirror = Mirror(CacheRules(collapse_tool_runs=True, lookback=1), count=a_thousand)
        sent(mirror, body(user(result(1), marked(result(2)))))
        three = body(user(result(1), result(2), marked(result(3))))
        assert sent(mirror, three) == Usage(read=2000, write_5m=1000)


def _fan_out(calls: int) -> bytes:
    """A question, `calls` tool calls, their results, the last one marked."""
    results = [result(number) for number in range(calls)]
    results[-1] = marked(results[-1])
    return body(user(text("q")), assistant(*map(use, range(calls))), user(*results))


class TestMinimum:
    def test_a_prefix_below_the_minimum_is_plain_and_no_error(self) -> None:
        mirror = Mirror(count=lambda block: 73)  # seven blocks: 511; opus 5.5 needs 512
        assert sent(mirror, said(7, {7: "5m"})) == Usage(plain=511)
        assert sent(mirror, said(7, {7: "5m"})) == Usage(plain=511)

    def test_a_prefix_of_exactly_the_minimum_is_written(self) -> None:
        mirror = Mirror(count=lambda block: 64)  # eight blocks: 512
        assert sent(mirror, said(9, {8: "5m"})) == Usage(plain=64, write_5m=512)
        assert sent(mirror, said(9, {8: "5m"})) == Usage(plain=64, read=512)

    def test_the_minimum_is_the_models(self) -> None:
        mirror = Mirror(count=a_thousand)
        haiku = "claude-haiku-4-5-20251001"  # needs 4096
        assert sent(mirror, said(4, {4: "5m"}, model=haiku)) == Usage(plain=4000)
        assert sent(mirror, said(5, {5: "5m"}, model=haiku)) == Usage(write_5m=5000)

    def test_it_is_the_whole_prefix_that_counts_not_what_is_new(self) -> None:
        mirror = Mirror(count=lambda block: 512)
        assert sent(mirror, said(1, {1: "5m"})) == Usage(write_5m=512)
        assert sent(mirror, said(2, {1: "5m", 2: "5m"})) == Usage(read=512, write_5m=512)

    def test_a_marker_too_early_writes_nothing_while_a_later_one_does(self) -> None:
        mirror = Mirror(count=lambda block: 300)
        assert sent(mirror, said(2, {1: "5m", 2: "5m"})) == Usage(write_5m=600)
        changed = body(user(marked(text("block 1")), marked(text("other"))))
        assert sent(mirror, changed) == Usage(write_5m=600)


class TestLifetime:
    @pytest.mark.parametrize(("ttl", "seconds"), [("5m", 300), ("1h", 3600)])
    def test_an_entry_lives_as_long_as_its_class(self, mirror: Mirror, ttl: str, seconds: int) -> None:
        sent(mirror, said(2, {2: ttl}), now=1000)
        assert mirror.bill(said(2, {2: ttl}), now=1000 + seconds - 1).usage == Usage(read=2000)
        assert mirror.bill(said(2, {2: ttl}), now=1000 + seconds).usage.read == 0

    def test_it_runs_from_the_start_of_the_request_not_from_its_reply(self, mirror: Mirror) -> None:
        mirror.begin(mirror.bill(said(2, {2: "5m"}), now=0), now=200)
        assert mirror.bill(said(2, {2: "5m"}), now=299).usage == Usage(read=2000)
        assert mirror.bill(said(2, {2: "5m"}), now=301).usage == Usage(write_5m=2000)

    def test_a_read_refreshes_for_free(self, mirror: Mirror) -> None:
        sent(mirror, said(2, {2: "5m"}), now=0)
        for now in (240, 480, 720):
            assert sent(mirror, said(2, {2: "5m"}), now=now) == Usage(read=2000)

    def test_looking_refreshes_nothing(self, mirror: Mirror) -> None:
        sent(mirror, said(2, {2: "5m"}), now=0)
        mirror.bill(said(2, {2: "5m"}), now=240)
        assert mirror.bill(said(2, {2: "5m"}), now=301).usage == Usage(write_5m=2000)

    def test_a_read_does_not_change_the_class_of_an_entry(self, mirror: Mirror) -> None:
        sent(mirror, said(2, {2: "1h"}), now=0)
        assert sent(mirror, said(2, {2: "5m"}), now=100) == Usage(read=2000)
        assert mirror.bill(said(2, {2: "5m"}), now=3699).usage == Usage(read=2000)
        sent(mirror, said(3, {3: "5m"}, system="other"), now=0)
        assert sent(mirror, said(3, {3: "1h"}, system="other"), now=100) == Usage(read=4000)
        assert mirror.bill(said(3, {3: "1h"}, system="other"), now=401).usage == Usage(write_1h=4000)

    def test_a_live_entry_at_a_marker_below_the_hit_is_refreshed(self, mirror: Mirror) -> None:
        both = said(4, {2: "5m", 4: "5m"})
        sent(mirror, both, now=0)
        sent(mirror, both, now=200)
        assert mirror.bill(said(2, {2: "5m"}), now=400).usage == Usage(read=2000)

    def test_which_a_probe_may_find_to_be_otherwise(self) -> None:
        mirror = Mirror(CacheRules(refreshes_marked=False), count=a_thousand)
        both = said(4, {2: "5m", 4: "5m"})
        sent(mirror, both, now=0)
        sent(mirror, both, now=200)
        assert mirror.bill(said(2, {2: "5m"}), now=400).usage == Usage(write_5m=2000)

    def test_an_entry_below_the_hit_without_a_marker_is_left_to_die(self, mirror: Mirror) -> None:
        sent(mirror, said(4, {2: "5m", 4: "5m"}), now=0)
        sent(mirror, said(4, {4: "5m"}), now=200)
        assert mirror.bill(said(2, {2: "5m"}), now=400).usage == Usage(write_5m=2000)

    def test_what_has_expired_is_dropped(self, mirror: Mirror) -> None:
        for minute in range(600):
            sent(mirror, said(2, {2: "1h"}, system=f"session {minute}"), now=minute * 60)
        assert len(mirror) <= 60 + 5


class TestMixedLifetimes:
    def test_cold_it_is_1h_up_to_the_last_1h_marker_and_5m_behind(self, mirror: Mirror) -> None:
        # A = 0, B = 4000, C = 9000, 1000 behind.
        request = said(10, {2: "1h", 4: "1h", 9: "5m"})
        assert sent(mirror, request) == Usage(write_1h=4000, write_5m=5000, plain=1000)

    def test_a_1h_marker_behind_the_hit(self, mirror: Mirror) -> None:
        sent(mirror, said(10, {2: "1h"}))
        # A = 2000, B = 6000, C = 9000.
        request = said(10, {2: "1h", 6: "1h", 9: "5m"})
        assert sent(mirror, request) == Usage(read=2000, write_1h=4000, write_5m=3000, plain=1000)

    def test_a_1h_marker_before_the_hit_costs_nothing_again(self, mirror: Mirror) -> None:
        sent(mirror, said(10, {2: "1h", 8: "5m"}))
        # A = B = 8000, C = 10000.
        assert sent(mirror, said(10, {2: "1h", 10: "5m"})) == Usage(read=8000, write_5m=2000)

    def test_after_five_minutes_the_1h_part_is_still_there(self, mirror: Mirror) -> None:
        request = said(10, {4: "1h", 10: "5m"})
        sent(mirror, request, now=0)
        assert sent(mirror, request, now=400) == Usage(read=4000, write_5m=6000)


class TestReadability:
    def test_nothing_can_be_read_before_the_writers_reply_begins(self, mirror: Mirror) -> None:
        request = said(2, {2: "5m"})
        first, second = mirror.bill(request, now=0), mirror.bill(request, now=1)
        assert first.usage == second.usage == Usage(write_5m=2000)
        mirror.begin(first, now=2)
        assert mirror.bill(request, now=3).usage == Usage(read=2000)

    def test_a_request_that_never_begins_leaves_nothing(self, mirror: Mirror) -> None:
        mirror.bill(said(2, {2: "5m"}), now=0)
        assert len(mirror) == 0
        sent(mirror, said(2, {2: "5m"}), now=0)
        mirror.bill(said(2, {2: "5m"}), now=200)  # would have refreshed it
        assert mirror.bill(said(2, {2: "5m"}), now=300).usage == Usage(write_5m=2000)

    def test_an_entry_that_was_read_lives_on_though_it_died_before_the_reply_began(self, mirror: Mirror) -> None:
        request = said(2, {2: "5m"})
        sent(mirror, request, now=0)
        reader = mirror.bill(request, now=299)
        sent(mirror, said(2, {2: "5m"}, system="another"), now=310)
        mirror.begin(reader, now=320)
        assert mirror.bill(request, now=598).usage == Usage(read=2000)

    def test_a_reader_that_started_earlier_and_begins_later_takes_no_time_away(self, mirror: Mirror) -> None:
        request = said(2, {2: "5m"})
        sent(mirror, request, now=0)
        slow = mirror.bill(request, now=10)
        sent(mirror, request, now=200)
        mirror.begin(slow, now=210)
        assert mirror.bill(request, now=499).usage == Usage(read=2000)

    @pytest.mark.parametrize("order", [("5m", "1h"), ("1h", "5m")])
    def test_written_twice_at_once_the_longer_class_stays(self, mirror: Mirror, order: tuple[str, str]) -> None:
        billed: list[Billed] = [mirror.bill(said(2, {2: ttl}), now=0) for ttl in order]
        for each in billed:
            mirror.begin(each, now=1)
        assert mirror.bill(said(2, {2: "5m"}), now=3599).usage == Usage(read=2000)

    def test_beginning_twice_is_beginning_once(self, mirror: Mirror) -> None:
        billed = mirror.bill(said(2, {2: "5m"}), now=0)
        mirror.begin(billed, now=1)
        mirror.begin(billed, now=200)
        assert mirror.bill(said(2, {2: "5m"}), now=301).usage == Usage(write_5m=2000)


class TestIsolation:
    def test_caches_are_per_scope(self, mirror: Mirror) -> None:
        request = said(2, {2: "5m"})
        sent(mirror, request, scope="org 1, workspace 1")
        assert sent(mirror, request, scope="org 1, workspace 2") == Usage(write_5m=2000)
        assert sent(mirror, request, scope="org 1, workspace 1") == Usage(read=2000)

    def test_caches_are_per_model(self, mirror: Mirror) -> None:
        sent(mirror, said(2, {2: "5m"}, model="claude-opus-5-5"))
        assert sent(mirror, said(2, {2: "5m"}, model="claude-haiku-5-5")) == Usage(write_5m=2000)


class TestWhereMarkersDoNothing:
    def test_a_provider_that_ignores_markers_is_predicted_to_cache_nothing(self) -> None:
        mirror = Mirror(CacheRules(honours_markers=False), count=a_thousand)
        for _ in range(2):
            assert sent(mirror, said(3, {3: "5m"}, cache_control={"type": "ephemeral"})) == Usage(plain=3000)

    def test_more_markers_than_allowed_are_somebody_elses_business(self, mirror: Mirror) -> None:
        assert sent(mirror, said(6, dict.fromkeys(range(1, 6), "5m"))) == Usage(write_5m=5000, plain=1000)

    def test_so_is_a_1h_marker_behind_a_5m_one(self, mirror: Mirror) -> None:
        assert sent(mirror, said(3, {1: "5m", 2: "1h"})) == Usage(write_1h=2000, plain=1000)


def test_a_block_is_counted_by_its_bytes_without_its_marker() -> None:
    seen: list[bytes] = []
    Mirror(count=lambda block: seen.append(block) or 1).bill(said(1, {1: "1h"}), now=0)
    assert seen == [b'{"type":"text","text":"block 1"}']


def test_a_token_is_four_bytes_unless_told() -> None:
    assert [quarter(b"x" * size) for size in (0, 1, 4, 5)] == [0, 1, 1, 2]
    assert Mirror().bill(said(1), now=0).usage == Usage(plain=8)
