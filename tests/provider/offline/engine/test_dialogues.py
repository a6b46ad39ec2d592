"""Whole dialogues: the engine's calls are run over a real folder, and its answers name exact places."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.provider.offline.engine.offline_client import Client, places, plant

APP = {
    "app/store.py": '''"""Keeps things. def load(): is not here."""
import json


class Store:
    """Keeps records in a file.

    One file a store.
    """

    limit: int = 3

    def load(
        self, path: str
    ) -> dict[str, str]:
        """Read all records."""
        return json.loads(path)

    def save(self) -> None:
        self.load("x")


def load(path: str) -> Store:
    return Store()
''',
    "app/main.py": """from app.store import Store, load

# load is called below
store = load("data.json")
print("please load", store)
callback = load
""",
    "tests/test_store.py": "from app.store import load\n\n\ndef test_load():\n    assert load('x')\n",
    "docs/guide.md": "# Guide\n\nCall load to begin.\n\n## More\n",
    "server/server.go": """package server

// Server answers requests.
// It has one address.
type Server struct {
	addr string
}

func New(addr string) *Server { return &Server{addr: addr} }

func (s *Server) Listen() error {
	return nil
}
""",
    "server/stop.go": "package server\n\nfunc (s *Server) Stop() { s.Listen() }\n",
    "web/view.ts": """/**
 * Draws one frame.
 */
export const drawFrame = (frame: Frame): void => {
  paint(frame);
};
function loop() { drawFrame(next()); }
""",
    "native/buf.h": "#define BUF_SIZE 64\nint buf_fill(char *to, int size);\n",
    "native/buf.c": """#include "buf.h"

int
buf_fill(char *to, int size)
{
  return BUF_SIZE;
}
int go(void) { return buf_fill(0, 1); }
""",
    "core/engine.rs": """/// Runs.
