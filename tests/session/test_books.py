from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from omg.core.usage import Usage
from omg.session.books import Books, NotAudited, books
from omg.session.load import load
from tests.session.audit_logs import ANTHROPIC, Sent, write_log

T = 1_795_000_000.0
ONE = Usage(3, 1000, 40, 500, 60)


def of(folder: Path, *requests: Sent) -> Books:
    return books(load(write_log(folder, "abc", requests)).tree)


def bounds(made: Books) -> Sequence[tuple[Usage, Usage]]:
    return [(entry.at_least, entry.at_most) for entry in made.entries]


def test_a_whole_reply_is_exact_from_when_it_was_sent_until_it_ended(tmp_path: Path) -> None:
    made = of(tmp_path, Sent(T, ONE, T + 30, workspace="wrkspc_1"), Sent(T + 60, ONE, T + 70))
    first, _ = made.entries
    assert (first.sent, first.ended, first.workspace, first.model) == (T, T + 30, "wrkspc_1", "claude-opus-5-5")
    assert bounds(made) == [(ONE, ONE), (ONE, ONE)]
    assert (made.start, made.end, made.unknown, made.elsewhere) == (T, T + 70, 0, ())


def test_a_cut_reply_lies_between_what_was_seen_and_max_tokens(tmp_path: Path) -> None:
    made = of(tmp_path, Sent(T, replace(ONE, output=None), how="cut", seen=12))
    assert bounds(made) == [(replace(ONE, output=12), replace(ONE, output=1000))]


def test_a_reply_that_the_process_did_not_survive_has_begun_and_its_output_is_open(tmp_path: Path) -> None:
    made = of(tmp_path, Sent(T, ONE, how=None))
    assert bounds(made) == [(replace(ONE, output=0), replace(ONE, output=1000))]
    assert made.end == T + 1


def test_requests_without_a_reply_are_unknown_but_for_those_refused(tmp_path: Path) -> None:
    silent = [Sent(T + 1, None, how="failed"), Sent(T + 2, None, how="interrupted"), Sent(T + 3, None, how=None)]
    made = of(tmp_path, Sent(T, ONE), *silent, Sent(T + 4, None, how="refused"))
    assert (len(made.entries), made.unknown) == (1, 3)


def test_a_clock_that_was_set_back_does_not_end_a_request_before_it_began(tmp_path: Path) -> None:
    (entry,) = of(tmp_path, Sent(T, ONE, T - 3600)).entries
    assert (entry.sent, entry.ended) == (T, T)


def test_requests_to_others_are_left_out_and_named(tmp_path: Path) -> None:
    made = of(tmp_path, Sent(T, ONE), Sent(T, ONE, endpoint="offline"), Sent(T, ONE, endpoint="https://gateway.test"))
    assert (len(made.entries), made.elsewhere) == (2, ("offline",))


@pytest.mark.parametrize("endpoint", ["offline", "https://api.deepseek.com/anthropic", "http://localhost:8080"])
def test_a_session_that_never_talked_to_anthropic_is_told_so(tmp_path: Path, endpoint: str) -> None:
    with pytest.raises(NotAudited, match=f"abc talked to {endpoint}: Anthropic's usage report has none of that"):
        of(tmp_path, Sent(T, ONE, endpoint=endpoint))


@pytest.mark.parametrize("requests", [[], [Sent(T, None, how="failed", endpoint=ANTHROPIC)]])
def test_a_session_without_a_reply_has_nothing_to_audit(tmp_path: Path, requests: list[Sent]) -> None:
    with pytest.raises(NotAudited, match="nothing to audit"):
        of(tmp_path, *requests)
