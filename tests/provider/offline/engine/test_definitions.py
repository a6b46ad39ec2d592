"""What counts as a definition in each language, and where it stands, on awkward sources."""

from __future__ import annotations

import re

import pytest

from omg.provider.offline.engine.definitions import scan
from omg.provider.offline.engine.languages import definition_pattern, language_of
from omg.provider.offline.engine.source import Source

PYTHON = '''"""def not_this(): in a docstring
class NorThis:
"""
# def nor_that():
import os
LIMIT: int = 3
first, second = 1, 2
if os.name:
    guarded = True

@decorator(
    name="x"
)
async def fetch(
    url: str,
    *,
    retries: int = 3,
) -> str:
    """Get it."""
    local = 1
    text = "def inner_text():"
    def nested(a): return a
    return local

class Outer(Base):
    kind: str
    size: int = 0

    class Inner:
        def act(self) -> None: ...

    @property
    def name(self):
        return call(
            size=3,
        )

def after(): pass
type Pair = tuple[int, int]
'''
SCRIPT = """// function no() {}
/* class No {} */
const text = `function nope() {}`
export default function main(a, b) {
  const local = 1
  if (a) { run(b) }
  return helper(a)
}
export const arrow = async (x) => {
  work(x);
}
const short = y => y * 2
const plain = compute(1)
let rule = /function fake() {/.test(s)
export abstract class Widget<T> extends Base {
  #count = 0
  static make = (a: string): Widget => new Widget()
  constructor(private a: number) { super() }
  async draw(ctx: Context): Promise<void> {
    for (const x of y) { ctx.put(x); }
  }
  get size() { return 1 }
}
interface Shape { area(): number; name: string }
type Id = string | number
export enum Color { Red }
function over(a: string): string;
function over(a: number): string;
function over(a: any) { return "" }
exports.late = function () {}
Widget.prototype.old = function (a) { return a }
"""
GO = """package main

// func No() {}
const Top = 1
var (
	a = 1
	Shared int
)
const (
	One = iota
	Two
)
type (
	Pair struct { x, y int }
	Name string
)
type Server struct {
	addr string
}
type Runner interface {
	Run(x int) error
}
func New[T any](addr string) *Server {
	local := `func Nope() {`
	var inner int
	return &Server{addr: addr}
}
func (s *Server) Run(
	x int,
) error {
	return start(x)
}
func (Server) Stop() {}
"""
RUST = """//! fn no() {}
/// fn nor() {}
pub(crate) struct Engine<'a> {
    name: &'a str,
}
pub enum Kind { A, B }
pub trait Run { fn run(&self) -> u8; }
impl<'a> Engine<'a> {
    pub const fn new(name: &'a str) -> Self { Engine { name } }
}
impl<T: Clone> Run for Holder<T> where T: Send {
    fn run(&self) -> u8 { let s = "fn nope() {}"; 1 }
}
const LIMIT: usize = 3;
static mut COUNT: u8 = 0;
type Short = Vec<u8>;
pub mod inner {
    pub async unsafe fn deep() {}
}
macro_rules! shout { () => {} }
extern "C" fn call() {}
fn raw() { let x = r#"fn fake() {}"#; }
"""
C = """#include <x.h>
/* int no(void) { } */
#define LIMIT 10
#define MAX(a, b) \\
  ((a) > (b) ? (a) : (b))
struct point { int x; };
typedef struct node {
  struct node *next;
} node_t;
typedef int (*callback)(int);
typedef unsigned long word;
enum color { RED };
int declared(int a);
static int
wrapped(void)
{
  return call(1);
}
struct point *make(int a) {
  if (a) { log("int fake() {"); }
  return 0;
}
"""
CPP = """namespace app {
class Widget final : public Base {
 public:
  Widget(int a) : a_(a) {}
  ~Widget();
  int size() const { return a_; }
  virtual void draw() = 0;
 private:
  int a_;
};
template <typename T>
T largest(const T& a, const T& b) { return a > b ? a : b; }
}
void app::Widget::draw() {
  size();
}
using Text = std::string;
namespace std VISIBLE(default) {
extern int counted(const char *s) THROW __nonnull ((1));
}
enum class Mode { On };
"""
JAVA = """package a;
/** class No {} */
@Service(name = "x")
public final class Store<K> extends Base implements Closeable {
    private static final int LIMIT = 3;
    public Store(int size) { super(size); }
    @Override
    public <T> List<T> load(Map<String, T> in) throws IOException, Bad {
        if (in.isEmpty()) { return none(); }
        String text = "void fake() {";
        return in.get(0);
    }
    abstract int size();
    enum Kind { A, B }
    record Point(int x, int y) {}
    interface Sink { void put(int a); }
}
"""
RUBY = """# def no
=begin
def nor
=end
module App
  LIMIT = 3
  class Store < Base
    def initialize(path)
      @path = path
    end
    def self.open(path) = new(path)
    def empty?; @items.none?; end
    private def hidden
      text = "def fake"
      if text
        1
      end
    end
    class << self
      def build; end
    end
  end
end
def after
end
"""
SHELL = """#!/bin/sh
# no() { }
LIMIT=3
greet() {
  local name=$1
  echo "fake() {"
}
function build {
  greet x
}
function with_both () {
  cat <<EOF
heredoc() {
}
EOF
}
deploy()
(
  build
)
"""

