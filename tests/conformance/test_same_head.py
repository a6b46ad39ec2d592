"""What cannot change a head: no day, folder, mode, upgrade or environment does, since a session keeps its bytes."""

from __future__ import annotations

import json
import locale
import os
import random
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from omg.agent.facts import environment
from omg.agent.runtime import Rules
from omg.core.catalog import Catalog, load_catalog
from omg.session.conversation import head_for
from tests.conformance.heads import SYSTEM, TOOLS, as_string, mutated
from tests.conformance.whole import CATALOG, MODEL, SETUP, START, Whole, foretold, sound, usage


def heads(whole: Whole) -> set[str]:
    """The head part of everything sent."""
    return {sent.prefix.partition(b',"messages":[')[0].decode() for sent in whole.sent}


def upgraded(mutate) -> Catalog:
    """The catalog of a later version: its tools and prompts are those of a mutated head."""
    head = mutated(head_of(CATALOG), mutate)
    fields = json.loads(head.body + b"}")
    catalog = Catalog(CATALOG.tools, {**CATALOG.prompts, "system": fields["system"][0]["text"]})
    vars(catalog)["schemas"] = tuple(fields["tools"])
    return catalog


def head_of(catalog: Catalog):
    return catalog.head("offline", model=MODEL, headers=SETUP.headers, extra=dict(SETUP.extra))


@pytest.mark.parametrize("mutate", [*TOOLS, *(case for case in SYSTEM if case.values != (as_string,))])
async def test_a_saved_session_keeps_its_head_when_the_program_has_another(whole, mutate):
    whole.catalog = upgraded(mutate)
    conversation = whole.again()
    await whole.say(conversation, "what now?")
    main = conversation.tree.branches["main"]
    assert head_for(conversation.config, SETUP).id != main.head.id
    assert (main.head.id, main.epoch) == (head_of(CATALOG).id, 1)
    assert whole.causes == []
    assert usage(conversation).read == foretold(conversation).read > 5000


def test_m003_m009_tools_found_in_another_order_make_the_same_head():
    shuffled = list(CATALOG.tools.items())
    random.Random(1).shuffle(shuffled)
    assert head_of(Catalog(dict(shuffled), CATALOG.prompts)).id == head_of(CATALOG).id


def test_m032_white_space_around_a_prompt_is_not_in_the_head(tmp_path):
    source = Path(__file__).parents[2]
    for folder in ("tools", "prompts"):
        (tmp_path / folder).mkdir()
        for path in (source / folder).glob("*.*"):
            (tmp_path / folder / path.name).write_bytes(path.read_bytes())
    prompt = tmp_path / "prompts" / "system.md"
    prompt.write_bytes(b"\n" + prompt.read_bytes().replace(b"\n", b"\r\n") + b"\r\n\r\n")
    assert head_of(load_catalog(tmp_path)).id == head_of(CATALOG).id


def test_m021_m022_m023_m024_m025_m026_m028_m034_rendering_a_head_asks_nothing_of_the_world(monkeypatch):
    expected = head_of(CATALOG).id
    fresh = Catalog(CATALOG.tools, CATALOG.prompts)

    asked: list[str] = []
    with monkeypatch.context() as patched:
        for module, name in (
            *((time, name) for name in ("time", "monotonic", "localtime", "gmtime", "strftime")),
            *((os, name) for name in ("getcwd", "getpid", "urandom", "stat", "open")),
            (locale, "getlocale"),
            (subprocess, "Popen"),
            (uuid, "uuid4"),
            (random, "random"),
        ):
            patched.setattr(module, name, lambda *_, name=name, **__: asked.append(name))
        # Read by pydantic, which looks for plugins of its own.
        patched.setattr(os, "environ", {"HOME": "/elsewhere", "LANG": "tr_TR", "OMG_MODEL": "another", "TERM": "dumb"})
        found = head_of(fresh).id
    assert (found, asked) == (expected, [])


