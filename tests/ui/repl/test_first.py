"""The first prompt waits for nothing heavy."""

import subprocess
import sys

HEAVY = {"prompt_toolkit", "pydantic", "rich", "anthropic", "genai_prices", "asyncio", "textual", "git", "tree_sitter"}


def test_nothing_heavy_is_loaded_before_the_prompt_is_painted():
    program = (
        "import sys, contextlib, omg.ui.repl.first as first\n"
        "@contextlib.contextmanager\n"
        "def stop():\n"
        "    print(sorted({name.split('.')[0] for name in sys.modules}), flush=True)\n"
        "    sys.stdin = sys.stdout = None\n"
        "    raise SystemExit\n"
        "    yield\n"
        "first.first_prompt = stop\n"
        "from omg.cli import run as cli\n"
        "cli._repl(cli.parse([]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not HEAVY & set(eval(done.stdout))