EXPECTED = [
    (
        "a.py",
        PYTHON,
        "LIMIT:6 first:7 second:7 guarded:9 fetch:14 fetch.nested:22 Outer:25 Outer.kind:26 Outer.size:27 "
        "Outer.Inner:29 Outer.Inner.act:30 Outer.name:33 after:38 Pair:39",
    ),
    (
        "a.ts",
        SCRIPT,
        "text:3 main:4 arrow:9 short:12 plain:13 rule:14 Widget:15 Widget.count:16 Widget.make:17 "
        "Widget.constructor:18 Widget.draw:19 Widget.size:22 Shape:24 Shape.area:24 Id:25 Color:26 over:27 over:28 "
        "over:29 exports.late:30 Widget.prototype.old:31",
    ),
    (
        "a.go",
        GO,
        "Top:4 a:6 Shared:7 One:10 Two:11 Pair:14 Name:15 Server:17 Runner:20 Runner.Run:21 New:23 Server.Run:28 "
        "Server.Stop:33",
    ),
    (
        "a.rs",
        RUST,
        "Engine:3 Kind:6 Run:7 Engine:8 Engine.new:9 Holder:11 Holder.run:12 LIMIT:14 COUNT:15 Short:16 inner:17 "
        "inner.deep:18 shout:20 call:21 raw:22",
    ),
    (
        "a.c",
        C,
        "LIMIT:3 MAX:4 point:6 node:7 node_t:9 callback:10 word:11 color:12 declared:13 wrapped:15 make:19",
    ),
    (
        "a.cpp",
        CPP,
        "app:1 app.Widget:2 app.Widget.Widget:4 app.Widget.~Widget:5 app.Widget.size:6 app.Widget.draw:7 "
        "app.largest:12 Widget.draw:14 Text:17 counted:19 Mode:21",
    ),
    (
        "a.java",
        JAVA,
        "Store:4 Store.LIMIT:5 Store.Store:6 Store.load:8 Store.size:13 Store.Kind:14 Store.Point:15 Store.Sink:16 "
        "Store.Sink.put:16",
    ),
    (
        "a.rb",
        RUBY,
        "App:5 App.LIMIT:6 App.Store:7 App.Store.initialize:8 App.Store.open:11 App.Store.empty?:12 "
        "App.Store.hidden:13 App.Store.build:20 after:24",
    ),
    ("a.sh", SHELL, "LIMIT:3 greet:4 build:8 with_both:11 deploy:17"),
    ("bin/tool", SHELL, "LIMIT:3 greet:4 build:8 with_both:11 deploy:17"),
]


def found(path: str, text: str) -> str:
    language = language_of(path, text)
    assert language is not None
    definitions = scan(Source(text, language.family), language)
    return " ".join(f"{'.'.join(filter(None, (each.owner, each.name)))}:{each.line}" for each in definitions)


@pytest.mark.parametrize(("path", "text", "expected"), EXPECTED, ids=[path for path, _, _ in EXPECTED])
def test_definitions_and_nothing_else(path: str, text: str, expected: str) -> None:
    assert found(path, text) == expected


@pytest.mark.parametrize(("path", "text", "expected"), EXPECTED, ids=[path for path, _, _ in EXPECTED])
def test_each_definition_is_among_the_lines_that_are_searched_for(path: str, text: str, expected: str) -> None:
    language = language_of(path, text)
    assert language is not None
    for item in expected.split():
        name, number = item.split(":")
        name, line = re.split(r"\.", name)[-1], text.split("\n")[int(number) - 1]
        if name.startswith("~"):
            continue
        assert re.search(definition_pattern(name), line) or re.search(rf"\b{re.escape(name)}(?!\w)", line)
        assert language.may_define(line, name), line


@pytest.mark.parametrize("path", ["notes.txt", "data.json", "README", "a.html"])
def test_other_files_have_no_language(path: str) -> None:
    assert language_of(path, "def f(): pass") is None


def test_a_definition_reaches_to_the_end_of_its_body() -> None:
    language = language_of("a.py")
    assert language is not None
    spans = {each.name: (each.line, each.last) for each in scan(Source(PYTHON, "python"), language)}
    assert spans["fetch"] == (14, 23)
    assert spans["Outer"] == (25, 36)
    assert spans["Inner"] == (29, 30)


def test_unbalanced_source_is_no_trouble() -> None:
    for path, text, _ in EXPECTED:
        for cut in range(0, len(text), 7):
            found(path if path != "bin/tool" else "a.sh", text[:cut] + "({[\"'`" + text[cut:])
