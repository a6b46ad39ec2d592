"""The house: what a wheel holds, what a tool may import, and which modules a start must not load."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_a_wheel_installs_omg_and_nothing_else(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert "omg" in tops
    assert all(top == "omg" or top.endswith(".dist-info") for top in tops)


def test_a_wheel_bundles_what_the_model_reads(wheel):
    bundled = {name.removeprefix("omg/_bundled/") for name in wheel.namelist() if name.startswith("omg/_bundled/")}
    sources = [path for folder in ("tools", "prompts") for path in (ROOT / folder).rglob("*") if path.is_file()]
    wanted = {str(path.relative_to(ROOT)) for path in sources if "__pycache__" not in path.parts}
    assert bundled == wanted | {"COMPACT.md"}


def test_the_same_head_from_a_wheel_as_from_a_checkout(wheel, tmp_path):
    wheel.extractall(tmp_path)
    program = "from omg.core.catalog import load_catalog; print(load_catalog().head('x', model='m').id)"
    ids = {
        subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True).stdout
        for folder in (tmp_path, ROOT)
    }
    assert len(ids) == 1


@pytest.mark.parametrize("path", sorted((ROOT / "tools").glob("*.py")), ids=lambda path: path.name)
def test_a_tool_imports_the_tool_module_and_its_siblings_only(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["." if node.level else node.module or ""]
        else:
            continue
        for name in names:
            top = name.split(".")[0]
            assert name in ("omg.core.tool", ".") or top in sys.stdlib_module_names or top == "pydantic", name


def test_the_version_needs_no_library():
    program = (
        "import sys; from omg.cli import main; main(['--version']);"
        "print(sorted({m.split('.')[0] for m in sys.modules} & "
        "{'anthropic','pydantic','prompt_toolkit','rich','textual','git','genai_prices','asyncio','argparse'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_file_says_what_it_is_for():
    for path in [*(ROOT / "omg").rglob("*.py"), *(ROOT / "tools").glob("*.py"), *(ROOT / "bench").glob("*.py")]:
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path
