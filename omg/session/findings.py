"""What probes have found, kept beside the settings: `rules.json`, by endpoint and model."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from datetime import datetime
from pathlib import Path
from typing import cast

from omg.cache.rules import RuleOverrides
from omg.core.trouble import Trouble

_NAME = "rules.json"
_KEEPS = 90 * 86_400.0
"""Seconds that a finding is relied on."""


class FindingsError(Trouble):
    """The file cannot be read or written: where it is and what to do."""


def findings_path(home: Path) -> Path:
    """Where they are kept."""
    return home / _NAME


def load_findings(home: Path, endpoint: str, model: str) -> RuleOverrides:
    """What is known of `model` at `endpoint`; nothing where nobody has asked. Raises FindingsError."""
    entry = _entries(home).get(endpoint, {}).get(model)
    if entry is None:
        return RuleOverrides()
    found = _checked(entry)
    if found is None:
        raise _unreadable(home, f"what it says of {model} makes no sense")
    return found


def usable_findings(home: Path, endpoint: str, model: str, now: float) -> tuple[RuleOverrides, str | None]:
    """What may be relied on of what was found, and what a person should know where that is not all of it: providers
    change their rules, and a file that cannot be read stops nobody. `now` is in seconds, UTC epoch."""
    try:
        found = load_findings(home, endpoint, model)
    except FindingsError as error:
        return RuleOverrides(), f"{error}; until then the published cache rules hold"
    kept = {each.name: getattr(found, each.name) for each in fields(found)}
    old = [name for name, finding in kept.items() if finding is not None and not _fresh(finding.at, now)]
    if not old:
        return found, None
    notice = (
        f"what was probed of {model} on {kept[old[0]].at[:10]} is too old to rely on: the published cache rules hold; "
        "`omg doctor --probe` asks again"
    )
    return replace(found, **dict.fromkeys(old)), notice


def _fresh(at: str, now: float) -> bool:
    """Whether a finding of that day (ISO 8601) is young enough; one without a day that can be read is not."""
    try:
        then = datetime.fromisoformat(at).timestamp()
    except (ValueError, OverflowError, OSError):
        return False
    return now - then < _KEEPS


def save_findings(home: Path, endpoint: str, model: str, found: RuleOverrides) -> None:
    """Put what was `found` over what was known. Other models and endpoints stay. Raises FindingsError."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _locked(home):
            entries = _entries(home)
            older = _checked(entries.get(endpoint, {}).get(model, {})) or RuleOverrides()
            known = {name: value for name, value in asdict(found.over(older)).items() if value is not None}
            entries.setdefault(endpoint, {})[model] = known
            _write(home, json.dumps({"endpoints": entries}, indent=1, ensure_ascii=False))
    except OSError as error:
        raise FindingsError(f"cannot keep what was found in {home}: {error.strerror or error}") from error


@contextmanager
def _locked(home: Path) -> Generator[None]:
    """Alone with the file: two probes at once must not lose each other's answers."""
    with (home / f"{_NAME}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write(home: Path, text: str) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    path = home / f"{_NAME}.new"
    path.write_text(text + "\n", "utf-8")
    path.replace(findings_path(home))


def _entries(home: Path) -> dict[str, dict[str, object]]:
    """The whole file: by endpoint, then by model."""
    try:
        parsed: object = json.loads(findings_path(home).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(home, str(error)) from error
    endpoints = cast(dict[str, object], parsed).get("endpoints") if isinstance(parsed, dict) else None
    if not isinstance(endpoints, dict) or not all(isinstance(models, dict) for models in endpoints.values()):  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        raise _unreadable(home, "it does not list endpoints")
    return cast(dict[str, dict[str, object]], endpoints)


def _unreadable(home: Path, why: str) -> FindingsError:
    return FindingsError(f"cannot read {findings_path(home)}: {why}; remove it, and probe again")


def _checked(entry: object) -> RuleOverrides | None:
    """One model's findings; None where they are of the wrong shape or impossible."""
    from pydantic import TypeAdapter, ValidationError

    try:
        found = TypeAdapter(RuleOverrides).validate_json(json.dumps(entry), strict=True)
    except ValidationError:
        return None
    numbers = (found.minimum, found.lookback)
    wrong = any(number is not None and number.value < 1 for number in numbers)
    settle = found.settle_seconds
    return None if wrong or (settle is not None and not 0 <= settle.value < 3600) else found
