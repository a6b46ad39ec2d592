"""From settings, environment and flags to what a session is opened with."""

import time
from datetime import UTC, datetime

import pytest

from omg.cache.rules import Finding, RuleOverrides
from omg.cli.configure import make_config
from omg.cli.plan import DEFAULT_MODEL
from omg.cli.settings import SettingsError
from omg.session.findings import findings_path, save_findings
from tests.cli.starting import place


def test_a_model_is_named_by_flag_environment_and_settings_in_this_order(tmp_path):
    here = place(tmp_path)
    assert here.plan().default_model == DEFAULT_MODEL
    here.own("model = 'mine'")
    assert here.plan().default_model == "mine"
    assert here.plan(env={"OMG_MODEL": "env"}).default_model == "env"
    assert here.plan("--model", "flag", env={"OMG_MODEL": "env"}).model == "flag"


def test_a_providers_own_default_gives_way_to_any_model_that_is_named(tmp_path):
    here = place(tmp_path)
    env = {"OMG_PROVIDER": "deepseek", "DEEPSEEK_API_KEY": "k"}
    own = here.plan(env=env).default_model
    assert own != DEFAULT_MODEL
    assert here.plan(env={**env, "OMG_MODEL": DEFAULT_MODEL}).default_model == DEFAULT_MODEL
    here.own(f"model = '{DEFAULT_MODEL}'")
    assert here.plan(env=env).default_model == DEFAULT_MODEL


@pytest.mark.parametrize("where", ["allow", "deny"])
@pytest.mark.parametrize("rule", ["Shell(rm *)", "raed"])
def test_a_rule_for_no_tool_is_told_with_the_tool_that_was_meant(tmp_path, where, rule):
    here = place(tmp_path)
    near = "shell" if rule.startswith("S") else "read"
    with pytest.raises(SettingsError) as by_flag:
        make_config(here.plan(f"--{where}", rule, env={"OMG_PROVIDER": "offline"}), None)
    assert rule in str(by_flag.value)
    assert near in str(by_flag.value)
    here.theirs(f'{where} = ["{rule}"]', trusted=True)
    with pytest.raises(SettingsError):
        make_config(here.plan(env={"OMG_PROVIDER": "offline"}), None)


RESUMED = [
    # own settings, the project's, trusted, flags, recorded, mode that holds
    ("", "", False, [], "all", "all"),
    ("", "", False, ["--mode", "plan"], "all", "plan"),
    ("", "", False, ["--mode", "all"], "plan", "all"),
    ("mode = 'ask'", "", False, [], "all", "ask"),
    ("", "mode = 'plan'", False, [], "all", "plan"),
    ("", "mode = 'all'", False, [], "plan", "plan"),
    ("", "mode = 'edit'", False, [], "all", "edit"),
    ("mode = 'all'", "mode = 'edit'", False, [], "ask", "edit"),
    ("mode = 'ask'", "mode = 'all'", True, [], "plan", "all"),
    ("", "mode = 'plan'", False, ["--mode", "edit"], "all", "edit"),
]


@pytest.mark.parametrize(("own", "theirs", "trusted", "flags", "recorded", "holds"), RESUMED)
def test_the_mode_of_this_start_wins_over_a_recorded_one(tmp_path, own, theirs, trusted, flags, recorded, holds):
    here = place(tmp_path)
    here.own(own)
    here.theirs(theirs, trusted=trusted)
    assert here.plan(*flags).resumed_mode(recorded) == holds


def test_what_is_trusted_is_the_project_and_without_one_the_folder(tmp_path):
    here = place(tmp_path)
    assert here.plan().project == here.project
    here.theirs("")
    below = here.project / "src"
    below.mkdir()
    assert here.plan("--cwd", str(below)).project == here.project


OFFLINE = {"OMG_PROVIDER": "offline"}


def probed(here, **found):
    at = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")
    overrides = RuleOverrides(**{name: Finding(value, at, "high", "") for name, value in found.items()})
    save_findings(here.home, "offline", DEFAULT_MODEL, overrides)


def test_a_session_goes_by_what_a_probe_has_found_of_its_model(tmp_path):
    here = place(tmp_path)
    probed(here, minimum=700, lookback=9, collapse_tool_runs=True, settle_seconds=0.5, prewarm="refused")
    config = make_config(here.plan(env=OFFLINE), None)
    setup, other = config.setup_for(DEFAULT_MODEL, None), config.setup_for("claude-opus-5", None)
    assert (setup.minimum, setup.settle_seconds, setup.ping_tokens) == (700, 0.5, 1)
    assert (setup.reading.lookback, setup.reading.collapse_tool_runs) == (9, True)
    assert (other.minimum, other.settle_seconds, other.reading.lookback) == (512, 0.0, 20)


def test_settings_of_the_rules_win_over_a_probe_and_an_untrusted_project_sets_none(tmp_path):
    here = place(tmp_path)
    probed(here, minimum=700, collapse_tool_runs=True)
    here.own(f"[cache]\npositions = 'blocks'\nminimums = {{'{DEFAULT_MODEL}' = 900}}")
    here.theirs(f"[cache]\npositions = 'runs'\nminimums = {{'{DEFAULT_MODEL}' = 1}}")
    setup = make_config(here.plan(env=OFFLINE), None).setup_for(DEFAULT_MODEL, None)
    assert (setup.minimum, setup.reading.collapse_tool_runs) == (900, False)
    here.theirs("[cache]\npositions = 'runs'", trusted=True)
    setup = make_config(here.plan(env=OFFLINE), None).setup_for(DEFAULT_MODEL, None)
    assert (setup.minimum, setup.reading.collapse_tool_runs) == (900, True)


def test_findings_that_cannot_be_read_are_one_notice_and_stop_nothing(tmp_path):
    here = place(tmp_path)
    here.home.mkdir()
    findings_path(here.home).write_text("{")
    plan = here.plan(env=OFFLINE)
    assert [notice for notice in plan.notices if "rules.json" in notice] == list(plan.notices)
    assert make_config(plan, None).setup_for(DEFAULT_MODEL, None).minimum == 512
