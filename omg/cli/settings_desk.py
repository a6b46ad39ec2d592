"""Settings as a person looks at them and changes them: each with its source; a change keeps the file's comments."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from omg.cli.settings import SettingsError, as_toml, check_file, load_file, project_file, read_settings
from omg.ui.setting import Setting, SettingsDesk
from omg.workspace.replace import replace as replace_file

_ENVIRONMENT = {"model": "OMG_MODEL", "provider": "OMG_PROVIDER"}
_TABLE = re.compile(r"\s*\[\s*([A-Za-z0-9_.-]+)\s*\]\s*(?:#.*)?")


def settings_desk(home: Path, folder: Path, env: Mapping[str, str]) -> SettingsDesk:
    """What the settings screen works with."""
    own = home / "settings.toml"
    return SettingsDesk(str(own), lambda: listed(home, folder, env), lambda name, value: change(own, name, value))


def listed(home: Path, folder: Path, env: Mapping[str, str]) -> list[Setting]:
    """Every setting that is in force in `folder`. Raises SettingsError."""
    own = home / "settings.toml"
    project = project_file(folder, home)
    files = [(own, load_file(own)), *([(project, load_file(project))] if project else [])]
    settings = read_settings(home, folder, env).settings
    return [
        Setting(name, as_toml(value), _source(name, value, files, env), choices, _single(value))
        for name, value, choices in _walk(settings)
    ]


def _walk(settings: object, before: str = "") -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    """Name, value and choices of each setting, tables gone into."""
    hints = get_type_hints(type(settings))
    for each in fields(cast(Any, settings)):
        value = getattr(settings, each.name)
        if is_dataclass(value) and not isinstance(value, type):
            yield from _walk(value, f"{before}{each.name}.")
        else:
            yield f"{before}{each.name}", value, _choices(hints[each.name])


def _choices(hint: object) -> tuple[str, ...]:
    if hint is bool:
        return ("true", "false")
    return tuple(as_toml(str(one)) for one in get_args(hint)) if get_origin(hint) is Literal else ()


def _single(value: object) -> bool:
    return value is None or isinstance(value, str | bool | int | float)


def _source(name: str, value: object, files: list[tuple[Path, dict[str, Any]]], env: Mapping[str, str]) -> str:
    """Where a value comes from: the last that names it, if what it says is in force."""
    if env.get(_ENVIRONMENT.get(name, "")):
        return _ENVIRONMENT[name]
    for path, values in reversed(files):
        found: object = values
        for part in name.split("."):
            found = cast(dict[str, object], found).get(part) if isinstance(found, dict) else None
        if found is not None and (found == value or not _single(value)):
            return str(path)
    return "default"


def change(path: Path, name: str, value: str) -> None:
    """Set one value in OMG's own file, all else of it staying as it is; an empty one takes the setting out. Raises
    SettingsError, and changes nothing then."""
    load_file(path)  # says what is wrong with it as it is
    try:
        before = path.read_text("utf-8")
    except FileNotFoundError:
        before = ""
    after = _written(before, name, value.strip())
    try:
        values = tomllib.loads(after)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{value} is no value: write it as TOML does, text in quotes") from error
    check_file(values, path)
    try:
        replace_file(path, after.encode())
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror}") from error


def _written(text: str, name: str, value: str) -> str:
    """The file's text with that setting on a line of its table, its comment kept."""
    table, _, key = name.rpartition(".")
    lines = text.split("\n")
    start, end = _span(lines, table)
    line = re.compile(rf"(\s*){re.escape(key)}\s*=\s*(.*?)(\s*#[^\"']*)?$")
    for place in range(start, end):
        found = line.match(lines[place])
        if found is not None:
            try:
                tomllib.loads(lines[place])
            except tomllib.TOMLDecodeError as error:
                raise SettingsError(f"{name} goes over several lines in the file: change it there") from error
            lines[place : place + 1] = [f"{found[1]}{key} = {value}{found[3] or ''}"] if value else []
            return "\n".join(lines)
    if not value:
        return text
    new = [f"{key} = {value}"]
    if start < 0:
        before = [*lines] if text.strip() else []
        while before and not before[-1].strip():
            before.pop()
        return "\n".join([*before, *([""] if before else []), f"[{table}]", *new, ""])
    while end > start and not lines[end - 1].strip():
        end -= 1
    lines[end:end] = new
    return "\n".join(lines) if lines[-1] == "" else "\n".join([*lines, ""])


def _span(lines: list[str], table: str) -> tuple[int, int]:
    """From which to before which line a table's settings stand; (-1, -1) where there is none. "": before any table."""
    heads = [(place, found[1]) for place, line in enumerate(lines) if (found := _TABLE.fullmatch(line))]
    heads += [(place, "") for place, line in enumerate(lines) if line.lstrip().startswith("[[")]
    heads.sort()
    if not table:
        return 0, heads[0][0] if heads else len(lines)
    for number, (place, name) in enumerate(heads):
        if name == table:
            return place + 1, heads[number + 1][0] if number + 1 < len(heads) else len(lines)
    return -1, -1
