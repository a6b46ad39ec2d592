"""Settings: OMG's own file, the project's, the environment and the flags, in this order."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import Field

from omg.agent.permit import BadRule, Mode, narrower, parse_rule
from omg.cache.in_force import Positions, Wishes
from omg.cache.prices import PriceList, SetPrices
from omg.cli.place import home as home
from omg.core.trouble import Trouble
from omg.ui.taste import Notify, Palette
from omg.workspace.replace import replace as replace_file

Keep = Literal["auto", "off"]
Ui = Literal["auto", "tui", "repl"]
TtlSetting = Literal["auto", "5m", "1h"]
Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]

_STRICT = {"extra": "forbid"}
"""A setting that is misspelt is told, and not ignored."""


class SettingsError(Trouble):
    """Settings that cannot be used: which file or flag, and what is wrong with it."""


@dataclass(frozen=True)
class ForkSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    width: Annotated[int, Field(ge=1)] = 16
    depth: Annotated[int, Field(ge=0)] = 3
    hold_usd: Dollars = 0.0


@dataclass(frozen=True)
class CompactSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    at: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.8
    early: Keep = "auto"
    draft: Keep = "auto"
    cold: Literal["auto", "all"] = "auto"


@dataclass(frozen=True)
class CacheSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    ttl: TtlSetting = "auto"
    keep_warm: Keep = "auto"
    diagnostics: Keep = "auto"
    positions: Positions = "auto"
    minimums: Mapping[str, Annotated[int, Field(ge=1)]] = field(default_factory=dict[str, int])

    @property
    def wishes(self) -> Wishes:
        """What is set of the provider's rules."""
        return Wishes(self.positions, self.minimums)


@dataclass(frozen=True)
class BudgetSettings:
    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    session_usd: Dollars = 0.0
    confirm_usd: Dollars = 1.0


@dataclass(frozen=True)
class PriceSettings:
    """Dollars per million tokens, over the list price."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    input: Dollars | None = None
    read: Dollars | None = None
    write_5m: Dollars | None = None
    write_1h: Dollars | None = None
    output: Dollars | None = None


@dataclass(frozen=True)
class Settings:
    """All that can be set. The names are public: see the README's configuration section. `model` None: the provider's
    own default, else OMG's."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    model: str | None = None
    provider: str | None = None
    effort: str | None = None
    mode: Mode = "ask"
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    forks: ForkSettings = field(default_factory=ForkSettings)
    compact: CompactSettings = field(default_factory=CompactSettings)
    cache: CacheSettings = field(default_factory=CacheSettings)
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    ui: Ui = "auto"
    theme: str = "auto"
    themes: dict[str, Palette] = field(default_factory=dict[str, Palette])
    vim: bool = False
    screen_reader: bool = False
    notify: Notify = "auto"
    prices: Mapping[str, PriceSettings] = field(default_factory=dict[str, PriceSettings])

    @property
    def price_list(self) -> PriceList:
        """What models cost, by what is set."""
        return PriceList(
            {
                model.strip().lower(): SetPrices(own.input, own.read, own.write_5m, own.write_1h, own.output)
                for model, own in self.prices.items()
            }
        )


@dataclass(frozen=True)
class Read:
    """The settings in force, and what a person should know of how they came about."""

    settings: Settings
    notices: tuple[str, ...] = ()
    project: Path | None = None
    """The folder at or above the folder of work whose `.omg` holds the project's settings."""
    mode_named: bool = False
    """Whether a file that may do so names the mode; else it is the default, narrowed by the project."""
    widest: Mode = "all"
    """What a project that is not trusted narrows every mode to."""


def read_settings(home: Path, folder: Path, env: Mapping[str, str]) -> Read:
    """The settings for work in `folder`, flags not yet counted. Raises SettingsError."""
    own = home / "settings.toml"
    values = load_file(own)
    settings = _overlaid(Settings(), values, own)
    remembered = home / "rules.toml"
    settings = replace(
        settings, allow=(*settings.allow, *_overlaid(Settings(), load_file(remembered), remembered).allow)
    )
    read = Read(settings, mode_named="mode" in values)
    project = project_file(folder, home)
    if project is not None:
        read = _with_project(read, project, trusted(home, project.parent.parent))
    named = {"model": env.get("OMG_MODEL"), "provider": env.get("OMG_PROVIDER")}
    return replace(read, settings=replace(read.settings, **{key: value for key, value in named.items() if value}))


