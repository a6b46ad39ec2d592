"""Settings: OMG's own file, the project's, the environment and the flags, in this order."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from omg.agent.permit import BadRule, Mode, narrower, parse_rule
from omg.core.trouble import Trouble

Keep = Literal["auto", "off"]
TtlSetting = Literal["auto", "5m", "1h"]


_STRICT = {"extra": "forbid"}
"""A setting that is misspelt is told, and not ignored."""


class SettingsError(Trouble):
    """Settings that cannot be used: which file or flag, and what is wrong with it."""


@dataclass(frozen=True)
class ForkSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    width: int = 16
    depth: int = 3
    hold_usd: float = 0.0


@dataclass(frozen=True)
class CompactSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    at: float = 0.8


@dataclass(frozen=True)
class CacheSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    ttl: TtlSetting = "auto"
    keep_warm: Keep = "auto"


@dataclass(frozen=True)
class BudgetSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    session_usd: float = 0.0
    confirm_usd: float = 1.0


@dataclass(frozen=True)
class Settings:
    """All that can be set. The names are public: see the README's configuration section."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    model: str = "claude-opus-5-5"
    provider: str | None = None
    effort: str | None = None
    mode: Mode = "ask"
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    forks: ForkSettings = field(default_factory=ForkSettings)
    compact: CompactSettings = field(default_factory=CompactSettings)
    cache: CacheSettings = field(default_factory=CacheSettings)
    budget: BudgetSettings = field(default_factory=BudgetSettings)


@dataclass(frozen=True)
class Read:
    """The settings in force, and what a person should know of how they came about."""

    settings: Settings
    notices: tuple[str, ...] = ()


def home(env: Mapping[str, str]) -> Path:
    """The folder of all of OMG's state: OMG_HOME, else the platform's data folder."""
    if env.get("OMG_HOME"):
        return Path(env["OMG_HOME"]).expanduser().absolute()
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/omg").expanduser()
    data = env.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "omg"


def read_settings(home: Path, folder: Path, env: Mapping[str, str]) -> Read:
    """The settings for work in `folder`, flags not yet counted. Raises SettingsError."""
    own = home / "settings.toml"
    settings = _overlaid(Settings(), _load(own), own)
    remembered = home / "rules.toml"
    settings = replace(settings, allow=(*settings.allow, *_overlaid(Settings(), _load(remembered), remembered).allow))
    notices: list[str] = []
    project = _project_file(folder, home)
    if project is not None:
        settings, notice = _with_project(settings, project, trusted(home, project.parent.parent))
        notices += [notice] if notice else []
    named = {"model": env.get("OMG_MODEL"), "provider": env.get("OMG_PROVIDER")}
    return Read(replace(settings, **{key: value for key, value in named.items() if value}), tuple(notices))


def _project_file(folder: Path, home: Path) -> Path | None:
    """The nearest `.omg/settings.toml` at or above `folder`."""
    candidates = (place / ".omg" / "settings.toml" for place in (folder, *folder.parents))
    return next((path for path in candidates if path.is_file() and path.parent != home), None)


def _with_project(settings: Settings, path: Path, trust: bool) -> tuple[Settings, str | None]:
    values = _load(path)
    if trust:
        return _overlaid(settings, values, path), None
    wanted = _overlaid(settings, values, path)
    narrowed = replace(
        settings,
        mode=narrower(settings.mode, wanted.mode),
        deny=tuple(dict.fromkeys((*settings.deny, *wanted.deny))),
        forks=replace(
            settings.forks,
            width=min(settings.forks.width, wanted.forks.width),
            depth=min(settings.forks.depth, wanted.forks.depth),
        ),
        budget=replace(settings.budget, session_usd=_smaller(settings.budget.session_usd, wanted.budget.session_usd)),
    )
    if narrowed == wanted:
        return narrowed, None
    folder = path.parent.parent
    return narrowed, f"{path} asks for more than this folder is trusted with; `/trust` accepts it for {folder}"


def _smaller(one: float, other: float) -> float:
    """The tighter of two budgets, where 0 means none."""
    return min(one or other, other or one)


def _load(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"cannot read the settings {path}: {error}") from error


def _overlaid(settings: Settings, values: dict[str, Any], path: Path) -> Settings:
    """`settings` with what a file says on top. Raises SettingsError, naming the setting."""
    if not values:
        return settings
    from pydantic import TypeAdapter, ValidationError

    try:
        found = TypeAdapter(Settings).validate_python(_merged(asdict(settings), values))
        for rule in (*found.allow, *found.deny):
            parse_rule(rule)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{path}: {where}: {first['msg']}") from error
    except BadRule as error:
        raise SettingsError(f"{path}: {error}") from error
    return found


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(below[key], above[key])
        for key in below.keys() & above.keys()
        if isinstance(below[key], dict) and isinstance(above[key], dict)
    }
    return {**below, **above, **both}


def trusted(home: Path, folder: Path) -> bool:
    """Whether the person has trusted `folder`."""
    try:
        return os.path.realpath(folder) in (home / "trusted").read_text("utf-8").splitlines()
    except OSError:
        return False


def trust(home: Path, folder: Path) -> None:
    """Trust `folder` from now on."""
    if not trusted(home, folder):
        home.mkdir(parents=True, exist_ok=True)
        with (home / "trusted").open("a", encoding="utf-8") as file:
            file.write(os.path.realpath(folder) + "\n")


def remember_rule(home: Path, rule: str) -> None:
    """Allow `rule` in every session from now on."""
    import json

    home.mkdir(parents=True, exist_ok=True)
    path = home / "rules.toml"
    kept = [*_load(path).get("allow", []), rule]
    rules = ",\n".join(f"  {json.dumps(text)}" for text in dict.fromkeys(kept))
    path.write_text(f"# Rules you have answered “always” to.\nallow = [\n{rules},\n]\n", "utf-8")
