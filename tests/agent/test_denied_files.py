"""What a rule keeps from being read is found by no listing and no search, whatever they are pointed at."""

import pytest

from omg.agent.permit import parse_rule
from omg.agent.runtime import Rules
from tests.scripted import Says, lines, stage


async def told(tmp_path, deny, *calls):
    """The results of `calls`, over a folder with a secret, a link to it, and a plain file."""
    rules = Rules("ask", deny=tuple(map(parse_rule, deny)))
    on = stage(tmp_path, lines(first=Says(calls=calls)), rules=rules)
    (on.folder / "secret").mkdir()
    (on.folder / "secret" / "key").write_text("needle in secret\n")
    (on.folder / "plain").write_text("needle in plain\n")
    (on.folder / "link").symlink_to(on.folder / "secret" / "key")
    conversation = on.open()
    await conversation.say("first")
    await conversation.close()
    return [block["content"][0]["text"] for block in on.provider.sent[1].newest if block["type"] == "tool_result"]


@pytest.mark.parametrize("deny", ["read(secret/*)", "grep(secret/*)"])
async def test_grep_finds_no_line_of_it(tmp_path, deny):
    calls = (
        ("grep", {"pattern": "needle"}),
        ("grep", {"pattern": "needle", "glob": "secret/*"}),
        ("grep", {"pattern": "needle", "path": "secret"}),
        ("grep", {"pattern": "needle", "glob": "link"}),
        ("grep", {"pattern": "needle", "path": "link"}),
    )
    everywhere, by_glob, by_folder, by_link, named = await told(tmp_path, [deny], *calls)
    assert everywhere == "plain:1:needle in plain"
    assert by_glob == by_folder == by_link == "no line matches"
    assert "a rule forbids this" in named


async def test_glob_lists_it_under_no_name(tmp_path):
    calls = (("glob", {"pattern": "**/*"}), ("glob", {"pattern": "*", "path": "secret"}))
    everywhere, inside = await told(tmp_path, ["read(secret/*)"], *calls)
    assert everywhere == "plain"
    assert "no file matches" in inside


async def test_a_rule_for_one_search_leaves_the_others_alone(tmp_path):
    calls = (("glob", {"pattern": "**/*"}), ("read", {"path": "secret/key"}))
    listed, read = await told(tmp_path, ["grep(secret/*)"], *calls)
    assert listed.split() == ["link", "plain", "secret/key"]
    assert read == "needle in secret\n"
