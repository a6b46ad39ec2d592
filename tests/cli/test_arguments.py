"""The words of the command line: what goes together, and what wrong usage is told."""

import pytest

from omg.cli.arguments import parse
from omg.cli.run import run

WRONG = [
    (["--fork", "x"], "--fork and --then go with -p"),
    (["--then", "x"], "--fork and --then go with -p"),
    (["--then", ""], "--fork and --then go with -p"),
    (["-c", "--fork", "x"], "--fork and --then go with -p"),
    (["-p", "hi", "sessions"], "-p does not go with the command sessions"),
    (["-p", "", "sessions"], "-p does not go with the command sessions"),
    (["-c", "show"], "-c does not go with the command show"),
    (["-r", "abc", "fork", "last", "task"], "-r does not go with the command fork"),
    (["--repl", "cache"], "--repl does not go with the command cache"),
    (["--fork", "x", "verify"], "--fork does not go with the command verify"),
    (["-p", "hi", "--repl"], "exclude each other"),
    (["-p", "hi", "--frok"], "unrecognized arguments: --frok"),
    (["doctor", "more"], "unrecognized arguments: more"),
    (["--max-turns", "0", "-p", "x"], "--max-turns"),
    (["--budget", "nan", "-p", "x"], "--budget"),
]


@pytest.mark.parametrize(("words", "told"), WRONG)
def test_wrong_usage_is_one_line_and_status_2(capsys, words, told):
    with pytest.raises(SystemExit) as left:
        parse(words)
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1


LATER = [["try", "3", "t", "--check", "make"], ["try", "--check", "make", "3", "t"], ["acp"]]


@pytest.mark.parametrize("words", LATER)
def test_a_command_that_is_not_there_yet_says_so_whatever_follows(capsys, words):
    assert run(words) == 1
    assert capsys.readouterr().err == f"omg: `omg {words[0]}` is not there yet\n"


def test_flags_stand_before_or_behind_a_command():
    for words in (["--output", "json", "sessions"], ["sessions", "--output", "json"]):
        assert (parse(words).command, parse(words).output) == ("sessions", "json")


def test_words_that_are_no_text_become_text_and_paths_stay_what_they_are():
    args = parse(["-p", "a\udcff", "--fork", "b\udcfe", "--then", "\udcff", "--cwd", "/x\udcff"])
    assert (args.words, args.forks, args.then) == ("a\ufffd", ["b\ufffd"], "\ufffd")
    assert args.cwd == "/x\udcff"
    assert parse(["audit", "--file", "/x\udcff"]).file == "/x\udcff"
