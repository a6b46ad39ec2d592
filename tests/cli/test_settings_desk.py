"""Settings looked at and changed: each has its source, and the file keeps what a person wrote around them."""

import pytest

from omg.cli.settings import SettingsError, read_settings
from omg.cli.settings_desk import change, listed

FILE = """# mine
model = "claude-opus-5-5"  # the large one

[forks]
# few
width = 4 # at once
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "home").mkdir()
    path = tmp_path / "home" / "settings.toml"
    path.write_text(FILE)
    return path


def found(tmp_path, env=None):
    return {one.name: one for one in listed(tmp_path / "home", tmp_path, env or {})}


def test_each_setting_has_its_source(tmp_path, own):
    project = tmp_path / ".omg" / "settings.toml"
    project.parent.mkdir()
    project.write_text('mode = "plan"\n[forks]\nwidth = 9\n')
    seen = found(tmp_path, {"OMG_PROVIDER": "offline"})
    assert (seen["model"].value, seen["model"].source) == ('"claude-opus-5-5"', str(own))
    assert (seen["provider"].value, seen["provider"].source) == ('"offline"', "OMG_PROVIDER")
    assert (seen["mode"].value, seen["mode"].source) == ('"plan"', str(project))
    assert (seen["forks.width"].value, seen["forks.width"].source) == ("4", str(own))
    assert (seen["vim"].value, seen["vim"].source, seen["vim"].choices) == ("false", "default", ("true", "false"))
    assert '"5m"' in seen["cache.ttl"].choices
    assert not seen["allow"].editable


def test_a_change_keeps_comments_and_all_else(tmp_path, own):
    change(own, "forks.width", "8")
    change(own, "model", '"claude-haiku-5-5"')
    assert own.read_text() == FILE.replace("width = 4", "width = 8").replace("opus-5-5", "haiku-5-5")
    assert found(tmp_path)["forks.width"].value == "8"


def test_a_new_setting_goes_into_its_table(tmp_path, own):
    change(own, "vim", "true")
    change(own, "forks.depth", "2")
    change(own, "cache.ttl", '"1h"')
    settings = read_settings(tmp_path / "home", tmp_path, {}).settings
    assert (settings.vim, settings.forks.depth, settings.forks.width, settings.cache.ttl) == (True, 2, 4, "1h")
    assert own.read_text().startswith("# mine\n")
    assert "# few" in own.read_text()


def test_an_empty_value_takes_the_setting_out(tmp_path, own):
    change(own, "forks.width", "")
    change(own, "cache.ttl", "")
    assert own.read_text() == FILE.replace("width = 4 # at once\n", "")


def test_a_file_that_is_not_there_is_made(tmp_path):
    path = tmp_path / "home" / "settings.toml"
    change(path, "budget.confirm_usd", "0.5")
    assert path.read_text() == "[budget]\nconfirm_usd = 0.5\n"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("forks.width", "0", "forks.width"),
        ("forks.width", "many", "text in quotes"),
        ("mode", '"wild"', "mode"),
        ("mode", "ask", "text in quotes"),
        ("vim", "true\nmodel = 3", "model"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(own, name, value, said):
    with pytest.raises(SettingsError, match=said):
        change(own, name, value)
    assert own.read_text() == FILE


def test_a_value_over_several_lines_is_left_to_the_person(own):
    own.write_text('allow = [\n  "read",\n]\n')
    with pytest.raises(SettingsError, match="several lines"):
        change(own, "allow", "[]")


def test_a_broken_file_is_left_alone(own):
    own.write_text("model = \n")
    with pytest.raises(SettingsError, match="cannot read"):
        change(own, "vim", "true")
    assert own.read_text() == "model = \n"
