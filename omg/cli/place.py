"""Where OMG keeps its state. Light: it is asked before anything is drawn."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def home(env: Mapping[str, str]) -> Path:
    """The folder of all of OMG's state: OMG_HOME, else the platform's data folder."""
    if env.get("OMG_HOME"):
        return Path(env["OMG_HOME"]).expanduser().absolute()
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/omg").expanduser()
    data = env.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "omg"
