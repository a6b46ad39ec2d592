"""Modes and rules: a table of who may do what."""

from pathlib import Path

import pytest

from omg.agent.permit import BadRule, Policy, command_subject, narrower, parse_rule, path_subject
from omg.workspace.bash import simple_command, simple_commands


def file(root: Path, name: str):
    return path_subject(root / name, root.resolve())


def command(text: str):
    return command_subject(text, simple_command(text), simple_commands(text))


def policy(root, mode="ask", allow=(), deny=(), child=False):
    return Policy(mode, tuple(map(parse_rule, allow)), tuple(map(parse_rule, deny)), root, child)


TABLE = [
    # mode, child, effect, verdict with no rule at all
    ("ask", False, "read", "allow"),
    ("ask", False, "fork", "allow"),
    ("ask", False, "write", "ask"),
    ("ask", False, "run", "ask"),
    ("edit", False, "write", "allow"),
    ("edit", False, "run", "ask"),
    ("plan", False, "read", "allow"),
    ("plan", False, "write", "refuse"),
    ("plan", False, "run", "refuse"),
    ("all", False, "write", "allow"),
    ("all", False, "run", "allow"),
    *[(mode, True, "read", "allow") for mode in ("ask", "edit", "plan", "all")],
    *[(mode, True, "write", "refuse") for mode in ("ask", "edit", "plan", "all")],
    *[(mode, True, "run", "ask") for mode in ("ask", "edit", "all")],
    ("plan", True, "run", "refuse"),
]


@pytest.mark.parametrize(("mode", "child", "effect", "verdict"), TABLE)
def test_what_a_mode_says(tmp_path, mode, child, effect, verdict):
    subject = command("make") if effect == "run" else file(tmp_path, "a.py")
    assert policy(tmp_path, mode, child=child).decide("tool", effect, subject).kind == verdict


@pytest.mark.parametrize("child", [False, True])
def test_no_allow_rule_lifts_mode_plan_for_main_or_for_a_fork(tmp_path, child):
    plan = policy(tmp_path, "plan", ["shell", "write"], child=child)
    assert plan.decide("shell", "run", command("make")).kind == "refuse"
    assert plan.decide("write", "write", file(tmp_path, "a")).kind == "refuse"


def test_a_fork_runs_by_an_allow_rule_and_writes_by_none(tmp_path):
    fork = policy(tmp_path, "all", ["shell(make)", "write"], child=True)
    assert fork.decide("shell", "run", command("make")).kind == "allow"
    assert fork.decide("shell", "run", command("make x")).kind == "ask"
    assert fork.decide("write", "write", file(tmp_path, "a")).kind == "refuse"


@pytest.mark.parametrize("mode", ["ask", "edit", "plan", "all"])
@pytest.mark.parametrize("child", [False, True])
def test_deny_wins_over_allow_in_every_mode(tmp_path, mode, child):
    rules = policy(tmp_path, mode, ["shell", "read", "write"], ["shell(git push *)", "read(secret*)", "write"], child)
    assert rules.decide("shell", "run", command("git push origin")).kind == "refuse"
    assert rules.decide("shell", "run", command("true && git push")).kind == "refuse"
    assert rules.decide("shell", "run", command("echo $(git push -f)")).kind == "refuse"
    assert rules.decide("read", "read", file(tmp_path, "secrets.txt")).kind == "refuse"
    assert rules.decide("write", "write", file(tmp_path, "a")).kind == "refuse"


ALLOWED = [
    ("shell(git diff *)", "git diff", True),
    ("shell(git diff *)", "git diff HEAD~1", True),
    ("shell(git diff *)", "git difftool", False),
    ("shell(git diff *)", "git diff; rm -rf .", False),
    ("shell(git diff *)", "git diff $(rm x)", False),
    ("shell(git diff *)", "git diff > x", False),
    ("shell(git diff *)", "git diff\nrm x", False),
    ("shell(git diff *)", "git diff | cat", False),
    ("shell", "git diff | cat", True),
    ("write", "git diff", False),
]


@pytest.mark.parametrize(("rule", "text", "allowed"), ALLOWED)
def test_an_allow_rule_covers_one_simple_command(tmp_path, rule, text, allowed):
    verdict = policy(tmp_path, "ask", [rule]).decide("shell", "run", command(text))
    assert (verdict.kind == "allow") is allowed


