"""What a lasting yes covers: the call, its like where that is harmless, and nothing else."""

from pathlib import Path

import pytest

from omg.agent.offer import rule_for
from omg.agent.permit import command_subject, covered, parse_rule, path_subject
from omg.workspace.bash import simple_command, simple_commands


def command(text: str):
    return command_subject(text, simple_command(text), simple_commands(text))


def offered(text: str) -> str:
    return rule_for("shell", command(text))


EXACT = [
    "rm -rf build",
    "bash -c 'ls'",
    "python -c 'print(1)'",
    "sudo rm x",
    "env FOO=1 ls",
    "git -C /x diff",
    "git push origin main",
    "npm run build",
    "uv run pytest",
    "make test",
    "ls",
    "rm *",
    "ls [ab]*.txt",
    "touch 'what?'",
    "./git diff x",
]


@pytest.mark.parametrize("text", EXACT)
def test_the_rule_is_this_command_and_no_other(text):
    rule = parse_rule(offered(text))
    assert covered([rule], "shell", command(text))
    assert not covered([rule], "shell", command(f"{text} more"))
    for other in ("rm -rf /", "bash -c x", "rm a", "ls a.txt", "touch 'whatx'", "git push origin other"):
        assert not covered([rule], "shell", command(other)), other


@pytest.mark.parametrize("text", ["git diff", "git diff HEAD", "git commit -m 'a *'"])
def test_where_the_subcommand_says_what_is_done_its_like_is_covered(text):
    rule = parse_rule(offered(text))
    assert covered([rule], "shell", command(text))
    assert covered([rule], "shell", command(f"{text} more"))
    assert not covered([rule], "shell", command("git push"))
    assert not covered([rule], "shell", command(f"{text}; rm x"))


def test_no_rule_can_be_told_for_more_than_one_command_or_for_what_cannot_be_shown(tmp_path):
    assert offered("make; rm x") == ""
    assert rule_for("write", path_subject(tmp_path / "a\nb", tmp_path)) == ""
    assert rule_for("write", path_subject(tmp_path / "\udcff", tmp_path)) == ""


@pytest.mark.parametrize("name", ["a.py", "a[1].txt", "*", "what?", "a (1).txt", "\U0001f600 café"])
def test_a_file_is_told_by_its_absolute_path_and_matches_itself_alone(tmp_path, name):
    here = path_subject(tmp_path / name, tmp_path)
    rule = parse_rule(rule_for("write", here))
    assert covered([rule], "write", here)
    assert not covered([rule], "edit", here)
    for other in (tmp_path / "other", tmp_path / "a1.txt", tmp_path.parent / "project" / name):
        assert not covered([rule], "write", path_subject(other, tmp_path.parent / "project"))


def test_a_link_is_told_by_where_it_leads(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    here = path_subject(tmp_path / "link", tmp_path)
    assert rule_for("write", here) == f"write({Path(tmp_path / 'real').resolve()})"
    assert here.names[0] == "real"
