"""A session as Markdown, HTML and JSON: all that happened is in it, and nothing in it can do harm."""

import json
import re
from html.parser import HTMLParser

import pytest

from omg.agent.schedule import Decision
from omg.core.trouble import Trouble
from omg.session.as_html import as_html
from omg.session.as_json import as_json
from omg.session.as_markdown import as_markdown
from omg.session.commands import run_command
from omg.session.index import Index
from omg.session.query import Query
from omg.session.store import Store
from omg.session.transcript import transcript
from omg.session.written import exported, format_of, write
from tests.scripted import Says, lines, stage
from tests.session.eventful import OTHER, eventful
from tests.summaries import summarising

EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> \x1b[2Jgone \u202eesrever\u2066 \x00 \"'&amp; ``` "
    "</pre></details>"
)


async def told(tmp_path):
    """The eventful session, loaded, with its log."""
    on = await eventful(tmp_path)
    conversation = on.again()
    await conversation.close()
    return conversation.tree, on.log


def kinds(section):
    return [item.kind for part in section.parts for item in part.items]


async def test_a_transcript_tells_words_calls_replies_epochs_and_forks(tmp_path):
    tree, _ = await told(tmp_path)
    whole = transcript(tree)
    main, a, b, c = whole.sections
    assert [item.text for part in main.parts for item in part.items if item.kind == "words"] == [
        "first",
        "second",
        "third",
        "fifth",
        "sixth",
    ]
    assert [(part.number, part.ended) for part in main.parts] == [(1, f"model {OTHER}"), (2, None)]
    assert whole.models[-1] == OTHER
    assert [(one.branch, one.parent, one.task, one.turn) for one in (a, b, c)] == [
        ("a", "main", "task_one", 1),
        ("b", "main", "task_two", 1),
        ("c", "main", "task_three", 4),
    ]
    assert kinds(a)[:2] == ["told", "task"]
    assert "words" in kinds(a), "it was woken"
    assert "thinking" in kinds(c)
    calls = [item for part in main.parts for item in part.items if item.kind == "call"]
    assert calls[0].text.startswith("hold")
    assert calls[0].result == "held x"
    assert sum(section.figures.requests for section in whole.sections) == whole.figures.requests


async def test_each_branch_tells_only_what_is_its_own(tmp_path):
    tree, _ = await told(tmp_path)
    texts = [item.text for part in transcript(tree).sections[1].parts for item in part.items]
    assert "first" not in texts
    assert "found one" in texts


async def test_a_branch_or_a_turn_of_it_can_be_told_alone(tmp_path):
    tree, _ = await told(tmp_path)
    whole = transcript(tree)
    (only,) = whole.narrowed("b", None).sections
    assert only.branch == "b"
    (main,) = whole.narrowed(None, 2).sections
    assert [item.text for part in main.parts for item in part.items if item.kind == "words"] == ["second"]
    with pytest.raises(LookupError, match="there is no branch 'z': there are main, a, b, c"):
        whole.narrowed("z", None)
    with pytest.raises(LookupError, match="main has no turn 77: it has 5"):
        whole.narrowed(None, 77)


async def test_markdown_is_brief_and_whole_with_full(tmp_path):
    tree, _ = await told(tmp_path)
    brief, full = (as_markdown(transcript(tree), full=full) for full in (False, True))
    assert brief.startswith("# first\n")
    assert "## fork a: task_one" in brief
    assert "**you**: second" in brief
    assert "### epoch 1 (ended: model" in brief
    assert "▸ `hold" in brief
    assert "held x" not in brief.replace("hold held x", "")
    assert "> hm" in full
    assert "> hm" not in brief
    assert "```\nheld x\n```" in full
    assert len(full) > len(brief)


async def test_json_has_every_message_as_it_was_sent_and_the_ledger(tmp_path):
    tree, _ = await told(tmp_path)
    value = json.loads(json.dumps(as_json(tree)))
    main = value["branches"][0]
    assert main["messages"][0] == json.loads(tree.branches["main"].tip.at_depth(1).message.body)
    assert [over["cause"] for over in main["epochs"]] == [f"model {OTHER}"]
    assert sum(branch["requests"] for branch in value["branches"]) == value["cache"]["tree"]["requests"]
    assert [branch["branch"] for branch in value["branches"]] == list(tree.branches)
    assert {"session", "title", "folder", "created", "updated", "parent", "models"} <= value.keys()


