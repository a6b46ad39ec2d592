from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omg.core.usage import Usage
from omg.provider.usage_report import Bucket, Report, Row, in_order
from omg.session.audit import CLASSES, SKEW, Audit, Finding, apart, compare, plain_model
from omg.session.books import Books, Entry, NotAudited

T = 1_795_000_020.0 // 60 * 60
"""A whole minute. All times below are seconds after it."""
LATER = T + 100_000
OPUS, HAIKU = "claude-opus-5-5", "claude-haiku-5-5"


def entry(sent: float, ended: float, usage: Usage, *, model: str = OPUS, workspace: str | None = None) -> Entry:
    return Entry(model, T + sent, T + ended, workspace, usage, usage)


def report(*counted: tuple[float, Usage], minutes: int = 10, model: str | None = OPUS) -> Report:
    """Buckets of one minute, the first begins a minute before T; `counted` are (second, usage)."""
    return of_rows(*((at, Row(model, None, usage)) for at, usage in counted), minutes=minutes)


def of_rows(*rows: tuple[float, Row], minutes: int = 10) -> Report:
    starts = [T + 60 * n for n in range(-1, minutes)]
    return Report(
        tuple(Bucket(at, at + 60, tuple(row for when, row in rows if at <= T + when < at + 60)) for at in starts),
        "test",
    )


def audit(entries: list[Entry], against: Report, now: float = LATER) -> Audit:
    return compare(Books("s", tuple(entries)), against, now)


def differing(done: Audit) -> list[tuple[str, str, int, int]]:
    return [(found.model, found.kind, found.more, found.fewer) for found in done.findings if found.differs]


def of(done: Audit, kind: str, model: str = OPUS) -> Finding:
    return next(found for found in done.findings if (found.kind, found.model) == (kind, model))


ONE = Usage(plain=3, read=1000, write_5m=40, write_1h=500, output=60)


def test_the_same_in_every_class_audits_clean() -> None:
    done = audit([entry(20, 30, ONE), entry(80, 90, ONE)], report((25, ONE), (85, ONE)))
    assert [(found.kind, found.at_least, found.reported) for found in done.findings] == [
        ("plain", 6, 6),
        ("read", 2000, 2000),
        ("write_5m", 80, 80),
        ("write_1h", 1000, 1000),
        ("output", 120, 120),
    ]
    assert (differing(done), done.requests, done.left_out, done.notes) == ([], 2, 0, ())


@pytest.mark.parametrize("counted", [10, 59, 60, 125, 199])
def test_a_request_may_be_counted_anywhere_from_its_start_to_its_end(counted: float) -> None:
    assert differing(audit([entry(15, 190, ONE)], report((counted, ONE)))) == []


@pytest.mark.parametrize(("counted", "clean"), [(59, True), (60, True), (119, True), (120, False)])
def test_at_an_edge_the_clocks_may_differ_by_a_little_and_no_more(counted: float, clean: bool) -> None:
    done = audit([entry(60 + SKEW - 1, 120 - SKEW - 1, ONE)], report((counted, ONE)))
    assert (differing(done) == []) is clean


def test_fewer_is_told_by_class_with_the_amount_and_the_bucket() -> None:
    short = replace(ONE, read=900)
    done = audit([entry(20, 30, ONE), entry(140, 150, ONE)], report((25, ONE), (145, short)))
    assert differing(done) == [(OPUS, "read", 0, 100)]
    assert of(done, "read").since == T + 120


def test_a_class_counted_as_another_is_fewer_in_one_and_more_in_the_other() -> None:
    moved = replace(ONE, write_5m=540, write_1h=0)
    assert differing(audit([entry(20, 30, ONE)], report((25, moved)))) == [
        (OPUS, "write_5m", 500, 0),
        (OPUS, "write_1h", 0, 500),
    ]


def test_what_others_use_in_the_same_minute_is_more() -> None:
    done = audit([entry(20, 30, ONE)], report((25, ONE), (50, Usage(plain=7))))
    assert differing(done) == [(OPUS, "plain", 7, 0)]


def test_what_others_use_does_not_hide_what_is_missing_later() -> None:
    done = audit(
        [entry(20, 30, ONE), entry(140, 150, ONE)],
        report((25, ONE), (26, Usage(read=5000)), (145, replace(ONE, read=1))),
    )
    assert differing(done) == [(OPUS, "read", 5000, 999)]
    assert of(done, "read").since == T


