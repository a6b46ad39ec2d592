"""From settings, environment and flags to what a session is opened with."""

import pytest

from omg.cli.configure import DEFAULT_MODEL, make_config
from omg.cli.settings import SettingsError
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
