"""One setting as a screen shows it, and what a screen can ask to be done with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """`value` is as TOML writes it, `source` says where it comes from, `choices` what it can be where that is a list;
    `editable` is false for what is no single value."""

    name: str
    value: str
    source: str
    choices: tuple[str, ...] = ()
    editable: bool = True


@dataclass(frozen=True, slots=True)
class SettingsDesk:
    """`listed` reads them all; `change(name, value)` writes one into OMG's own file, `value` being as TOML writes it.
    Both raise Trouble. `path` is that file."""

    path: str
    listed: Callable[[], Sequence[Setting]]
    change: Callable[[str, str], None]