def test_minutes_and_models_that_the_session_did_not_use_are_nothing_to_it() -> None:
    rows = [(25, Row(OPUS, None, ONE)), (300, Row(OPUS, None, ONE)), (25, Row(HAIKU, None, ONE))]
    assert differing(audit([entry(20, 30, ONE)], of_rows(*rows))) == []


def test_models_are_audited_apart() -> None:
    rows = [(25, Row(OPUS, None, ONE)), (25, Row(HAIKU, None, replace(ONE, output=1)))]
    done = audit([entry(20, 30, ONE), entry(20, 30, ONE, model=HAIKU)], of_rows(*rows))
    assert differing(done) == [(HAIKU, "output", 0, 59)]


@pytest.mark.parametrize("name", ["claude-opus-5-5-20261001", "anthropic/Claude-Opus-5-5", "claude-opus-5-5-latest"])
def test_a_report_may_spell_a_model_with_its_date(name: str) -> None:
    assert plain_model(name) == OPUS
    assert differing(audit([entry(20, 30, ONE)], report((25, ONE), model=name))) == []


def test_a_model_that_the_report_does_not_have_is_named() -> None:
    done = audit([entry(20, 30, ONE)], report((25, ONE), model=HAIKU))
    assert {found.fewer for found in done.findings} == {3, 1000, 40, 500, 60}
    assert done.notes == (f"the report has no {OPUS} then, only {HAIKU}",)


def test_a_report_that_tells_no_models_is_compared_over_all() -> None:
    done = audit([entry(20, 30, ONE), entry(20, 30, ONE, model=HAIKU)], report((25, ONE), (25, ONE), model=None))
    assert (differing(done), {found.model for found in done.findings}) == ([], {"all models"})


@pytest.mark.parametrize(("told", "more", "fewer"), [(9, 0, 1), (10, 0, 0), (40, 0, 0), (41, 1, 0)])
def test_an_output_that_was_never_told_is_a_range(told: int, more: int, fewer: int) -> None:
    cut = Entry(OPUS, T + 20, T + 30, None, replace(ONE, output=10), replace(ONE, output=40))
    found = of(audit([cut], report((25, replace(ONE, output=told)))), "output")
    assert (found.at_least, found.at_most, found.more, found.fewer) == (10, 40, more, fewer)


WS, OTHER = "wrkspc_ours", "wrkspc_other"


def in_workspaces(*names: str | None) -> list[tuple[float, Row]]:
    return [(25, Row(OPUS, name, ONE)) for name in names]


@pytest.mark.parametrize("there", [(WS, OTHER, None), (WS,), (None,), (None, OTHER)])
def test_only_the_sessions_workspace_counts_and_the_default_one_has_no_id(there: tuple[str | None, ...]) -> None:
    assert differing(audit([entry(20, 30, ONE, workspace=WS)], of_rows(*in_workspaces(*there)))) == []


def test_a_workspace_that_was_never_told_is_looked_for_in_all_and_that_is_said() -> None:
    done = audit([entry(20, 30, ONE)], of_rows(*in_workspaces(WS, OTHER)))
    assert done.more == sum((3, 1000, 40, 500, 60))
    assert done.notes == ("the session's workspace was never told: all 2 in the report are compared",)


def test_names_of_workspaces_are_no_ids() -> None:
    named = replace(of_rows(*in_workspaces("Default", "Research")), named=True)
    done = audit([entry(20, 30, ONE, workspace=WS)], named)
    assert done.more > 0
    assert done.notes == ("the file tells workspaces by name: all 2 in the report are compared",)


def test_another_workspace_alone_is_not_taken_for_the_sessions() -> None:
    done = audit([entry(20, 30, ONE, workspace=WS)], of_rows(*in_workspaces(OTHER)))
    assert (done.more, done.fewer) == (0, sum((3, 1000, 40, 500, 60)))


def test_a_session_may_have_been_in_the_default_workspace_and_in_another() -> None:
    entries = [entry(20, 30, ONE, workspace=WS), entry(20, 30, ONE, workspace="wrkspc_default")]
    assert differing(audit(entries, of_rows(*in_workspaces(WS, None, OTHER)))) == []


def test_a_last_request_younger_than_the_reports_lag_is_said() -> None:
    entries = [entry(20, 30, ONE)]
    assert "60 s old" in audit(entries, report((25, ONE)), T + 90).notes[0]
    assert audit(entries, report((25, ONE)), T + 330).notes == ()


