"""A session that goes on after a rest knows what has changed: told once, in the block that tells the place."""

import os
import subprocess

from omg.agent import meanwhile
from omg.agent.facts import Fact, environment
from omg.agent.starts import start_at
from omg.session.commands import run_command
from omg.workspace import git
from tests.scripted import Says, failure, lines, stage

WHO = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
ENV = {**os.environ, **WHO}


def commit(folder, subject: str) -> None:
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", subject], cwd=folder, env=ENV, check=True)


def reads(*paths: str):
    return [Says(calls=tuple(("read", {"path": path}) for path in paths))]


def told(on) -> str:
    return "\n".join(block.get("text", "") for block in on.provider.sent[-1].newest)


async def rested(on, *words: str):
    conversation = on.open()
    for each in words:
        await conversation.say(each)
    await conversation.close()


async def test_files_that_were_read_and_are_changed_or_gone_are_named_once_and_others_are_not(tmp_path):
    on = stage(tmp_path, lines(first=reads("same.txt", "new.txt", "gone.txt", "touched.txt")))
    for name in ("same.txt", "new.txt", "gone.txt", "touched.txt", "unread.txt"):
        (on.folder / name).write_text(f"{name}\n")
    await rested(on, "first")
    (on.folder / "new.txt").write_text("other\n")
    (on.folder / "unread.txt").write_text("other\n")
    (on.folder / "gone.txt").unlink()
    os.utime(on.folder / "touched.txt")
    again = on.again()
    await again.say("second")
    assert "new.txt (changed)" in told(on) and "gone.txt (gone)" in told(on)
    assert not any(name in told(on) for name in ("same.txt", "touched.txt", "unread.txt"))
    await again.say("third")
    assert told(on) == "third"
    await again.close()


async def test_commits_since_then_are_counted_and_a_few_are_named(tmp_path):
    on = stage(tmp_path, lines(), facts=None)
    subprocess.run(["git", "init", "-q"], cwd=on.folder, env=ENV, check=True)
    commit(on.folder, "the beginning")
    await rested(on, "first")
    for number in range(7):
        commit(on.folder, f"step {number}")
    again = on.again()
    (line,) = again.since()
    assert ": 7: " in line and line.endswith(", …")
    await again.say("second")
    block = on.provider.sent[-1].newest[0]["text"]
    assert block.startswith("<environment changed>") and "commits since" in block and ": 7" in block
    assert "step 6" in block and "step 1" not in block and "and 2 more" in block
    assert len(on.provider.sent[-1].newest) == 2
    await again.close()


async def test_people_are_told_the_same_in_a_line_each_and_as_often_as_they_look(tmp_path):
    on = stage(tmp_path, lines(first=reads("a.txt")))
    (on.folder / "a.txt").write_text("old\n")
    await rested(on, "first")
    (on.folder / "a.txt").write_text("new\n")
    again = on.again()
    for _ in range(2):
        (line,) = again.since()
        assert line.startswith("files you have read that are not as you read them, since ")
        assert line.endswith(": a.txt (changed)")
    assert f"since then: {line}" in (await run_command(again, "/from")).text
    await again.say("second")
    assert again.since() == []
    await again.close()


async def test_after_going_back_what_was_written_since_is_told(tmp_path):
    on = stage(
        tmp_path,
        lines(first=reads("a.txt"), second=[Says(calls=(("write", {"path": "a.txt", "content": "new"}),))]),
        allow=("write(*)",),
    )
    (on.folder / "a.txt").write_text("old\n")
    conversation = on.open()
    await conversation.say("first")
    node = conversation.tree.branches["main"].tip
    await conversation.say("second")
    conversation.go_on_at(start_at(conversation.tree, node), "back")
    await conversation.say("third")
    assert "a.txt (changed)" in told(on)


async def test_nothing_is_said_where_nothing_has_changed_and_words_that_come_back_lose_no_news(tmp_path, monkeypatch):
    monkeypatch.setattr(meanwhile, "_SLACK", 0.0)
    on = stage(tmp_path, lines(first=reads("a.txt"), second=[Says(refused=failure("refused"))]))
    (on.folder / "a.txt").write_text("old\n")
    await rested(on, "first")
    again = on.again()
    (on.folder / "a.txt").write_text("new\n")
    await again.say("second")
    await again.say("third")
    assert "a.txt (changed)" in told(on)
    await again.close()
    last = on.again()
    await last.say("fourth")
    assert "a.txt" not in told(on)
    await last.close()


def test_git_that_does_not_tell_is_no_folder_without_a_repository(tmp_path):
    (tmp_path / "plain").mkdir()
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    plain, repository = (list(environment(tmp_path / name, None, 0.0))[-1] for name in ("plain", "repository"))
    assert plain == Fact("git", "git: not a git repository")
    assert "does not tell" in repository.text


def test_commits_since_what_is_no_commit_are_not_told(tmp_path):
    for wrong in ("", "--all", "HEAD", "0" * 7, "zzzz"):
        assert git.commits_since(tmp_path, wrong) is None
