"""What is told of the place of work: once, again when it changes, and when it is gone."""

import contextlib
import os
import socket

import pytest

from omg.agent.facts import Fact, instruction_paths, instructions, untold
from tests.scripted import Says, failure, lines, stage


def facts(**texts):
    return [Fact(name, text) for name, text in texts.items()]


def test_everything_is_told_once():
    telling = untold(facts(folder="folder: /x", date="date: today"), {})
    assert telling.blocks == ("<environment>\nfolder: /x\ndate: today\n</environment>",)
    assert untold(facts(folder="folder: /x", date="date: today"), telling.told).blocks == ()


def test_only_what_changed_is_told_again():
    told = untold(facts(folder="folder: /x", date="date: today"), {}).told
    (block,) = untold(facts(folder="folder: /x", date="date: tomorrow"), told).blocks
    assert "date: tomorrow" in block
    assert "folder" not in block
    assert "changed" in block


def test_what_is_gone_is_told_once_and_what_comes_back_is_told_again():
    there = [Fact("file /x/AGENTS.md", "be brief")]
    told = dict(untold(there, {}).told)
    gone = untold([], told)
    assert "is gone" in gone.blocks[0]
    told |= gone.told
    assert untold([], told).blocks == ()
    assert "be brief" in untold(there, told).blocks[0]


def test_instructions_are_read_from_the_widest_to_the_nearest(tmp_path):
    home, root = tmp_path / "home", tmp_path / "root"
    folder = root / "a" / "b"
    folder.mkdir(parents=True)
    home.mkdir()
    for place, text in ((home, "mine"), (root, "project"), (root / "a", "part"), (folder, "here")):
        (place / "AGENTS.md").write_text(text)
    (root / "CLAUDE.md").symlink_to(root / "AGENTS.md")
    found = [fact.text for fact in instructions(instruction_paths(home, root, folder))]
    assert [text.splitlines()[1] for text in found] == ["mine", "project", "part", "here"]


def test_a_file_that_cannot_be_read_as_text_or_at_all_harms_nobody(tmp_path):
    (tmp_path / "AGENTS.md").mkdir()
    (tmp_path / "CLAUDE.md").write_bytes(b"\xff\xfe be brief")
    (found,) = instructions(instruction_paths(tmp_path / "none", tmp_path, tmp_path))
    assert "be brief" in found.text


def test_a_long_file_is_cut_and_says_so(tmp_path):
    (tmp_path / "AGENTS.md").write_text("x" * 50_000)
    (found,) = instructions(instruction_paths(tmp_path / "none", tmp_path, tmp_path))
    assert "10000 more bytes" in found.text
    assert len(found.text) < 41_000


@pytest.mark.parametrize("kind", ["pipe", "endless", "socket"])
def test_what_is_no_regular_file_is_passed_over(tmp_path, kind):
    place = tmp_path / "AGENTS.md"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "endless":
        place.symlink_to("/dev/zero")
    else:
        with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(tmp_path):
            server.bind(place.name)
    (tmp_path / "CLAUDE.md").write_text("be brief")
    (found,) = instructions(instruction_paths(tmp_path / "none", tmp_path, tmp_path))
    assert "be brief" in found.text


def test_of_a_huge_file_no_more_is_read_than_is_told(tmp_path):
    with (tmp_path / "AGENTS.md").open("wb") as file:
        file.write(b"be brief")
        file.truncate(40_000_000)
    (found,) = instructions(instruction_paths(tmp_path / "none", tmp_path, tmp_path))
    assert "be brief" in found.text
    assert len(found.text) < 41_000


async def test_a_session_tells_the_instructions_once_and_again_when_they_change(tmp_path):
    on = stage(tmp_path, lines(), facts=None)
    instructions_file = on.folder / "AGENTS.md"
    instructions_file.write_text("Be brief.")
    conversation = on.open()
    await conversation.say("first")
    await conversation.say("second")
    assert [len(sent.newest) for sent in on.provider.sent] == [3, 1]
    instructions_file.write_text("Be long.")
    await conversation.say("third")
    note, words = on.provider.sent[-1].newest
    assert "has changed" in note["text"]
    assert "Be long." in note["text"]
    await conversation.close()

    again = on.again()
    await again.say("fourth")
    assert len(on.provider.sent[-1].newest) == 1
    instructions_file.unlink()
    await again.say("fifth")
    assert "is gone" in on.provider.sent[-1].newest[0]["text"]
    assert words["text"] == "third"


async def test_what_was_told_in_a_message_that_was_taken_back_is_told_again(tmp_path):
    on = stage(tmp_path, lines(first=Says(refused=failure("refused"))), facts=lambda: facts(folder="folder: /x"))
    conversation = on.open()
    await conversation.say("first")
    await conversation.say("second")
    assert [len(sent.newest) for sent in on.provider.sent] == [2, 2]


async def test_a_fork_is_not_told_what_its_parent_knows(tmp_path):
    on = stage(tmp_path, lines(), facts=lambda: facts(folder="folder: /x"))
    conversation = on.open()
    await conversation.say("first")
    await conversation.agent.forks.wait(conversation.agent.fork(["task"]))
    assert len(on.provider.sent[-1].newest) == 2
    conversation.agent.wake("a", "again")
    await conversation.agent.forks.wait([conversation.agent.live("a")])
    assert len(on.provider.sent[-1].newest) == 1
