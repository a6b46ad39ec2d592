import subprocess
from pathlib import Path

import pytest

from omg.workspace import git


def run(folder: Path, *words: str) -> str:
    config = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *config, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    run(tmp_path, "init", "-q")
    return tmp_path


def test_outside_of_a_repository_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert git.root(tmp_path) is None
    assert git.facts(tmp_path) is None
    assert git.facts(tmp_path / "nowhere") is None


def test_the_root_is_found_from_below(repo: Path) -> None:
    (repo / "a/b").mkdir(parents=True)
    assert git.root(repo / "a/b") == repo


def test_a_repository_without_a_commit(repo: Path) -> None:
    (repo / "a").touch()
    assert git.facts(repo) == git.GitFacts(repo, "main", None, 0, 1)


def test_what_has_changed_is_counted(repo: Path) -> None:
    for name in ("changed", "renamed", "deleted", "same"):
        (repo / name).write_text(f"{name}\n" * 20)
    run(repo, "add", ".")
    run(repo, "commit", "-qm", "x")
    (repo / "changed").write_text("new")
    (repo / "deleted").unlink()
    (repo / "new").touch()
    run(repo, "mv", "renamed", "? moved")
    head = run(repo, "rev-parse", "HEAD")[:7]
    assert git.facts(repo) == git.GitFacts(repo, "main", head, 3, 1)


def test_a_detached_head_has_no_branch(repo: Path) -> None:
    run(repo, "commit", "-qm", "x", "--allow-empty")
    run(repo, "checkout", "-q", "--detach")
    facts = git.facts(repo)
    assert facts is not None
    assert facts.branch is None
    assert facts.head is not None


def test_when_git_takes_too_long_the_counts_are_unknown(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(repo, "commit", "-qm", "x", "--allow-empty")
    quick = git.output

    def slow(folder: Path | str, *words: str, limit: float = 5.0) -> bytes | None:
        return None if words[0] == "status" else quick(folder, *words, limit=limit)

    monkeypatch.setattr(git, "output", slow)
    facts = git.facts(repo)
    assert facts is not None
    assert (facts.branch, facts.changed, facts.untracked) == ("main", None, None)
    assert facts.head == run(repo, "rev-parse", "--short", "HEAD")


def test_a_time_limit_is_held(repo: Path) -> None:
    assert git.output(repo, "-c", "alias.wait=!sleep 5", "wait", limit=0.1) is None


def test_looking_runs_nothing_that_the_repository_names(repo: Path) -> None:
    (repo / "spy").write_text("#!/bin/sh\ntouch ran\n")
    (repo / "spy").chmod(0o755)
    run(repo, "config", "core.fsmonitor", str(repo / "spy"))
    git.facts(repo)
    assert not (repo / "ran").exists()


def test_no_git_is_no_crash(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert git.facts(repo) is None