@pytest.mark.parametrize("path", [".git/hooks/pre-commit", "sub/.git/config", ".omg/tools/x.py"])
def test_mode_edit_asks_about_what_can_make_something_run(tmp_path, path):
    assert policy(tmp_path, "edit").decide("write", "write", file(tmp_path, path)).kind == "ask"
    assert policy(tmp_path, "all").decide("write", "write", file(tmp_path, path)).kind == "allow"


def test_mode_edit_asks_about_what_lies_outside_also_through_a_link(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    (root / "hooks").symlink_to(root / ".git")
    for name in ("../a", "link/a", "hooks/pre-commit"):
        assert policy(root, "edit").decide("write", "write", file(root, name)).kind == "ask", name


def test_a_root_that_is_reached_through_a_link_is_still_the_root(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert policy(tmp_path / "link", "edit").decide("write", "write", file(tmp_path / "link", "a")).kind == "allow"


def test_a_deny_rule_finds_a_file_behind_a_link(tmp_path):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "innocent").symlink_to(tmp_path / "secret")
    rules = policy(tmp_path, "all", deny=[f"read({tmp_path}/secret)"])
    assert rules.decide("read", "read", file(tmp_path, "innocent")).kind == "refuse"


def test_a_deny_rule_finds_a_relative_name_behind_a_link(tmp_path):
    (tmp_path / "x").symlink_to(tmp_path / ".env")
    (tmp_path / "d").symlink_to(tmp_path / "secret")
    (tmp_path / "secret").mkdir()
    rules = policy(tmp_path, "all", deny=["read(.env)", "read(secret/*)", "read(x)"])
    for name in (".env", "x", "d/key", "secret/../.env"):
        assert rules.decide("read", "read", file(tmp_path, name)).kind == "refuse", name


def test_an_allow_rule_is_held_against_where_a_path_leads_not_against_what_it_is_called(tmp_path):
    root = tmp_path / "root"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "n.md").symlink_to(tmp_path / "outside.txt")
    (root / "short").symlink_to(root / "docs")
    rules = policy(root, "ask", ["write(docs/*)"])
    assert rules.decide("write", "write", file(root, "docs/n.md")).kind == "ask"
    assert rules.decide("write", "write", file(root, "docs/new.md")).kind == "allow"
    assert rules.decide("write", "write", file(root, "short/new.md")).kind == "allow"
    absolute = policy(root, "ask", [f"write({tmp_path.resolve()}/outside.txt)"])
    assert absolute.decide("write", "write", file(root, "docs/n.md")).kind == "allow"


def test_a_deny_rule_of_the_project_holds_in_its_subfolders(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "link").symlink_to(tmp_path / "secret" / "key")
    for name in ("secret/key", "sub/link"):
        subject = path_subject(tmp_path / name, tmp_path / "sub", tmp_path)
        assert policy(tmp_path, "all", deny=["read(secret/*)"]).decide("read", "read", subject).kind == "refuse"


def test_what_may_not_be_read_is_kept_from_everything_that_reads(tmp_path):
    rules = policy(tmp_path, "all", deny=["read(secret/*)", "grep(big/*)"])
    decide = {name: rules.decide(name, "read", file(tmp_path, "secret/key")).kind for name in ("read", "grep", "glob")}
    assert set(decide.values()) == {"refuse"}
    assert rules.decide("grep", "read", file(tmp_path, "big/x")).kind == "refuse"
    assert rules.decide("read", "read", file(tmp_path, "big/x")).kind == "allow"
    assert rules.decide("write", "write", file(tmp_path, "secret/key")).kind == "allow"


@pytest.mark.parametrize("text", ["", "shell(", "shell(x", "(x)", "she ll", "shell)x("])
def test_what_is_no_rule_is_told(text):
    with pytest.raises(BadRule):
        parse_rule(text)


def test_of_two_modes_the_narrower_is_found():
    assert [narrower(a, b) for a, b in (("all", "ask"), ("plan", "edit"), ("edit", "all"))] == ["ask", "plan", "edit"]
