"""Settings: what each file may say, how they add up, and what is told when they cannot be used."""

import tomllib

import pytest

from omg.cache.prices import Rates
from omg.cli.settings import SettingsError, remember_rule, trust, trusted
from tests.cli.starting import place

NUMBERS = [
    ("[budget]\nsession_usd = -1", "budget.session_usd"),
    ("[budget]\nsession_usd = inf", "budget.session_usd"),
    ("[budget]\nsession_usd = nan", "budget.session_usd"),
    ("[budget]\nconfirm_usd = -0.1", "budget.confirm_usd"),
    ("[forks]\nwidth = 0", "forks.width"),
    ("[forks]\ndepth = -1", "forks.depth"),
    ("[forks]\nhold_usd = -inf", "forks.hold_usd"),
    ("[compact]\nat = 0", "compact.at"),
    ("[prices.m]\nread = -1", "prices.m.read"),
    ("[prices.m]\noutput = inf", "prices.m.output"),
    ("[cache]\nminimums = {m = 0}", "cache.minimums.m"),
]


@pytest.mark.parametrize(("text", "name"), NUMBERS)
@pytest.mark.parametrize("whose", ["own", "theirs"])
def test_a_number_out_of_its_range_is_told_by_the_settings_name(tmp_path, whose, text, name):
    here = place(tmp_path)
    getattr(here, whose)(text)
    with pytest.raises(SettingsError, match=rf"settings\.toml: {name}: "):
        here.read()


NOT_SETTINGS = [
    "mode = 'wild'",
    "allow = 'read'",
    "allow = [['read']]",
    "allow = ['(x)']",
    "modle = 'x'",
    "[cache]\npositions = 'both'",
    "[prices.m]\nplain = 1",
    "[prices]\nm = 1",
    "x = " + "[" * 5000,
]


@pytest.mark.parametrize("text", NOT_SETTINGS)
def test_what_is_no_setting_is_told_with_its_file(tmp_path, text):
    here = place(tmp_path)
    here.theirs(text)
    with pytest.raises(SettingsError, match=r"settings\.toml"):
        here.read()


@pytest.mark.parametrize("trusted", [False, True])
def test_rules_add_up_and_no_file_takes_one_back(tmp_path, trusted):
    here = place(tmp_path)
    here.own('allow = ["shell(ls)"]\ndeny = ["read(*.pem)"]')
    remember_rule(here.home, "shell(make)")
    here.theirs('allow = ["shell(pytest)"]\ndeny = ["shell(rm *)", "read(*.pem)"]', trusted=trusted)
    settings = here.read().settings
    assert settings.allow == ("shell(ls)", "shell(make)", *(["shell(pytest)"] if trusted else []))
    assert settings.deny == ("read(*.pem)", "shell(rm *)")
    here.theirs("allow = []\ndeny = []")
    assert here.read().settings.deny == ("read(*.pem)",)
    assert here.read().settings.allow == ("shell(ls)", "shell(make)")


def test_a_project_that_is_not_trusted_only_narrows_and_says_that_it_wants_more(tmp_path):
    here = place(tmp_path)
    here.own("mode = 'edit'\n[budget]\nsession_usd = 5")
    here.theirs("mode = 'all'\n[budget]\nsession_usd = 0\n[forks]\nwidth = 99")
    read = here.read()
    assert (read.settings.mode, read.settings.budget.session_usd, read.settings.forks.width) == ("edit", 5, 16)
    assert "/trust" in read.notices[0]
    here.theirs("mode = 'plan'\n[budget]\nsession_usd = 1")
    read = here.read()
    assert (read.settings.mode, read.settings.budget.session_usd, read.notices) == ("plan", 1, ())


def test_from_a_subfolder_the_project_is_the_folder_that_holds_the_settings(tmp_path):
    here = place(tmp_path)
    here.theirs("mode = 'all'")
    below = here.project / "src" / "deep"
    below.mkdir(parents=True)
    project = here.read(below).project
    assert project == here.project
    trust(here.home, project)
    assert here.read(below).settings.mode == "all"
    assert not trusted(here.home, below)


def test_a_folder_is_trusted_by_its_whole_name_and_no_other(tmp_path):
    home, odd = tmp_path / "home", tmp_path / "a\x0bb\udcff"
    trust(home, odd)
    trust(home, odd)
    assert trusted(home, odd)
    assert not trusted(home, tmp_path / "a")
    assert (home / "trusted").read_bytes().count(b"\n") == 1


STRANGE = ["shell(echo \U0001f600)", "shell(\x7f)", 'write(/a "b" \\c)', "write(/\x01\n\t)", "write(/é\u2028)"]


def test_a_remembered_rule_is_read_back_as_it_was_whatever_it_holds(tmp_path):
    here = place(tmp_path)
    for rule in (*STRANGE, STRANGE[0]):
        remember_rule(here.home, rule)
    assert here.read().settings.allow == tuple(STRANGE)
    assert tomllib.loads((here.home / "rules.toml").read_text("utf-8"))["allow"] == STRANGE


def test_half_a_surrogate_pair_is_remembered_as_what_matches_it(tmp_path):
    here = place(tmp_path)
    remember_rule(here.home, "write(/a\udcffb)")
    assert here.read().settings.allow == ("write(/a?b)",)


def test_rules_that_cannot_be_written_leave_those_that_were(tmp_path, monkeypatch):
    here = place(tmp_path)
    remember_rule(here.home, "shell(make)")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        remember_rule(here.home, "shell(ls)")
    assert here.read().settings.allow == ("shell(make)",)
    assert [path.name for path in here.home.iterdir()] == ["rules.toml"]


def test_remembered_rules_that_were_damaged_are_told_and_not_written_over(tmp_path):
    here = place(tmp_path)
    here.home.mkdir()
    (here.home / "rules.toml").write_text("allow = 'x'")
    with pytest.raises(SettingsError, match=r"rules\.toml: allow"):
        remember_rule(here.home, "shell(ls)")
    assert (here.home / "rules.toml").read_text() == "allow = 'x'"


def test_prices_are_set_by_the_person_and_by_a_project_only_when_it_is_trusted(tmp_path):
    here = place(tmp_path)
    here.own("[prices.'claude-opus-5-5']\nread = 0.1\n[prices.mine]\ninput = 1\noutput = 2")
    here.theirs("[prices.'claude-opus-5-5']\nread = 0\noutput = 0")
    before = here.read()
    assert before.settings.price_list.price("claude-opus-5-5").base == Rates(4, 0.1, 5, 8, 20)
    assert before.settings.price_list.price("mine", "http://localhost:1").base == Rates(1, 1, 1, None, 2)
    assert any("asks for more" in notice for notice in before.notices)
    trust(here.home, here.project)
    assert here.read().settings.price_list.price("claude-opus-5-5").base == Rates(4, 0, 5, 8, 0)
