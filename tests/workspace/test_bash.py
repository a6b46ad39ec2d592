import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omg.workspace.bash import simple_command, simple_commands


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("git diff", "git diff"),
        ("  git \t diff  ", "git diff"),
        ("g''it \"diff\"", "git diff"),
        ("'git diff' x", "'git diff' x"),
        ("git commit -m 'a b'", "git commit -m 'a b'"),
        ('pytest -k "a and b"', "pytest -k 'a and b'"),
        ("grep '$(x); `y` | z > w' f", "grep '$(x); `y` | z > w' f"),
        (r"echo a\ b", "echo 'a b'"),
        (r"\git diff", "git diff"),
        ("ls *.py ~/x [a-z]", "ls *.py ~/x [a-z]"),
        ("git show HEAD^ HEAD@{1}", None),
        ("git show HEAD^ HEAD~2", "git show HEAD^ HEAD~2"),
        ("make -j2 CC=gcc", "make -j2 CC=gcc"),
        ("echo é", "echo é"),
        ("echo 日本\U000c4ebe \xa0", "echo 日本\U000c4ebe '\xa0'"),
        ("echo ''", "echo ''"),
        ("time rm x", "time rm x"),
        ("echo a#b", "echo a#b"),
    ],
)
def test_one_simple_command_in_normal_form(text: str, normal: str | None) -> None:
    assert simple_command(text) == normal


@pytest.mark.parametrize(
    "text",
    """
    a;b | a; | ;a | a&&b | a & | a&b | a|b | a |& b | ! a | (a) | { a; } | a > f | a>f | a >> f | a < f | a 2>&1
    a &> f | a <<< x | a <(b) | a >(b) | a $(b) | a "$(b)" | a `b` | a "`b`" | a $X | a ${X} | a "${X:-$(b)}" | a $((1))
    a "$X" | $X | $(a) | `a` | X=1 a | X=1 | a=(1) | a[0]=1 | a $'b' | a $"b" | a {b,c} | a {1..3} | a x{b,"c"}
    a {"b",c} | a # b | # a | if a; then b; fi | for x in y; do a; done | while a; do b; done | case a in b) c;; esac
    f() { a; } | function f { a; } | [[ a ]] | [ a ] | ((1)) | export X=1 | coproc { a; } | a 'b | a "b | a \\
    a ( | a ) | * | /bin/l? | let "$(a)"
    """.strip()
    .replace("\n", " | ")
    .split(" | "),
)
def test_anything_else_is_none(text: str) -> None:
    assert simple_command(text.strip()) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a\nb",
        "a\n",
        "a\\\nb",
        "a\rb",
        "a\0b",
        "a 'b\nc'",
        "a <<E\nb\nE",
        "a\x0bb",
        "a\u2028b",
        "a\x85b",
        "a \ud800",
        "a" * 20_000,
        "a || b",
        "a | b",
    ],
)
def test_new_lines_and_what_is_no_text_are_none(text: str) -> None:
    assert simple_command(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("git diff", ("git diff",)),
        ("a; b && c | d &", ("a", "b", "c", "d")),
        ('echo "$(rm -rf x)"', ('echo "$(rm -rf x)"', "rm -rf x")),
        ("if a; then X=1 b 'c'; fi", ("a", "b c")),
        ("r\\\nm x", ("rm x",)),
        ("export X=1", ("export X=1",)),
        ("", ()),
        (">{[{\U000c4ebe; é 'x'", ("é x",)),
        ("a;" * 10_000 + "rm x", ("a", "rm x")),
    ],
)
def test_the_commands_anywhere_in_a_line(text: str, found: tuple[str, ...]) -> None:
    assert simple_commands(text) == found


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=40), st.text("ab \t\n'\"\\$`;&|<>(){}[]*?~!#=,.-é\ud800\0", max_size=25)))
def test_nothing_is_ever_raised(text: str) -> None:
    assert simple_command(text) is None or "\n" not in text
    assert isinstance(simple_commands(text), tuple)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.text("ab'\"\\$`;&|<>(){}#=,.!é \t", min_size=1, max_size=6), max_size=6).map(" ".join))
def test_bash_sees_the_same_words(tmp_path_factory: pytest.TempPathFactory, rest: str) -> None:
    normal = simple_command(f"f {rest}")
    if normal is not None:
        folder = tmp_path_factory.mktemp("empty")
        assert seen_by_bash(folder, f"f {rest}") == shlex.split(normal)
        assert not list(folder.iterdir())


def seen_by_bash(folder: Path, command: str) -> list[str]:
    """The words of the one command `f`; no other can be found."""
    script = "f() { printf '%s\\n' f \"$@\"; }\n" + command
    env = {"PATH": "", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["/bin/bash", "-fc", script], cwd=folder, env=env, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()
