"""The head: what every request of every fork carries. A change of its size or bytes is a reviewed change."""

import json
import os
import subprocess
import sys
from hashlib import sha256

from omg.core.catalog import load_catalog

SIZE = 4346
HASH = "32554175402e6a19"


def body() -> bytes:
    return load_catalog().head("https://api.anthropic.com", model="claude-opus-5-5").body + b"}"


def test_the_head_is_the_one_that_was_reviewed(record_property):
    found = body()
    print(f"head: {len(found)} bytes, SHA-256 {sha256(found).hexdigest()[:16]}")
    assert len(found) <= 8192
    assert (len(found), sha256(found).hexdigest()[:16]) == (SIZE, HASH), "reviewed? then write the new figures here"


def test_tools_go_out_by_name_with_the_inputs_of_the_public_contract():
    tools = {tool["name"]: set(tool["input_schema"]["properties"]) for tool in json.loads(body())["tools"]}
    assert tools == {
        "edit": {"path", "old", "new", "all"},
        "fork": {"tasks", "write"},
        "glob": {"pattern", "path"},
        "grep": {"pattern", "path", "glob", "context"},
        "read": {"path", "offset", "limit"},
        "shell": {"command", "timeout", "background"},
        "write": {"path", "content"},
    }
    assert list(tools) == sorted(tools)


def test_the_head_is_the_same_in_another_process_folder_locale_and_time_zone(tmp_path):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "from omg.core.catalog import load_catalog;"
        "print(load_catalog().head('https://api.anthropic.com', model='claude-opus-5-5').id)"
    )
    here = load_catalog().head("https://api.anthropic.com", model="claude-opus-5-5").id
    root = os.getcwd()
    for seed, zone in (("1", "Asia/Tokyo"), ("77", "America/Lima")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C", "HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", program, root], cwd=tmp_path, env=env, capture_output=True, text=True
        )
        assert done.stdout.strip() == here, done.stderr
