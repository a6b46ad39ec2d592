"""The transcript by its keys and its mouse: what streams, what folds, what stays where it was."""

import asyncio

import pytest

from omg.core.events import CacheMissed, Compacted, Forked, Joined, Notice, UserSaid
from omg.core.tool import Show
from omg.ui.tui.transcript import view
from omg.ui.tui.transcript.story import output
from tests.scripted import Says, lines, stage, until
from tests.ui.tui.transcript.staging import called, ended, history, page, result, text, thinking, wrote

DIFF = Show("diff", "@@ -1 +1 @@\n-    if draught > depth:\n+    if draught > depth + tide:")


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(view, "_FRAME", 0.0)


@pytest.fixture
def conversation(tmp_path):
    return stage(tmp_path, lines()).open()


async def heard(transcript, *events):
    for event in events:
        transcript.heard(event)
    await shown(transcript)


async def shown(transcript):
    await until(lambda: not transcript._due)


async def test_markdown_is_drawn_as_it_streams(conversation):
    async with page(conversation) as (transcript, _):
        await heard(transcript, text("In **one** pla"))
        assert "In one pla" in transcript.text
        await heard(transcript, text("ce.\n\n```python\nx = 1"))
        assert "In one place." in transcript.text
        assert "x = 1" in transcript.text
        await heard(transcript, text("\n```\n"), ended())
        assert "```" not in transcript.text
        assert "x = 1" in transcript.text


async def test_code_that_grows_keeps_every_line(conversation):
    async with page(conversation, (80, 400)) as (transcript, _):
        code = [f"line_{n} = {n}" if n % 7 else "" for n in range(1, 300)]
        await heard(transcript, text("```python\n"))
        for row in code:
            transcript.heard(text(row + "\n"))
            transcript._frame()
        growing = [row.strip() for row in transcript.text.splitlines()]
        assert growing[: len(code)] == code
        await heard(transcript, text("```\n"), ended())
        assert [row.strip() for row in transcript.text.splitlines()][: len(code)] == code


async def test_a_cut_reply_says_that_it_is_not_kept(conversation):
    async with page(conversation) as (transcript, _):
        await heard(transcript, text("half an ans"), ended(whole=False))
        assert "half an ans" in transcript.text
        assert "not part of the history" in transcript.text


async def test_thinking_shows_its_end_while_it_goes_on_and_is_folded_then(conversation):
    async with page(conversation) as (transcript, pilot):
        await heard(transcript, thinking("first this, "), thinking("then that"))
        assert "then that" in transcript.text
        await heard(transcript, text("So."))
        assert "▸ thought" in transcript.text
        assert "then that" not in transcript.text
        await pilot.press("up", "up", "enter")
        assert "first this, then that" in transcript.text


async def test_a_call_is_one_line_until_it_is_opened(conversation):
    async with page(conversation) as (transcript, pilot):
        await heard(transcript, called("t1", "edit", path="src/berth.py", old="a", new="b"))
        assert "● edit   src/berth.py" in transcript.text
        await heard(transcript, result("t1", "edit", "edited", "edit src/berth.py +1 −1", DIFF))
        assert "▸ edit   src/berth.py" in transcript.text
        assert "+1 −1" in transcript.text
        assert "if draught" not in transcript.text
        await pilot.press("up", "enter")
        assert "▾ edit" in transcript.text
        assert "│ +    if draught > depth + tide:" in transcript.text
        await pilot.press("enter")
        assert "if draught" not in transcript.text


async def test_a_click_opens_a_card_and_a_click_on_its_head_closes_it(conversation):
    async with page(conversation) as (transcript, pilot):
        await heard(
            transcript, called("t1", "grep", pattern="moor"), result("t1", "grep", "a:1:moor\nb:2:moor", "2 hits")
        )
        row = next(y for y, line in enumerate(transcript.text.splitlines()) if "grep" in line)
        await pilot.click(transcript, offset=(6, row))
        assert "│ a:1:moor" in transcript.text
        await pilot.click(transcript, offset=(8, row + 1))  # what is opened can be selected
        assert "│ a:1:moor" in transcript.text
        await pilot.click(transcript, offset=(6, row))
        assert "│ a:1:moor" not in transcript.text


async def test_a_running_call_shows_the_last_line_it_wrote(conversation):
    async with page(conversation) as (transcript, _):
        await heard(transcript, called("t1", "shell", command="make"), wrote("t1", "compiling\nlinking\n"))
        assert "linking" in transcript.text
        await heard(transcript, result("t1", "shell", "status 2\nno", "status 2", failed=True))
        assert "✗ shell  make" in transcript.text
        assert "linking" not in transcript.text


async def test_what_a_tool_or_a_model_writes_cannot_move_the_cursor(conversation):
    async with page(conversation) as (transcript, _):
        bad = "\x1b[2J\x1b]0;title\x07red\u202e"
        await heard(
            transcript,
            text(f"say {bad}"),
            ended(),
            called("t1", "shell", command=f"echo {bad}"),
            wrote("t1", bad),
            thinking(bad),
            Notice(branch="main", at=1.0, text=bad),
        )
        assert "\x1b" not in transcript.text
        assert "title" not in transcript.text


