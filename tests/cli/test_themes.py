"""Themes of a person's own: where they come from, and what is told when one cannot be used."""

import pytest

from omg.cli.settings import SettingsError
from omg.cli.themes import taste_of
from omg.ui.taste import Palette, Taste
from tests.cli.starting import place


def taste(here):
    return taste_of(here.read().settings, here.home)


def file(here, name: str, text: str) -> None:
    (here.home / "themes").mkdir(parents=True, exist_ok=True)
    (here.home / "themes" / name).write_text(text, "utf-8")


def test_with_nothing_said_it_is_the_defaults(tmp_path):
    assert taste(place(tmp_path)) == (Taste(), [])


def test_themes_come_from_tables_and_from_files(tmp_path):
    here = place(tmp_path)
    here.own("theme = 'harbour'\nvim = true\n[themes.mine]\nbase = 'light'\nwarm = '#c80'\n")
    file(here, "harbour.toml", "cold = 'bright_blue'\nground = 'default'\n")
    found, notes = taste(here)
    assert found.theme == "harbour" and found.vim and notes == []
    assert found.themes == {
        "mine": Palette("light", warm="#c80"),
        "harbour": Palette(cold="bright_blue", ground="default"),
    }


WRONG = ["warm = 'ochre'", "warm = '#12'", "warm = 3", "wram = '#ccc'", "base = 'sepia'", "warm = ", "warm = '#ccc\\n'"]


@pytest.mark.parametrize("text", WRONG)
def test_a_broken_theme_that_was_chosen_is_told_with_its_file(tmp_path, text):
    here = place(tmp_path)
    here.own("theme = 'harbour'")
    file(here, "harbour.toml", text)
    with pytest.raises(SettingsError, match=r"harbour\.toml"):
        taste(here)


def test_a_broken_theme_that_nobody_wants_is_a_note(tmp_path):
    here = place(tmp_path)
    file(here, "harbour.toml", "warm = 'ochre'")
    found, (note,) = taste(here)
    assert found == Taste()
    assert "harbour.toml: warm: 'ochre' is no colour: #rrggbb, a name such as bright_red, or default" in note


@pytest.mark.parametrize("text", WRONG[:5])
def test_a_broken_table_is_told_like_any_setting(tmp_path, text):
    here = place(tmp_path)
    here.own(f"[themes.harbour]\n{text}")
    with pytest.raises(SettingsError, match=r"settings\.toml: themes\.harbour\.\w+: "):
        here.read()


def test_a_theme_that_is_not_there_is_told_with_those_that_are(tmp_path):
    here = place(tmp_path)
    here.own("theme = 'sepia'\n[themes.mine]\n")
    with pytest.raises(SettingsError, match="there is no 'sepia'; there are auto, dark, light, ansi, mine"):
        taste(here)


@pytest.mark.parametrize("text", ["ui = 'gui'", "notify = 'loud'", "vim = 'yes please'", "screen_reader = 7"])
def test_settings_of_the_screen_are_checked(tmp_path, text):
    here = place(tmp_path)
    here.own(text)
    with pytest.raises(SettingsError, match=rf"settings\.toml: {text.split()[0]}: "):
        here.read()


def test_a_project_chooses_nobodys_theme(tmp_path):
    here = place(tmp_path)
    here.theirs("theme = 'light'\nui = 'repl'")
    assert taste(here)[0] == Taste()
    assert here.read().settings.ui == "auto"