pub struct Engine;
impl Engine {
    pub fn start(&self) {}
}
fn main() { Engine.start(); }
""",
    "src/Box.java": """class Box {
    int size() {
        return 1;
    }
    int twice() { return 2 * size(); }
}
""",
    "lib/cart.rb": "class Cart\n  # Sums up.\n  def total\n    1\n  end\nend\nCart.new.total\n",
    "bin/deploy": "#!/bin/sh\n# Ships it.\nship_it() {\n  true\n}\nship_it now\n",
}


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(plant(tmp_path, APP))


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Store", "app/store.py:5: class Store:"),
        ("Server", "server/server.go:5: type Server struct {"),
        ("Listen", "server/server.go:11: func (s *Server) Listen() error {"),
        ("drawFrame", "web/view.ts:4: export const drawFrame = (frame: Frame): void => {"),
        ("BUF_SIZE", "native/buf.h:1: #define BUF_SIZE 64"),
        ("go", "native/buf.c:8: int go(void) { return buf_fill(0, 1); }"),
        ("start", "core/engine.rs:4: pub fn start(&self) {}"),
        ("size", "src/Box.java:2: int size() {"),
        ("total", "lib/cart.rb:3: def total"),
        ("ship_it", "bin/deploy:3: ship_it() {"),
    ],
)
def test_a_definition_is_found_in_every_language(client: Client, name: str, place: str) -> None:
    assert places(client.say(f"where is {name} defined?")) == [place]


def test_definitions_come_apart_from_declarations(client: Client) -> None:
    answer = client.say("where is buf_fill defined?")
    assert "`buf_fill` is defined in 1 place:\n\n```text\nnative/buf.c:4: buf_fill(char *to, int size)\n```" in answer
    assert (
        "`buf_fill` is declared in 1 place:\n\n```text\nnative/buf.h:2: int buf_fill(char *to, int size);\n```"
        in answer
    )


def test_a_class_is_meant_rather_than_its_constructors(tmp_path: Path) -> None:
    client = Client(plant(tmp_path, {"Box.java": "class Box {\n    Box(int size) {\n        super();\n    }\n}\n"}))
    assert places(client.say("where is Box defined?")) == ["Box.java:1: class Box {"]


def test_the_first_step_searches_in_parallel_and_the_second_reads(client: Client) -> None:
    client.say("where is load defined?")
    assert [[name for name, _ in batch] for batch in client.calls] == [["grep", "grep"], ["read"]]


def test_uses_come_in_groups_without_the_definitions(client: Client) -> None:
    answer = client.say("where is load used?")
    calls, imports, others = answer.split("Imports:")[0], *answer.split("Imports:")[1].split("Other uses:")
    assert places(calls) == [
        'app/main.py:4: store = load("data.json")',
        'app/store.py:20: self.load("x")',
        "tests/test_store.py:5: assert load('x')",
    ]
    assert places(imports) == [
        "app/main.py:1: from app.store import Store, load",
        "tests/test_store.py:1: from app.store import load",
    ]
    assert places(others) == [
        "app/main.py:6: callback = load",
        "app/main.py:3: # load is called below",
        'app/main.py:5: print("please load", store)',
        'app/store.py:1: """Keeps things. def load(): is not here."""',
        "docs/guide.md:3: Call load to begin.",
    ]


def test_many_uses_are_bounded(tmp_path: Path) -> None:
    client = Client(plant(tmp_path, {"a.py": "def act(): ...\n" + "act()\n" * 50}))
    answer = client.say("who calls act?")
    assert "is used on 50 lines" in answer
    assert len(places(answer)) == 20
    assert answer.endswith("and 30 more places.")


def test_a_dotted_name_means_the_one_inside(client: Client) -> None:
    assert places(client.say("where is `Store.load` defined?")) == ["app/store.py:13: def load("]
    assert places(client.say("where is `app.main.load` defined?"))[:2] == [
        "app/store.py:13: def load(",
        "app/store.py:23: def load(path: str) -> Store:",
    ]
    assert places(client.say("where is store.load defined?")) == ["app/store.py:23: def load(path: str) -> Store:"]


def test_a_dotted_name_found_only_elsewhere_is_said_to_be_elsewhere(client: Client) -> None:
    assert client.say("where is `Other.load` defined?").startswith("I found no definition of `Other.load`.")


def test_what_a_class_does(client: Client) -> None:
    answer = client.say("what does Store do?")
    assert "> Keeps records in a file.\n>\n> One file a store." in answer
    members, calls = answer.split("Members:")[1].split("Called on")
    assert places(members) == [
        "app/store.py:11: limit: int = 3",
        "app/store.py:13: def load(",
        "app/store.py:19: def save(self) -> None:",
    ]
    assert places(calls) == ["app/store.py:24: return Store()"]


def test_what_a_function_does_has_its_whole_signature(client: Client) -> None:
    answer = client.say("what does Store.load do?")
    assert "def load( self, path: str ) -> dict[str, str]" in answer
    assert "> Read all records." in answer


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("what does Server do?", "> Server answers requests.\n> It has one address."),
        ("what does drawFrame do?", "> Draws one frame."),
        ("what does Engine do?", "> Runs."),
        ("what does total do?", "> Sums up."),
        ("what does ship_it do?", "> Ships it."),
        ("what does size do?", "It carries no docstring or comment."),
    ],
)
def test_the_comment_above_stands_for_a_docstring(client: Client, question: str, said: str) -> None:
    assert said in client.say(question)


def test_members_of_a_go_type_are_found_by_their_receiver(client: Client) -> None:
    members = client.say("what does Server do?").split("Members:")[1].split("I found")[0]
    assert "server/server.go:11: func (s *Server) Listen() error {" in places(members)
    assert "server/stop.go:3: func (s *Server) Stop() { s.Listen() }" in places(members)


def test_a_name_that_is_nowhere(client: Client) -> None:
    assert client.say("where is nothing_here defined?") == (
        "`nothing_here` does not occur in the files that were searched."
    )


def test_outline(client: Client) -> None:
    answer = client.say("outline app/store.py")
    assert [place.split(":")[1] for place in places(answer)] == ["5", "11", "13", "19", "23"]
    assert places(client.say("outline docs/guide.md")) == ["docs/guide.md:1: # Guide", "docs/guide.md:5: ## More"]
    assert client.say("outline no.py") == "`read` failed: No such file or directory: no.py"


def test_a_long_file_is_read_to_where_the_name_stands(tmp_path: Path) -> None:
    filler = "value = 1\n" * 300
    client = Client(plant(tmp_path, {"long.py": f'{filler}def late():\n    """At last."""\n'}), page=100)
    answer = client.say("what does late do?")
    assert places(answer) == ["long.py:301: def late():"]
    assert "> At last." in answer


def test_how_two_names_connect(client: Client) -> None:
    answer = client.say("how do loop and drawFrame connect?")
    assert "`drawFrame` appears in the body of `loop`" in answer
    assert "web/view.ts:7: function loop() { drawFrame(next()); }" in places(answer)
    assert "no file has both names" in client.say("how do loop and ship_it connect?")


def test_words_show_the_places_that_have_most_of_them(client: Client) -> None:
    answer = client.say("in which way are the records of a file kept?")
    assert places(answer)[0] == 'app/store.py:6: """Keeps records in a file.'
    assert "no language model" in answer
    assert client.calls[0] == [("grep", {"pattern": "(?i)record"}), ("grep", {"pattern": "(?i)kept"})]


def test_find_text_and_files(client: Client) -> None:
    assert places(client.say("find `return 1;`")) == ["src/Box.java:3: return 1;"]
    assert "app/main.py\napp/store.py\ntests/test_store.py" in client.say("list Python files")
    assert "def load():" not in client.say("read docs/guide.md")
    assert "Call load to begin." in client.say("read docs/guide.md")


def test_run_shows_output_and_status(client: Client) -> None:
    answer = client.say("run `echo hello; exit 3`")
    assert client.calls == [[("shell", {"command": "echo hello; exit 3"})]]
    assert answer == "`echo hello; exit 3` ended with exit status 3:\n\n```text\nhello\n(exit status 3)\n```"


