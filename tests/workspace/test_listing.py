import os
import subprocess
from pathlib import Path

import pytest

from omg.workspace.listing import Paths, names_under


def git(folder: Path, *words: str) -> None:
    config = (
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "-c",
        "init.defaultBranch=main",
        "-c",
        "protocol.file.allow=always",
    )
    subprocess.run(["git", *config, *words], cwd=folder, check=True, capture_output=True)


def files(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")


def names(folder: Path, pattern: str | None = None) -> list[str]:
    return names_under(str(folder), pattern)[1]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = tmp_path / "repo"
    repo.mkdir()
    git(repo, "init", "-q")
    return repo


def test_gitignore_is_honoured_at_every_depth(repo: Path) -> None:
    files(repo, "a.py", "a.log", "sub/b.py", "sub/b.tmp", "build/x", ".github/ci.yml")
    (repo / ".gitignore").write_text("*.log\nbuild/\n")
    (repo / "sub/.gitignore").write_text("*.tmp\n")
    assert names(repo) == [".github/ci.yml", ".gitignore", "a.py", "sub/.gitignore", "sub/b.py"]
    assert names(repo / "sub") == [".gitignore", "b.py"]
    assert names(repo, "**/*.py") == ["a.py", "sub/b.py"]


def test_an_ignored_folder_is_listed_when_it_is_asked_for(repo: Path) -> None:
    files(repo, "build/x", "build/deep/y")
    (repo / ".gitignore").write_text("build/\n")
    assert names(repo / "build") == ["deep/y", "x"]


def test_what_is_tracked_counts_unless_it_is_deleted(repo: Path) -> None:
    files(repo, "kept.log", "gone.py")
    (repo / ".gitignore").write_text("*.log\n")
    git(repo, "add", "-f", ".")
    (repo / "gone.py").unlink()
    assert names(repo) == [".gitignore", "kept.log"]


def test_repositories_within_are_listed_by_their_own_rules(repo: Path, tmp_path: Path) -> None:
    inner, module = repo / "inner", tmp_path / "module"
    for folder in (inner, module):
        files(folder, "a", "hidden")
        (folder / ".gitignore").write_text("hidden\n")
        git(folder, "init", "-q")
        git(folder, "add", ".")
        git(folder, "commit", "-qm", "x")
    git(repo, "submodule", "-q", "add", str(module), "module")
    assert names(repo) == [".gitmodules", "inner/.gitignore", "inner/a", "module/.gitignore", "module/a"]
    assert names(tmp_path, "**/a") == ["module/a", "repo/inner/a", "repo/module/a"]


def test_a_merge_conflict_is_one_file(repo: Path) -> None:
    for branch, text in (("main", "1"), ("other", "2"), ("main", "3")):
        git(
            repo,
            "checkout",
            "-q",
            *(["-b", branch] if text == "2" else [branch] if text == "3" else ["--orphan", "main"]),
        )
        (repo / "a").write_text(text)
        git(repo, "add", ".")
        git(repo, "commit", "-qm", text)
    subprocess.run(["git", "merge", "-q", "other"], cwd=repo, check=False, capture_output=True)
    assert names(repo) == ["a"]


def test_outside_of_a_repository_hidden_and_generated_folders_are_left_out(tmp_path: Path) -> None:
    files(tmp_path, "a", ".b", ".venv/c", "node_modules/d", "x/__pycache__/e", "x/f")
    assert names(tmp_path) == ["a", "x/f"]
    assert names(tmp_path / ".venv") == ["c"]


@pytest.mark.parametrize("in_git", [True, False])
def test_symlinks_end_no_listing(tmp_path: Path, in_git: bool) -> None:
    if in_git:
        git(tmp_path, "init", "-q")
    files(tmp_path, "d/a")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "d/up").symlink_to("..")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "link").symlink_to("d/a")
    os.mkfifo(tmp_path / "pipe")
    assert names(tmp_path) == ["d/a", "link"]


@pytest.mark.parametrize("in_git", [True, False])
def test_names_that_do_not_decode_survive(tmp_path: Path, in_git: bool) -> None:
    if in_git:
        git(tmp_path, "init", "-q")
    broken = os.fsdecode(b"caf\xe9\n")
    files(tmp_path, broken)
    assert names(tmp_path) == [broken]


def test_one_file_is_its_own_listing(tmp_path: Path) -> None:
    files(tmp_path, "a.py")
    assert names_under(str(tmp_path / "a.py"), None) == (str(tmp_path), ["a.py"])
    assert names(tmp_path / "a.py", "*.js") == []


def test_git_variables_of_a_hook_do_not_lead_astray(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(repo, "a")
    monkeypatch.setenv("GIT_DIR", "/nowhere/.git")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    (repo / ".gitignore").write_text("b\n")
    files(repo, "b")
    assert names(repo) == [".gitignore", "a"]


def test_paths_are_a_sequence() -> None:
    paths = Paths("/x", ["a", "b/c"])
    assert (len(paths), paths[1], [*paths[:1]]) == (2, Path("/x/b/c"), [Path("/x/a")])