class Page(HTMLParser):
    """What a browser makes of a page: its tags, and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text, self.open = set(), set(), [], []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.text.append(data)


async def test_html_is_one_page_in_which_nothing_runs(tmp_path):
    on = stage(
        tmp_path,
        lines(
            first=[Says(EVIL, thinking=EVIL, calls=(("glob", {"pattern": EVIL}),)), Says(EVIL)],
            task=Says(EVIL),
        ),
    )
    conversation = on.open()
    await conversation.say(f"first {EVIL}")
    await conversation.agent.forks.wait(conversation.agent.fork([f"task {EVIL}"]))
    page = as_html(transcript(conversation.tree))
    read = Page()
    read.feed(page)
    assert read.open == []
    assert read.tags <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "h1",
            "h2",
            "h3",
            "p",
            "br",
            "div",
            "details",
            "summary",
            "pre",
        )
    }
    assert not {name for name in read.attributes if name.startswith("on")} and "src" not in read.attributes
    assert "href" not in read.attributes
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", page)
    assert "".join(read.text).count("<script>alert(1)</script>") >= 8
    assert r"\u202eesrever" in "".join(read.text)
    assert "default-src 'none'" in page
    assert "prefers-color-scheme" in page


async def test_html_folds_forks_and_calls_and_shows_main(tmp_path):
    tree, _ = await told(tmp_path)
    page = as_html(transcript(tree))
    assert page.count('<details class="branch" open>') == 1
    assert page.count('<details class="branch">') == 3
    assert '<details class="call"><summary>hold' in page
    assert "<h3>epoch 1 (ended: model" in page


async def test_markdown_moves_no_cursor_and_its_fences_hold(tmp_path):
    on = stage(tmp_path, lines(first=[Says("x", calls=(("glob", {"pattern": "```\n# no heading"}),)), Says(EVIL)]))
    conversation = on.open()
    await conversation.say("first")
    text = as_markdown(transcript(conversation.tree), full=True)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e\u2066]", text)
    assert r"\x1b[2Jgone \u202eesrever" in text


async def test_where_its_line_is_not_known_a_call_is_named_by_what_it_is_about(tmp_path):
    tree, _ = await told(tmp_path)
    tree.call_lines.clear()
    calls = [item.text for part in transcript(tree).sections[0].parts for item in part.items if item.kind == "call"]
    assert calls[:2] == ["hold x", "glob *"]


@pytest.mark.parametrize("format", ["markdown", "html", "json"])
async def test_a_session_in_which_nothing_was_said_can_be_exported(tmp_path, format):
    conversation = stage(tmp_path, lines()).open()
    assert conversation.id in exported(conversation.tree, format)


def test_the_ending_says_the_format(tmp_path):
    names = {"a.md": "markdown", "a.HTML": "html", "a.htm": "html", "a.json": "json"}
    assert {name: format_of(tmp_path / name) for name in names} == names
    with pytest.raises(Trouble, match=r"a\.pdf says no format"):
        format_of(tmp_path / "a.pdf")


def test_another_file_is_not_written_over_unless_it_is_asked_for(tmp_path):
    target = tmp_path / "a.md"
    write(target, "one")
    with pytest.raises(Trouble, match="is there already"):
        write(target, "two")
    assert target.read_text() == "one"
    write(target, "three", force=True)
    assert target.read_text() == "three"
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]


@pytest.mark.parametrize("name", ["none/a.md", "folder.md"])
def test_where_nothing_can_be_written_that_is_told_and_nothing_left(tmp_path, name):
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(Trouble):
        write(tmp_path / name, "x", force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.md"]


@pytest.mark.parametrize("name", ["", "out.md", "out.html", "out.json"])
async def test_an_open_session_is_exported_by_its_command(tmp_path, name):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first words here")
    done = await run_command(conversation, f"/export {name}")
    target = on.folder / (name or f"omg-{conversation.id}.md")
    assert done.text == f"written to {target}"
    assert "first words here" in target.read_text()
    with pytest.raises(Trouble, match="is there already"):
        await run_command(conversation, f"/export {name}")
    assert Store(on.home).path(conversation.id).is_file()
    await conversation.close()


async def test_over_a_compaction_nothing_is_told_twice_and_the_summary_is(tmp_path):
    on = stage(tmp_path, summarising(lines()))
    conversation = on.open()
    for words in ("first: never touch tests/", "second"):
        await conversation.say(words)
    await conversation.agent.compactor.fold(conversation.agent.live("main"), Decision("fold", "a test wants it"))
    await conversation.say("third")
    told = transcript(conversation.tree)
    old, new = told.sections[0].parts
    assert [item.text for item in old.items if item.kind == "words"] == ["first: never touch tests/", "second"]
    assert old.ended == "compaction"
    assert [item.kind for item in new.items][:2] == ["summary", "words"]
    assert [item.text for item in new.items if item.kind == "words"] == ["third"]
    assert [item.turn for item in new.items if item.kind == "words"] == [3]
    assert told.title == "first: never touch tests/"
    with Index(on.home) as index:
        index.update()
        (found,) = index.find(Query(("never touch",)), 9)
        assert found.summary.turns == 3
        assert [hit.kind for hit in found.hits] == ["title", "words"]
        assert found.summary.title == told.title
        assert found.summary.cost_usd == pytest.approx(told.figures.cost_usd)
    page = as_html(told)
    assert '<div class="text summary"' in page
    await conversation.close()