def test_output_that_speaks_of_a_refusal_is_still_output(client: Client) -> None:
    client.canned = {"shell": ("Denied: 3\nAllowed: 4", False)}
    assert client.say("run `count`").startswith("I ran `count`:")
    client.canned = {"shell": ("Access denied\n[killed after 5 s]", True)}
    assert client.say("run `wait`").startswith("`wait` failed:")


def test_no_file_matches(client: Client) -> None:
    client.canned = {"glob": ("no file matches **/*.zip", False)}
    assert client.say("list files matching *.zip") == "No file matches `**/*.zip`."


def test_replace_reads_then_edits_and_names_the_lines(client: Client, tmp_path: Path) -> None:
    answer = client.say("in app/main.py replace `store` with `shop`")
    assert [[name for name, _ in batch] for batch in client.calls] == [["read"], ["edit"]]
    assert client.calls[1][0][1] == {"path": "app/main.py", "old": "store", "new": "shop", "all": True}
    assert "in 3 places" in answer
    assert places(answer) == [
        "app/main.py:1: from app.shop import Store, load",
        'app/main.py:4: shop = load("data.json")',
        'app/main.py:5: print("please load", shop)',
    ]
    assert "shop = load" in (tmp_path / "app/main.py").read_text()


def test_replace_changes_nothing_where_the_text_is_not(client: Client) -> None:
    answer = client.say("in app/main.py replace `nope` with `x`")
    assert [batch[0][0] for batch in client.calls] == ["read"]
    assert answer.endswith("Nothing was changed.")


def test_create(client: Client, tmp_path: Path) -> None:
    assert client.say("create notes.txt with `one`") == "I wrote 1 line to `notes.txt`."
    assert (tmp_path / "notes.txt").read_text() == "one"


@pytest.mark.parametrize(
    ("tool", "words", "answer"),
    [
        ("shell", "run `ls`", "`ls` was not run: mode is ask, and nobody is there to agree."),
        ("write", "create a.txt with `x`", "`write` was not run: mode is ask, and nobody is there to agree."),
        ("edit", "in app/main.py replace `store` with `x`", "`edit` was not run: mode is ask, and nobody"),
        ("grep", "where is load defined?", "I found nothing about `load`.\n\nNote: `grep` was not run: mode is ask"),
        ("grep", "why is it slow?", "`grep` was not run: mode is ask"),
    ],
)
def test_a_refusal_is_said_and_not_tried_again(client: Client, tool: str, words: str, answer: str) -> None:
    client.canned = {tool: ("mode is ask, and nobody is there to agree.", True)}
    assert client.say(words).startswith(answer)
    assert sum(name == tool for batch in client.calls for name, _ in batch) <= 2


def test_a_search_that_was_cut_is_said_to_be(client: Client) -> None:
    client.canned = {"grep": ("docs/guide.md:3:Call load to begin.\n[300 of 4000 matches shown; narrow it]", False)}
    assert "The search was cut short, so there may be more." in client.say("where is load used?")


QUESTIONS = "1. where is load defined?\n2. what does Engine do?"


def test_listed_questions_go_to_forks_in_main(client: Client) -> None:
    said = "It is here:\n\n```text\na.py:1: def load():\n```"
    reports = f'<report fork="a" status="done" task="where is load defined?">\n{said}\n</report>'
    client.canned = {"fork": (reports, False)}
    answer = client.say(QUESTIONS)
    assert client.calls == [[("fork", {"tasks": ["where is load defined?", "what does Engine do?"]})]]
    assert "**where is load defined? · a · done**" in answer
    assert places(answer) == ["a.py:1: def load():"]


def test_listed_questions_are_answered_one_by_one_in_a_fork(client: Client) -> None:
    answer = client.say("<environment>x</environment>", "<fork>\nYou are now a fork.\n</fork>", QUESTIONS)
    assert {name for batch in client.calls for name, _ in batch} == {"grep", "read"}
    assert "app/store.py:23: def load(path: str) -> Store:" in places(answer)
    assert "> Runs." in answer


def test_a_refused_fork_is_said_and_the_questions_are_answered_here(client: Client) -> None:
    client.canned = {"fork": ("refused: too deep", True)}
    answer = client.say(QUESTIONS)
    assert answer.startswith("`fork` was not run: refused: too deep")
    assert "> Runs." in answer


def test_reports_are_summed_up(client: Client) -> None:
    report = '<report fork="f1" status="done" task="a > b">\nFirst.\nSecond.\nThird.\nx.py:3: y = 1\n</report>'
    answer = client.say(report, "sum up")
    assert answer == "1 report:\n\n**a > b · f1 · done**\n\nFirst.\n\nSecond.\n\n```text\nx.py:3: y = 1\n```"
    assert client.say("what did they find?") == answer
    assert client.calls == []


def test_what_it_cannot_do_is_said_plainly(client: Client) -> None:
    for words in ("write me an essay", "hello"):
        assert "no language model" in client.say(words)
        assert "ANTHROPIC_API_KEY" in client.say(words)
    assert client.calls == []


def test_each_job_starts_afresh_in_a_longer_conversation(client: Client) -> None:
    first = client.say("where is load defined?")
    client.say("run `true`")
    assert client.say("where is load defined?") == first
