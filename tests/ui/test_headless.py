"""Headless over a scripted provider: what is printed, and what happens when it cannot be."""

import json

import pytest

from omg.core.events import Text
from omg.core.spoken import Spoken
from omg.session.verify import verify
from omg.ui.headless import Job, run
from tests.scripted import Says, lines, stage


class Breaks:
    """Standard output that takes so many lines, and then raises."""

    def __init__(self, most, error):
        self.most, self.error, self.lines = most, error, []

    def write(self, text):
        if len(self.lines) >= self.most:
            raise self.error
        self.lines.append(text)

    def flush(self):
        pass


@pytest.mark.parametrize("most", [0, 1, 3])
@pytest.mark.parametrize("error", [BrokenPipeError(32, "Broken pipe"), OSError(28, "No space left on device")])
async def test_when_nobody_reads_on_the_job_ends_in_order(tmp_path, monkeypatch, most, error):
    calls = tuple(("glob", {"pattern": "*"}) for _ in range(3))
    on = stage(tmp_path, lines(first=[Says("one", calls=calls), Says("two", calls=calls), Says("three")]))
    conversation = on.open()
    out = Breaks(most, error)
    monkeypatch.setattr("sys.stdout", out)
    with pytest.raises(type(error)) as raised:
        await run(conversation, Job("first", output="stream-json"))
    assert raised.value is error
    assert len(out.lines) == most
    assert len(on.provider.sent) <= 1
    if most:
        assert verify(conversation.tree).problem is None
    assert all(request.settled for request in conversation.tree.requests.values())


async def test_forks_at_work_end_as_well_and_report_what_they_had(tmp_path, monkeypatch):
    on = stage(tmp_path, lines(task=Says(calls=(("hold", {"name": "never"}), ("hold", {"name": "x"})))))
    on.hold.gate("x").set()
    conversation = on.open()
    out = Breaks(10_000, BrokenPipeError())
    monkeypatch.setattr("sys.stdout", out)
    conversation.hub.listen(lambda event: setattr(out, "most", 0) if on.hold.begun else None)
    with pytest.raises(BrokenPipeError):
        await run(conversation, Job("first", ("task",), output="stream-json"))
    assert conversation.tree.branches["a"].status == "stopped"


async def test_a_listener_that_raises_harms_neither_the_turn_nor_the_other_listeners(tmp_path):
    on = stage(tmp_path, lines(first=Says("done")))
    conversation = on.open()
    failures, heard = [], []

    def breaks(event):
        raise ZeroDivisionError(event.type)

    conversation.hub.listen(breaks, failures.append)
    conversation.hub.listen(heard.append)
    assert (await conversation.say("first")).stop == "end_turn"
    assert len(failures) == len(heard) > 3
    assert any(isinstance(event, Text) for event in heard)


@pytest.mark.parametrize("output", ["text", "json", "stream-json"])
async def test_words_that_a_crash_took_back_are_printed_whole(tmp_path, capsys, output):
    on = stage(tmp_path, lines(first=Says("one")))
    conversation = on.open()
    conversation.draft = Spoken("look at\nboth files")
    assert await run(conversation, Job("first", output=output)) == 0
    told = capsys.readouterr()
    if output == "stream-json":
        notices = [line for line in map(json.loads, told.out.splitlines()) if line["type"] == "notice"]
        assert [notice["text"] for notice in notices] == ["words that were not answered: look at\nboth files"]
    else:
        assert "words that were not answered: look at\nboth files\n" in told.err


async def test_text_is_the_last_reply_and_then_the_reports(tmp_path, capsys):
    on = stage(tmp_path, lines(first=Says("main says"), task=Says("fork says")))
    assert await run(on.open(), Job("first", ("task",))) == 0
    assert capsys.readouterr().out == "main says\n\n## task\n\nfork says\n"
