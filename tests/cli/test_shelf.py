"""`omg sessions`, `omg show` and `omg export`, as scripts and people use them."""

import json

import pytest

from omg.agent.facts import Fact
from omg.cli.run import run
from tests.scripted import Says, lines, stage

GIT = [Fact("git", "git: branch feature at abc1234")]


@pytest.fixture
async def shelf(tmp_path, monkeypatch):
    """A home with two saved sessions, the newest with a fork; the folder of both is where commands run."""
    on = stage(tmp_path, lines(task=Says("found squid")), facts=lambda: GIT)
    on.ids = []
    for words in ("where does the krill live?", "what is in the sea? all of it"):
        conversation = on.open()
        await conversation.say(words)
        if on.ids:
            await conversation.agent.forks.wait(conversation.agent.fork(["task_one"]))
        await conversation.close()
        on.ids.append(conversation.id)
    monkeypatch.setenv("OMG_HOME", str(on.home))
    monkeypatch.chdir(on.folder)
    return on


@pytest.fixture
def omg(capsys):
    """Runs `omg` with words; status, output and errors."""

    def start(*words):
        status = run(words)
        out, err = capsys.readouterr()
        return status, out, err

    return start


async def test_the_list_has_the_newest_first_and_its_json_tells_more(shelf, omg):
    status, out, err = omg("sessions")
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == shelf.ids[::-1]
    assert out.splitlines()[0].endswith(f"{shelf.folder.resolve()}  what is in the sea?")
    newest, _ = json.loads(omg("sessions", "--output", "json")[1])
    assert newest["title"] == "what is in the sea?"
    assert {key: newest[key] for key in ("branch", "turns", "forks", "deleted", "parent")} == {
        "branch": "feature",
        "turns": 1,
        "forks": 1,
        "deleted": None,
        "parent": None,
    }
    assert newest["cost_usd"] > 0
    assert "hits" not in newest


async def test_words_find_sessions_and_tell_where(shelf, omg):
    out = omg("sessions", "squid")[1]
    assert out.splitlines()[1] == "    a: found squid"
    (found,) = json.loads(omg("sessions", "squid", "--output", "json")[1])
    (hit,) = found["hits"]
    assert (found["id"], hit["branch"], hit["kind"]) == (shelf.ids[1], "a", "reply")
    assert omg("sessions", "pony") == (0, "", "omg: no session matches\n")


async def test_filters_are_flags_or_words(shelf, omg, tmp_path):
    def ids(*words):
        return [one["id"] for one in json.loads(omg("sessions", *words, "--output", "json")[1])]

    assert ids("--folder", ".") == ids("folder:.") == ids("--branch", "feature") == shelf.ids[::-1]
    assert ids("--folder", str(tmp_path / "other")) == ids("branch:main") == ids("--until", "1d") == []
    assert ids("--since", "today", "krill") == [shelf.ids[0]]
    assert ids("--limit", "1") == [shelf.ids[1]]
    status, out, err = omg("sessions", "--since", "soon")
    assert (status, out) == (1, "")
    assert err.startswith("omg: 'soon' is no day: say 2026")


async def test_rename_delete_restore_and_prune(shelf, omg):
    one, two = shelf.ids
    assert omg("sessions", "rename", one, "All", "about krill")[1] == f"session {one} is called: All about krill\n"
    assert omg("sessions", "about")[1].split()[0] == one
    assert omg("sessions", "delete", one)[0] == 0
    assert [line.split()[0] for line in omg("sessions")[1].splitlines()] == [two]
    trashed = omg("sessions", "--trash")[1]
    assert trashed.startswith(one) and "All about krill" in trashed
    assert json.loads(omg("sessions", "--trash", "--output", "json")[1])[0]["deleted"] > 0
    assert omg("sessions", "restore", one[:6])[1] == f"session {one} is back\n"
    assert omg("sessions", "krill")[1].split()[0] == one
    omg("sessions", "delete", one)
    assert omg("sessions", "prune")[1] == "0 sessions are gone for good\n"
    assert omg("sessions", "prune", "--older", "0h")[1] == "1 sessions are gone for good\n"
    assert omg("sessions", "--trash") == (0, "", "omg: the trash is empty\n")


async def test_an_open_session_is_refused_in_one_line(shelf, omg):
    again = shelf.again()
    for words in (("rename", again.id, "x"), ("delete", again.id)):
        status, out, err = omg("sessions", *words)
        assert (status, out) == (1, "")
        assert f"session {again.id} is open" in err
        assert len(err.splitlines()) == 1
    await again.close()


@pytest.mark.parametrize("words", [["rename"], ["rename", "x"], ["delete"], ["restore", "a", "b"], ["delete", "none"]])
async def test_half_a_command_says_the_whole_one(shelf, omg, words):
    status, out, err = omg("sessions", *words)
    assert (status, out) == (1, "")
    assert err.startswith("omg: say `omg sessions") or "there is no session" in err


async def test_show_is_made_to_be_read(shelf, omg):
    out = omg("show")[1]
    assert out.startswith("# what is in the sea?\n")
    assert "## fork a: task_one" in out
    assert "**you**: what is in the sea? all of it" in out
    assert "<environment>" not in out
    assert "<environment>" in omg("show", "--full")[1]
    assert "## main" not in omg("show", "last", "--branch", "a")[1]
    status, _, err = omg("show", "--turn", "9")
    assert (status, err) == (1, "omg: main has no turn 9: it has 1\n")
    assert json.loads(omg("show", "--output", "json")[1])["session"] == shelf.ids[1]


async def test_export_writes_a_file_once(shelf, omg):
    page = shelf.folder / "out.html"
    assert omg("export", "last", "-o", "out.html") == (0, "written to out.html\n", "")
    assert page.read_text().startswith("<!doctype html>")
    status, out, err = omg("export", "last", "-o", "out.html")
    assert (status, out) == (1, "")
    assert "is there already" in err
    assert omg("export", shelf.ids[0], "-o", "out.html", "--force")[0] == 0
    assert "krill" in page.read_text()
    assert omg("export")[1].startswith("# what is in the sea?")
    assert json.loads(omg("export", "--format", "json")[1])["title"] == "what is in the sea?"
    assert omg("export", "-o", "out.txt")[0] == 1
    assert omg("export", "-o", "out.txt", "--format", "json")[0] == 0


async def test_what_is_said_of_a_damaged_index_is_said_once(shelf, omg):
    omg("sessions")
    (shelf.home / "index.sqlite").write_bytes(b"x" * 9000)
    _, out, err = omg("sessions", "krill")
    assert out.startswith(shelf.ids[0])
    assert err.count("made again") == 1
    assert omg("sessions", "krill") == (0, out, "")
