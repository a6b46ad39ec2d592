"""What a screen is started with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from omg.ui.setting import SettingsDesk
from omg.ui.taste import Taste

if TYPE_CHECKING:
    from omg.agent.permit import Asker
    from omg.session.conversation import Conversation


@dataclass(frozen=True)
class Screen:
    """What is known before a session is open, and how to open one.

    `open(asker, session)` builds the session that the flags name, or resumes `session`; it is slow (0.1 to 0.5 s), and
    raises Trouble. `remember` keeps a rule for every session, `trust` this folder.
    """

    ui: Literal["auto", "tui", "repl"]
    """What the settings ask for."""
    model: str
    provider: str
    mode: str
    folder: Path
    home: Path
    color: bool
    open: Callable[[Asker | None, str | None], Conversation]
    remember: Callable[[str], None]
    trust: Callable[[], None]
    taste: Taste = field(default_factory=Taste)
    settings: SettingsDesk | None = None
    """To look at the settings and change them; None: there is nothing to change here."""
