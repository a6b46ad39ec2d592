"""What probes have found, on disk."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path

import pytest

from omg.cache.rules import Finding, RuleOverrides
from omg.session.findings import FindingsError, findings_path, load_findings, save_findings, usable_findings

AT = "2026-11-21T10:00:00+00:00"


def minimum(tokens: int) -> RuleOverrides:
    return RuleOverrides(minimum=Finding(tokens, AT, "high", "said"))


def test_nothing_is_known_before_anybody_asked(tmp_path: Path) -> None:
    assert load_findings(tmp_path, "https://a", "m") == RuleOverrides()
    assert not findings_path(tmp_path).exists()


def test_what_is_saved_is_loaded_with_its_date_and_how_sure_it_is(tmp_path: Path) -> None:
    found = RuleOverrides(
        minimum=Finding(700, AT, "high", "700 tokens"),
        lookback=Finding(20, AT, "high", "…"),
        collapse_tool_runs=Finding(True, AT, "high", "…"),
        refreshes_marked=Finding(False, AT, "high", "…"),
        settle_seconds=Finding(0.5, AT, "high", "…"),
        prewarm=Finding("writes", AT, "high", "…"),
        short_read_refreshes_long=Finding(False, AT, "medium", "…"),
    )
    save_findings(tmp_path / "new", "https://a", "m", found)
    assert load_findings(tmp_path / "new", "https://a", "m") == found


def test_answers_are_per_endpoint_and_model_and_newer_ones_replace_older(tmp_path: Path) -> None:
    save_findings(tmp_path, "https://a", "m", minimum(1))
    save_findings(tmp_path, "https://a", "n", minimum(2))
    save_findings(tmp_path, "https://b", "m", minimum(3))
    save_findings(tmp_path, "https://a", "m", minimum(4))
    save_findings(tmp_path, "https://a", "m", RuleOverrides(lookback=Finding(9, AT, "high", "")))
    known = load_findings(tmp_path, "https://a", "m")
    assert known.minimum and known.lookback
    assert (known.minimum.value, known.lookback.value) == (4, 9)
    assert load_findings(tmp_path, "https://a", "n") == minimum(2)
    assert load_findings(tmp_path, "https://b", "m") == minimum(3)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"endpoints":[]}', '{"endpoints":{"https://a":3}}', "[" * 9999])
def test_a_damaged_file_is_told_and_left_alone(tmp_path: Path, text: str) -> None:
    findings_path(tmp_path).write_text(text)
    with pytest.raises(FindingsError, match=r"rules\.json.*remove it"):
        load_findings(tmp_path, "https://a", "m")
    with pytest.raises(FindingsError):
        save_findings(tmp_path, "https://a", "m", minimum(1))
    assert findings_path(tmp_path).read_text() == text


@pytest.mark.parametrize("value", [0, -5, "many", True, None, 1.5, [512]])
def test_an_impossible_value_is_told(tmp_path: Path, value: object) -> None:
    entry = {"minimum": {"value": value, "at": AT, "sure": "high", "said": ""}}
    findings_path(tmp_path).write_text(json.dumps({"endpoints": {"https://a": {"m": entry}}}))
    with pytest.raises(FindingsError, match="makes no sense"):
        load_findings(tmp_path, "https://a", "m")
    assert load_findings(tmp_path, "https://a", "other") == RuleOverrides()


def test_a_field_of_a_later_version_is_passed_over(tmp_path: Path) -> None:
    entry = {"minimum": {"value": 9, "at": AT, "sure": "high", "said": "said"}, "mood": {"value": "good"}}
    findings_path(tmp_path).write_text(json.dumps({"endpoints": {"https://a": {"m": entry}}}))
    assert load_findings(tmp_path, "https://a", "m") == minimum(9)


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    threads = [
        threading.Thread(target=save_findings, args=(tmp_path, "https://a", f"m{place}", minimum(place + 1)))
        for place in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(load_findings(tmp_path, "https://a", f"m{place}") == minimum(place + 1) for place in range(20))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FindingsError, match="cannot keep"):
        save_findings(tmp_path / "file" / "home", "https://a", "m", minimum(1))


NOW = datetime.fromisoformat(AT).timestamp()
DAY = 86_400


def test_what_is_too_old_to_rely_on_is_left_out_and_told_in_one_notice(tmp_path: Path) -> None:
    save_findings(tmp_path, "https://a", "m", minimum(700))
    newer = "2027-02-01T10:00:00+00:00"
    save_findings(tmp_path, "https://a", "m", RuleOverrides(lookback=Finding(9, newer, "high", "")))
    assert usable_findings(tmp_path, "https://a", "m", NOW + 89 * DAY)[1] is None
    found, notice = usable_findings(tmp_path, "https://a", "m", NOW + 91 * DAY)
    assert found.minimum is None
    assert found.lookback and found.lookback.value == 9
    assert notice and "2026-11-21" in notice and "doctor --probe" in notice
    assert load_findings(tmp_path, "https://a", "m").minimum  # kept, for whoever wants to know


@pytest.mark.parametrize("at", ["", "yesterday", "9" * 40])
def test_a_finding_without_a_day_that_can_be_read_is_not_relied_on(tmp_path: Path, at: str) -> None:
    save_findings(tmp_path, "https://a", "m", RuleOverrides(minimum=Finding(7, at, "high", "")))
    found, notice = usable_findings(tmp_path, "https://a", "m", NOW)
    assert found == RuleOverrides()
    assert notice


@pytest.mark.parametrize("text", ["", "{", "[]", '{"endpoints":{"https://a":{"m":3}}}', "[" * 9999])
def test_a_damaged_file_stops_no_session(tmp_path: Path, text: str) -> None:
    findings_path(tmp_path).write_text(text)
    found, notice = usable_findings(tmp_path, "https://a", "m", NOW)
    assert found == RuleOverrides()
    assert notice and "remove it" in notice and "published" in notice
