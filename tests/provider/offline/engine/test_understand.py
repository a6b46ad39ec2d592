"""What the engine makes of a person's words: the rules as a table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omg.provider.offline.engine.intent import understand
from omg.provider.offline.engine.intents import (
    Connect,
    Create,
    Decline,
    Find,
    Help,
    Intent,
    ListFiles,
    Outline,
    Replace,
    Run,
    Several,
    Show,
    SumUp,
    Symbol,
    Words,
)

ACTS: list[tuple[str, Intent]] = [
    ("run `make test`", Run("make test")),
    ("Please run `git status` and tell me what it says", Run("git status")),
    ("can you execute the command `ls -la`?", Run("ls -la")),
    ("run ``echo `date` ``", Run("echo `date`")),
    ("run:\n```sh\nls\npwd\n```", Run("ls\npwd")),
    ("run the tests", Run("")),
    ("in src/app.py replace `foo(1)` with `bar(2)`", Replace("src/app.py", "foo(1)", "bar(2)")),
    ("In `src/app.py`, replace `a` by ``", Replace("src/app.py", "a", "")),
    ('replace "old words" with "new words" in notes.txt', Replace("notes.txt", "old words", "new words")),
    ("in a.py replace\n```\nx\ny\n```\nwith\n```\nz\n```", Replace("a.py", "x\ny", "z")),
    ("create notes/todo.md with `buy milk`", Create("notes/todo.md", "buy milk")),
    ("create a file hello.py containing\n```python\nprint(1)\n```", Create("hello.py", "print(1)\n")),
]

LOOKS: list[tuple[str, Intent]] = [
    ("outline omg/wire/seal.py", Outline("omg/wire/seal.py")),
    ("give me an outline of `main.go`", Outline("main.go")),
    ("what's in config.toml?", Outline("config.toml")),
    ("what does main.rs do?", Outline("main.rs")),
    ("read README.md", Show("README.md")),
    ("show me lib/a.rb lines 10-20", Show("lib/a.rb", 10, 20)),
    ("open the file Makefile", Show("Makefile")),
    ("list files", ListFiles("**/*")),
    ("what files are there?", ListFiles("**/*")),
    ("list all Python files in src", ListFiles("**/*.py", "src")),
    ("list files matching *.toml", ListFiles("**/*.toml")),
    ("how do Parser and Lexer connect?", Connect("Parser", "Lexer")),
    ("how does `load` call `parse`?", Connect("load", "parse")),
    ("find `TODO: later`", Find("TODO: later")),
    ('search for "no such file"', Find("no such file")),
]

NAMES: list[tuple[str, Intent]] = [
    ("where is load_config defined?", Symbol(("load_config",), "definition")),
    ("where is the class Foo defined", Symbol(("Foo",), "definition")),
    ("where is load defined", Symbol(("load",), "definition")),
    ("which file defines parse?", Symbol(("parse",), "definition")),
    ("where is the definition of run", Symbol(("run",), "definition")),
    ("where is load used?", Symbol(("load",), "uses")),
    ("who calls `Session.close`?", Symbol(("Session.close",), "uses")),
    ("what uses Widget::draw?", Symbol(("Widget::draw",), "uses")),
    ("show me all callers of go_on()", Symbol(("go_on",), "uses")),
    ("where is `run` used by others", Symbol(("run",), "uses")),
    ("what does load do?", Symbol(("load",), "does")),
    ("Hey, what does the function parse_args do?", Symbol(("parse_args",), "does")),
    ("explain HTTPServer", Symbol(("HTTPServer",), "does")),
    ("how does `retry` work?", Symbol(("retry",), "does")),
    ("where is load defined and used?", Symbol(("load",), "all")),
    ("where are `a` and `b` defined?", Symbol(("a", "b"), "definition")),
    ("where is `a` defined?", Symbol(("a",), "definition")),
    ("tell me about read_request", Symbol(("read_request",), "all")),
    ("`cache`", Symbol(("cache",), "all")),
    ("find `cache`", Symbol(("cache",), "all")),
    ("does omg.core.usage.total handle None?", Symbol(("omg.core.usage.total",), "does")),
]

OTHERS: list[tuple[str, Intent]] = [
    ("1. where is a defined? 2. where is b used?", Several(("where is a defined?", "where is b used?"), False)),
    ("Please answer:\n- what does foo do\n- who calls bar", Several(("what does foo do", "who calls bar"), False)),
    ("why is it slow?\nwhere are the locks taken?", Several(("why is it slow?", "where are the locks taken?"), False)),
    (
        "- run `ls`\n- where is foo defined?",
        Several(("run `ls`", "where is foo defined?"), True),
    ),
    ("hello", Help()),
    ("what can you do?", Help()),
    ("go on", Help()),
    ("write me an essay about trees", Decline()),
    ("refactor everything", Decline()),
    ("could you fix the login bug?", Decline()),
    ("rename `foo` to `bar`", Decline()),
    ("why does the login fail?", Words(("login", "fail"))),
    ("what happens if I run `make clean` twice", Words(("clean", "twice", "run"))),
]


@pytest.mark.parametrize(("words", "intent"), ACTS + LOOKS + NAMES + OTHERS, ids=lambda value: str(value)[:60])
def test_words_mean(words: str, intent: Intent) -> None:
    assert understand(words) == intent


@pytest.mark.parametrize(
    "words",
    ["don't run `rm -rf /`", "never run `make deploy`", "how do I run `make`?", "should I run `make`?", "`run` it"],
)
def test_a_command_is_not_run_unless_it_is_asked_for(words: str) -> None:
    assert not isinstance(understand(words), Run)


@pytest.mark.parametrize("words", ["go on", "sum up", "what did they find?", "Summarise the reports, please."])
def test_with_new_reports_a_few_words_ask_for_their_summary(words: str) -> None:
    assert understand(words, new_reports=True, any_reports=True) == SumUp()


def test_with_new_reports_a_question_stays_a_question() -> None:
    assert understand("where is load defined?", new_reports=True) == Symbol(("load",), "definition")


def test_old_reports_are_summed_up_only_when_named() -> None:
    assert understand("what did they find?", any_reports=True) == SumUp()
    assert understand("go on", any_reports=True) == Help()


def test_a_long_instruction_for_a_model_is_declined() -> None:
    text = (
        "Write the summary that lets you go on.\n\nKeep, in this order:\n1. Requests.\n2. Work.\n\n"
        + "Leave out. " * 60
    )
    assert understand(text) == Decline()


@given(st.text())
def test_any_text_means_something(text: str) -> None:
    understand(text)


PIECES = ["run", "in", "replace", "`", "with", "where is", "defined", "1.", "?", "\n- ", "how do", "and", "connect"]
PIECES += ["```", "a.py", "x", '"', "find", "what does", "do"]


@given(st.lists(st.sampled_from(PIECES), max_size=20).map(" ".join))
def test_any_mixture_of_its_own_words_means_something(text: str) -> None:
    understand(text, new_reports=True, any_reports=True)