def project_file(folder: Path, home: Path) -> Path | None:
    """The nearest `.omg/settings.toml` at or above `folder`."""
    candidates = (place / ".omg" / "settings.toml" for place in (folder, *folder.parents))
    return next((path for path in candidates if path.is_file() and path.parent != home), None)


def _with_project(read: Read, path: Path, trust: bool) -> Read:
    """What is in force in a project: all that its file says when it is trusted, else only what narrows."""
    settings, values, folder = read.settings, load_file(path), path.parent.parent
    wanted = _overlaid(settings, values, path)
    if trust:
        return Read(wanted, project=folder, mode_named=read.mode_named or "mode" in values)
    narrowed = replace(
        settings,
        mode=narrower(settings.mode, wanted.mode),
        deny=wanted.deny,
        forks=replace(
            settings.forks,
            width=min(settings.forks.width, wanted.forks.width),
            depth=min(settings.forks.depth, wanted.forks.depth),
        ),
        budget=replace(settings.budget, session_usd=_smaller(settings.budget.session_usd, wanted.budget.session_usd)),
    )
    notice = f"{path} asks for more than this folder is trusted with; `/trust` accepts it for {folder}"
    notices = () if narrowed == wanted else (notice,)
    return Read(narrowed, notices, folder, read.mode_named, wanted.mode if "mode" in values else "all")


def _smaller(one: float, other: float) -> float:
    """The tighter of two budgets, where 0 means none."""
    return min(one or other, other or one)


def load_file(path: Path) -> dict[str, Any]:
    """The TOML in a file; nothing where there is none. Raises SettingsError."""
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
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
        for name, palette in found.themes.items():
            if wrong := palette.wrong():
                raise SettingsError(f"{path}: themes.{name}.{wrong}")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{path}: {where}: {first['msg']}") from error
    except BadRule as error:
        raise SettingsError(f"{path}: {error}") from error
    return found


def _merged(below: object, above: object) -> Any:
    """`above` over `below`: tables key by key, lists (of rules) one behind the other, so that no file takes back what
    another one forbids or allows."""
    if isinstance(below, dict) and isinstance(above, dict):
        lower, upper = cast(dict[str, object], below), cast(dict[str, object], above)
        return {**lower, **{key: _merged(lower.get(key), value) for key, value in upper.items()}}
    if isinstance(below, tuple) and isinstance(above, list):
        known = cast(tuple[object, ...], below)
        return [*known, *(item for item in cast(list[object], above) if item not in known)]
    return above


def check_file(values: dict[str, Any], path: Path) -> None:
    """Whether a file may say this. Raises SettingsError, naming the setting."""
    _overlaid(Settings(), values, path)


def as_toml(value: object) -> str:
    """A value as TOML writes it; nothing for one that is not set."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return _toml(value)
        case int() | float():
            return repr(value)
        case tuple() | list():
            return f"[{', '.join(as_toml(one) for one in cast(list[object], value))}]"
        case _:
            return "…" if value else "{}"


def trusted(home: Path, folder: Path) -> bool:
    """Whether the person has trusted `folder`."""
    try:
        return os.path.realpath(folder) in (home / "trusted").read_text("utf-8", "surrogateescape").split("\n")
    except OSError:
        return False


def trust(home: Path, folder: Path) -> None:
    """Trust `folder` from now on."""
    if not trusted(home, folder):
        home.mkdir(parents=True, exist_ok=True)
        with (home / "trusted").open("a", encoding="utf-8", errors="surrogateescape") as file:
            file.write(os.path.realpath(folder) + "\n")


def remember_rule(home: Path, rule: str) -> None:
    """Allow `rule` in every session from now on."""
    path = home / "rules.toml"
    kept = [*_overlaid(Settings(), load_file(path), path).allow, rule]
    rules = ",\n".join(f"  {_toml(text)}" for text in dict.fromkeys(kept))
    replace_file(path, f"# Rules you have answered “always” to.\nallow = [\n{rules},\n]\n".encode())


def _toml(text: str) -> str:
    """`text` as a TOML string: JSON's, but for DEL. A half of a surrogate pair, which no file can hold, becomes `?`,
    which matches it."""
    import json

    return json.dumps(re.sub("[\ud800-\udfff]", "?", text), ensure_ascii=False).replace("\x7f", "\\u007f")