async def test_the_end_of_a_long_history_is_shown_first_and_the_rest_when_it_is_wanted(conversation):
    history(conversation, 5000)
    async with page(conversation) as (transcript, pilot):
        assert "Answer 4999" in transcript.text
        assert len(transcript.story.items) < 200
        await pilot.press("pageup")
        assert "Answer 4990" in transcript.text
        await pilot.press("home")
        await until(lambda: "question 0" in transcript.text)
        assert len(transcript.story.items) == 10_000
        await pilot.press("end")
        assert "Answer 4999" in transcript.text


async def test_scrolling_up_meets_everything_once_in_order(conversation):
    history(conversation, 60, "Answer {n}:\n\n" + "- point\n" * 12)
    async with page(conversation, (60, 20)) as (transcript, pilot):
        met = []
        for _ in range(400):
            seen = [row for row in transcript.text.splitlines() if row.startswith("› question") or "Answer" in row]
            for row in reversed(seen):
                if row not in met:
                    met.append(row)
            if transcript.scroll_y == 0 and not transcript.story.more:
                break
            transcript.scroll_to(y=transcript.scroll_y - 5, animate=False)
            await pilot.pause()
        expected = [row for n in range(60) for row in (f"› question {n}", f"  Answer {n}:")]
        assert met == expected[::-1]


async def test_what_is_read_stays_while_more_comes_below(conversation):
    history(conversation, 50)
    async with page(conversation) as (transcript, pilot):
        await pilot.press("pageup", "pageup")
        before = transcript.text
        await heard(transcript, text("new words\n\n" * 30), ended(), UserSaid(branch="main", at=1.0, text="and?"))
        after = transcript.text
        assert after.splitlines()[:-1] == before.splitlines()[:-1]
        assert "↓ 2 new below" in after
        await pilot.press("end")
        assert "› and?" in transcript.text
        assert "new below" not in transcript.text


async def test_a_click_on_the_marker_goes_to_the_end(conversation):
    history(conversation, 50)
    async with page(conversation) as (transcript, pilot):
        await pilot.press("pageup", "pageup")
        await heard(transcript, text("new words"))
        await pilot.click(transcript, offset=(4, 23))
        assert "new words" in transcript.text


async def test_another_width_keeps_the_place(conversation):
    history(conversation, 200, "Answer {n}: " + "words that fill a line or two, " * 6)
    async with page(conversation, (100, 30)) as (transcript, pilot):
        await pilot.press(*["pageup"] * 6)
        first = next(row for row in transcript.text.splitlines() if row.startswith("›"))
        await pilot.resize_terminal(50, 12)
        await pilot.pause()
        place = next(n for n, item in enumerate(transcript.story.items) if f"› {item.copied}" == first)
        near = {item.copied for item in transcript.story.items[place - 2 : place + 3]}
        assert any(words[:9] in transcript.text for words in near)
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        assert transcript.max_scroll_y > 0


@pytest.mark.parametrize("size", [(1, 1), (5, 2), (12, 3), (300, 90)])
async def test_any_size_will_do(conversation, size):
    history(conversation, 20)
    async with page(conversation) as (transcript, pilot):
        await pilot.resize_terminal(*size)
        await heard(transcript, text("words"), ended(), called("t1", "read", path="a"))
        await pilot.press("pageup", "up", "enter", "end")


async def test_a_forks_card_leads_to_it_and_its_report_opens(tmp_path):
    there = stage(tmp_path, lines(first=Says("All right."), look=Says("Found it.\n\n" + "More of it.\n\n" * 20)))
    conversation = there.open()
    await conversation.say("first")
    async with page(conversation, (80, 60)) as (transcript, pilot):
        conversation.hub.listen(transcript.heard)
        (child,) = conversation.agent.fork(["look at it"])
        await conversation.agent.forks.wait([child])
        await shown(transcript)
        assert "⑂ a      look at it" in transcript.text
        assert "✔ a      report ready · look at it" in transcript.text
        assert "more lines" in transcript.text
        await pilot.press("up", "enter")
        assert transcript.text.count("More of it.") == 20
        row = next(y for y, line in enumerate(transcript.text.splitlines()) if "⑂ a" in line)
        await pilot.click(transcript, offset=(6, row))
        assert transcript.app.chosen == ["a"]


async def test_a_fork_is_followed_from_the_middle_of_what_it_says(tmp_path):
    gate = asyncio.Event()
    there = stage(tmp_path, lines(first=Says("All right."), look=Says("I am looking.", midway=gate)))
    conversation = there.open()
    await conversation.say("first")
    async with page(conversation) as (transcript, _):
        conversation.hub.listen(transcript.heard)
        (child,) = conversation.agent.fork(["look at it"])
        await until(lambda: there.spoke(child.name))
        transcript.follow(child.name)
        assert "› look at it" in transcript.text
        assert "I am looking." in transcript.text
        assert "All right." not in transcript.text
        transcript.follow("main")
        assert "All right." in transcript.text
        gate.set()
        await conversation.agent.forks.wait([child])
        transcript.follow(child.name)
        assert transcript.text.count("I am looking.") == 1


