"""What a session is opened with: values handed down by the command line, which alone reads settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from omg.agent.permit import Asker
from omg.agent.runtime import Limits, ModelSetup, Rules
from omg.cache.prices import LISTED, PriceList
from omg.core.catalog import Catalog
from omg.core.usage import Ttl
from omg.provider.protocol import Provider


@dataclass(frozen=True, slots=True)
class Config:
    """`model` and `effort` are what the person asked for by name; None: the session's own, else `default_model`."""

    home: Path
    folder: Path
    catalog: Catalog
    provider: Provider
    provider_name: str
    default_model: str
    setup_for: Callable[[str, str | None], ModelSetup]
    """The setup of a model, by name and effort."""
    rules: Rules
    limits: Limits
    project: Path | None = None
    """The folder whose settings a person may trust; None: the folder of work."""
    default_effort: str | None = None
    model: str | None = None
    effort: str | None = None
    budget: float | None = None
    """Dollars that the person asked the session to cost at most; None: what it has on record, else `limits` say."""
    asker: Asker | None = None
    typed: bool = False
    """Whether a person types here, and may let a while pass between turns."""
    ttl: Ttl | None = None
    """The ttl of messages that the person has set; None: it is decided."""
    keep_warm: bool = True
    """Whether pings may keep the cache warm between turns."""
    prices: PriceList = LISTED
    """What models cost, by the price list and by what the person has set."""
