"""Themes of a person's own: tables `[themes.NAME]` of the settings, and files `themes/NAME.toml` beside them."""

from __future__ import annotations

from pathlib import Path

from omg.cli.settings import Settings, SettingsError, load_file
from omg.ui.taste import BUILT_IN, Palette, Taste


def taste_of(settings: Settings, home: Path) -> tuple[Taste, list[str]]:
    """What the screen is to be like, and what a person should know: a theme that cannot be used is passed over, unless
    it is the one that was chosen. Raises SettingsError then, and where there is no theme of that name."""
    found, broken = dict(settings.themes), dict[str, str]()
    for path in sorted((home / "themes").glob("*.toml")):
        try:
            found.setdefault(path.stem, _read(path))
        except SettingsError as error:
            broken[path.stem] = str(error)
    chosen = settings.theme
    if chosen in broken and chosen not in found:
        raise SettingsError(broken[chosen])
    if chosen not in ("auto", *BUILT_IN, *found):
        raise SettingsError(
            f"theme: there is no {chosen!r}; there are {', '.join(('auto', *BUILT_IN, *sorted(found)))}"
        )
    taste = Taste(chosen, found, settings.vim, settings.screen_reader, settings.notify)
    return taste, [f"{words}; this theme is not there" for words in broken.values()]


def _read(path: Path) -> Palette:
    """The theme in a file. Raises SettingsError."""
    from pydantic import TypeAdapter, ValidationError

    try:
        palette = TypeAdapter(Palette).validate_python(load_file(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    wrong = palette.wrong()
    if wrong:
        raise SettingsError(f"{path}: {wrong}")
    return palette
