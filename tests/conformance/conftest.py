"""One worked session for all of these tests; each goes on with a copy of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.conformance.whole import Whole, worked


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("base")
    whole = Whole(folder / "home", folder / "work")
    asyncio.run(worked(whole))
    assert whole.causes == []
    return whole


@pytest.fixture
def whole(base: Whole, tmp_path: Path) -> Whole:
    return base.copied(tmp_path)
