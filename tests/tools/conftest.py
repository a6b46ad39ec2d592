from pathlib import Path

import pytest

from tests.tools.context import FakeContext


@pytest.fixture
def context(tmp_path: Path) -> FakeContext:
    folder = tmp_path / "project"
    folder.mkdir()
    return FakeContext(folder)