async def test_events_of_other_branches_stay_out_but_for_what_a_person_must_know(conversation):
    async with page(conversation) as (transcript, _):
        await heard(
            transcript,
            text("secret", branch="a"),
            Notice(branch="a", at=1.0, text="trying again"),
            Forked(branch="main", at=1.0, child="a", task="look"),
        )
        assert "secret" not in transcript.text
        assert "a: trying again" in transcript.text
        assert "⑂ a      look" in transcript.text


async def test_joined_reports_are_told_where_they_are_read(tmp_path):
    there = stage(tmp_path, lines(first=Says("All right."), look=Says("Found it.")))
    conversation = there.open()
    await conversation.say("first")
    async with page(conversation) as (transcript, _):
        conversation.hub.listen(transcript.heard)
        (child,) = conversation.agent.fork(["look at it"])
        await conversation.agent.forks.wait([child])
        await conversation.agent.join()
        await shown(transcript)
        assert any(isinstance(event, Joined) and event.sealed for event in there.events)
        assert "its report is read here" in transcript.text


async def test_selected_text_is_what_stands_there(conversation):
    await asyncio.sleep(0)
    async with page(conversation) as (transcript, pilot):
        await heard(transcript, text("one line\n\nanother line"), ended())
        await pilot.mouse_down(transcript, offset=(2, 0))
        await pilot.hover(transcript, offset=(7, 2))
        await pilot.mouse_up(transcript, offset=(9, 2))
        assert transcript.screen.get_selected_text() == "one line\n\n  another"


async def test_the_item_at_the_cursor_is_copied(conversation):
    async with page(conversation) as (transcript, pilot):
        await heard(transcript, text("copy *this*"), ended())
        await pilot.press("up", "y")
        assert transcript.app.clipboard == "copy *this*"


async def test_a_call_of_the_past_says_in_its_line_what_it_said_live(tmp_path):
    there = stage(tmp_path, lines(first=[Says(calls=(("grep", {"pattern": "moor"}),)), Says("done")]))
    (there.folder / "a.txt").write_text("moor\nmoor\n")
    before = there.open()
    await before.say("first")
    async with page(before) as (transcript, _):
        live = [row for row in transcript.text.splitlines() if "grep" in row]
    await before.close()
    async with page(there.again()) as (transcript, _):
        assert [row for row in transcript.text.splitlines() if "grep" in row] == live
        assert "2 lines in 1 file" in live[0]


@pytest.mark.parametrize(("name", "linked"), [("read", True), ("write", True), ("edit", True), ("grep", False)])
async def test_the_file_of_a_card_is_a_link(conversation, name, linked):
    async with page(conversation) as (transcript, _):
        await heard(transcript, called("t1", name, path="src/my berth.py"), result("t1", name, "x", f"{name} x"))
        strips = transcript.screen._compositor.render_strips(transcript.app.size)
        links = {segment.style.link for strip in strips for segment in strip if segment.style and segment.style.link}
        assert links == ({(conversation.config.folder / "src/my berth.py").as_uri()} if linked else set())


async def test_columns_that_are_left_out_are_told_of_and_there_when_it_is_opened(conversation):
    async with page(conversation) as (transcript, pilot):
        item = output(transcript.story, "/cache")
        item.end("n  read  cost", fit=lambda columns: "n  cost")
        transcript.story.alter(item)
        await shown(transcript)
        assert "n  cost" in transcript.text and "more columns" in transcript.text
        await pilot.press("up", "enter")
        assert "n  read  cost" in transcript.text and "more columns" not in transcript.text


async def test_misses_and_foldings_are_told_and_those_of_forks_with_their_name(conversation):
    async with page(conversation) as (transcript, _):
        await heard(
            transcript,
            CacheMissed(branch="main", at=1.0, n=2, cause="ttl lapse"),
            CacheMissed(branch="a", at=1.0, n=3, cause="evicted"),
            Compacted(branch="main", at=1.0, phase="waits", text="forks read it", before=1, after=1),
        )
        for words in ("! cache miss: ttl lapse", "! a: cache miss: evicted", "folded later: forks read it"):
            assert words in transcript.text


async def test_the_code_of_an_opened_card_has_colours(conversation):
    async with page(conversation) as (transcript, pilot):
        shows = Show("code", "def moor(): return 1", "berth.py")
        await heard(transcript, called("t1", "read", path="berth.py"), result("t1", "read", "x", "1 line", shows))
        await pilot.press("up", "enter")
        strips = transcript.screen._compositor.render_strips(transcript.app.size)
        row = next(strip for strip in strips if "def moor" in strip.text)
        assert len({segment.style.color for segment in row if segment.style and segment.text.strip()}) > 2