def test_requests_outside_the_reports_time_are_left_out_and_counted() -> None:
    done = audit([entry(20, 30, ONE), entry(5000, 5010, ONE)], report((25, ONE)))
    assert (differing(done), done.requests, done.left_out) == ([], 1, 1)
    with pytest.raises(NotAudited, match="another time"):
        audit([entry(5000, 5010, ONE)], report((25, ONE)))


@pytest.mark.parametrize("told", [Usage(), ONE])
def test_a_request_that_hangs_over_the_reports_end_may_be_counted_in_it_or_not(told: Usage) -> None:
    assert differing(audit([entry(590, 610, ONE)], report((595, told)))) == []


def test_apart_by_hand() -> None:
    assert apart([5, 5], [5, 5], [5, 5]) == (0, 0, None)
    assert apart([0, 10], [10, 0], [3, 7]) == (0, 0, None)
    assert apart([5, 5], [5, 5], [4, 6]) == (1, 1, 0)
    assert apart([5, 5, 5], [5, 5, 5], [9, 5, 1]) == (4, 4, 0)
    assert apart([5, 5, 5], [5, 5, 5], [5, 5, 8]) == (3, 0, 2)


counts = st.integers(0, 50_000)
usages = st.builds(Usage, counts, counts, counts, counts, counts)


@st.composite
def sessions(draw: st.DrawFn) -> tuple[list[Entry], list[tuple[float, Row]]]:
    """Requests, and each of them in the report at some moment at which it may have been counted."""
    entries: list[Entry] = []
    rows: list[tuple[float, Row]] = []
    for _ in range(draw(st.integers(1, 8))):
        sent, seconds = draw(st.integers(0, 400)), draw(st.integers(0, 150))
        model, usage, cut = draw(st.sampled_from([OPUS, HAIKU])), draw(usages), draw(st.integers(0, 500))
        least, most = (replace(usage, output=output) for output in (max(0, usage.output - cut), usage.output + cut))  # pyright: ignore
        entries.append(Entry(model, T + sent, T + sent + seconds, WS, least, most))
        counted = draw(st.integers(int(sent - SKEW), int(sent + seconds + SKEW)))
        rows.append((counted, Row(model, draw(st.just(WS)), usage)))
    return entries, rows


@given(sessions())
def test_wherever_within_its_time_each_request_is_counted_it_audits_clean(
    session: tuple[list[Entry], list[tuple[float, Row]]],
) -> None:
    entries, rows = session
    assert differing(audit(entries, of_rows(*rows))) == []


@given(sessions(), st.data())
def test_any_one_change_of_one_class_is_found_with_its_amount(
    session: tuple[list[Entry], list[tuple[float, Row]]], data: st.DataObject
) -> None:
    entries, rows = session
    exact = [
        replace(entry, at_least=row.usage, at_most=row.usage) for entry, (_, row) in zip(entries, rows, strict=True)
    ]
    n = data.draw(st.integers(0, len(rows) - 1))
    kind = data.draw(st.sampled_from(CLASSES))
    at, row = rows[n]
    count = getattr(row.usage, kind)
    by = data.draw(st.integers(-count, 50_000).filter(bool))
    rows[n] = at, replace(row, usage=replace(row.usage, **{kind: count + by}))
    expected = [(row.model, kind, max(by, 0), max(-by, 0))]
    assert differing(audit(exact, of_rows(*rows))) == expected


@given(sessions(), st.lists(st.tuples(st.integers(-60, 590), usages), max_size=5))
def test_others_use_never_makes_anything_missing(
    session: tuple[list[Entry], list[tuple[float, Row]]], others: list[tuple[int, Usage]]
) -> None:
    entries, rows = session
    done = audit(entries, of_rows(*rows, *((at, Row(OPUS, WS, usage)) for at, usage in others)))
    assert done.fewer == 0
    assert done.more <= sum(usage.input + (usage.output or 0) for _, usage in others)


@given(sessions(), st.sampled_from([3600, 86_400]))
def test_wider_buckets_audit_clean_too(session: tuple[list[Entry], list[tuple[float, Row]]], step: int) -> None:
    entries, rows = session
    buckets = [Bucket(T // step * step + step * n, T // step * step + step * (n + 1)) for n in (-1, 0, 1)]
    held = [
        replace(bucket, rows=tuple(row for at, row in rows if bucket.start <= T + at < bucket.end))
        for bucket in buckets
    ]
    assert differing(audit(entries, Report(in_order(held), "test"))) == []