def test_m023_m029_m034_another_process_zone_locale_and_hash_seed_make_the_same_head(tmp_path):
    program = (
        "import sys, types; sys.path.insert(0, sys.argv[1]);"
        "from tests.conformance.whole import CATALOG, MODEL, SETUP;"
        "print(CATALOG.head('offline', model=MODEL, headers=SETUP.headers, extra=dict(SETUP.extra)).id)"
    )
    env = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LC_ALL": "C", "HOME": str(tmp_path), "LANG": "xx"}
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", program, root], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.stdout.strip() == head_of(CATALOG).id, done.stderr


async def test_m021_m024_m025_m026_m027_m030_m035_another_day_folder_and_project_read_the_same_head(whole, tmp_path):
    """What varies is told in messages, so a session in another folder on another day reads this head."""
    whole.clock.at += 1800
    elsewhere = Whole(tmp_path / "other home", tmp_path / "other" / "place", whole.clock, whole.cache)
    (elsewhere.folder / "AGENTS.md").write_text("Use tabs.")
    subprocess.run(["git", "init", "-q", "-b", "side", str(elsewhere.folder)], check=True)
    conversation = elsewhere.open()
    await elsewhere.say(conversation, "what is here?")
    first = elsewhere.sent[0]
    texts = [block["text"] for block in first.json["messages"][0]["content"]]
    assert "Use tabs." in texts[0]
    assert f"folder: {elsewhere.folder}" in texts[1] and "branch side" in texts[1] and "date: " in texts[1]
    head, id = heads(elsewhere).pop(), conversation.id
    assert str(elsewhere.folder) not in head and "Use tabs" not in head and id not in first.body.decode()
    assert usage(conversation, 0).read > 1000


async def test_m021_m022_midnight_is_told_behind_what_was_sent(whole):
    conversation = whole.again()
    await whole.say(conversation, "what now?")
    before = whole.sent[-1].prefix
    conversation.agent.runtime.facts = lambda: later(conversation)
    whole.clock.at += 100
    await whole.say(conversation, "and now?")
    assert whole.sent[-1].prefix.startswith(before)
    assert "date: 2026-10-" in whole.sent[-1].json["messages"][-1]["content"][0]["text"]
    assert whole.causes == []


def later(conversation):
    """The facts of ten days later."""
    return list(environment(conversation.config.folder, None, START + 10 * 86400))


async def test_m030_m070_an_instruction_file_that_changes_is_told_again_behind_what_was_sent(whole):
    conversation = whole.again()
    await whole.say(conversation, "what now?")
    before = whole.sent[-1].prefix
    (whole.folder / "AGENTS.md").write_text("Use tabs.")
    await whole.say(conversation, "and now?")
    middle = whole.sent[-1].prefix
    os.utime(whole.folder / "AGENTS.md", (1, 1))
    await whole.say(conversation, "and then?")
    assert middle.startswith(before) and whole.sent[-1].prefix.startswith(middle)
    assert [b"Use tabs." in sent.prefix for sent in whole.sent] == [False, True, True]
    assert whole.sent[-1].prefix.count(b"Use tabs.") == 1, "a new time stamp alone is no change"
    assert whole.causes == []


async def test_m014_m015_m018_m029_m037_m105_modes_forks_and_asides_send_the_same_head(whole):
    conversation = whole.again()
    await whole.say(conversation, "what now?")
    conversation.agent.set_mode("plan")
    await whole.say(conversation, "show story.txt")
    aside = conversation.agent.aside("what was that?")
    await conversation.agent.forks.wait([aside])
    await whole.fork(conversation, "show story.txt, part 3")
    assert len(whole.sent) >= 5 and len(heads(whole)) == 1
    assert whole.causes == []
    sent = b"".join(each.body for each in whole.sent)
    assert conversation.id.encode() not in sent
    assert sound(conversation)


async def test_m036_m074_limits_and_rules_are_not_in_what_is_sent(whole):
    conversation = whole.again()
    await whole.say(conversation, "what now?")
    runtime = conversation.agent.runtime
    runtime.rules = Rules("plan")
    runtime.limits = type(runtime.limits)(budget_usd=1000.0, max_turns=50)
    before = whole.sent[-1].prefix
    await whole.say(conversation, "and now?")
    assert whole.sent[-1].prefix.startswith(before) and len(heads(whole)) == 1
