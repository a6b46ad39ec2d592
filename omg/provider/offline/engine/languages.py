"""The languages whose definitions the engine knows: by suffix, with the rules that find them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

Kind = Literal["class", "function", "method", "constructor", "field", "value", "type", "macro", "impl", "declaration"]
"""A method or field counts only inside a class, a constructor only inside the class of its name, a value only
outside functions. A class is anything that holds members: struct, interface, trait, enum, module, namespace."""
Body = Literal["indent", "end", "brace"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern over masked source; group `name` is what it defines, `owner` (optional) what it belongs to."""

    kind: Kind
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Language:
    """How one language defines things. `hint` is a pattern for one line that may define NAME: it errs on the
    side of yes, because what it finds is read and judged by `rules`."""

    name: str
    family: str
    suffixes: tuple[str, ...]
    rules: tuple[Rule, ...]
    hint: str
    body: Body = "brace"
    comment: str = "//"
    newline_ends: bool = True
    """Whether a definition without a body ends with its line."""
    calls_need_parentheses: bool = True

    def may_define(self, line: str, name: str) -> bool:
        """Whether `line` looks as if it defined `name`."""
        return re.search(self.hint.replace("NAME", re.escape(name)), line) is not None


def _rules(*pairs: tuple[Kind, str]) -> tuple[Rule, ...]:
    return tuple(Rule(kind, re.compile(pattern.replace("NAME", r"(?P<name>\w+)"), re.M)) for kind, pattern in pairs)


_NOT_ASSIGNED = r"(?!=|~|>)"
_PYTHON = Language(
    "Python",
    "python",
    (".py", ".pyi", ".pyw"),
    _rules(
        ("function", r"^[ \t]*(?:async[ \t]+)?def[ \t]+NAME"),
        ("class", r"^[ \t]*class[ \t]+NAME"),
        ("type", r"^[ \t]*type[ \t]+NAME[ \t]*[\[=]"),
        ("value", r"^[ \t]*NAME[ \t]*(?:,[\w, \t]*)?(?::(?!=)[^=\n]+)?=(?!=)"),
        ("value", r"^[ \t]*(?:\w+[ \t]*[,=][ \t]*)+NAME[ \t]*(?:,[\w, \t]*)?=(?!=)"),
        ("field", r"^[ \t]+(?!(?:else|try|finally|lambda)\b)NAME[ \t]*:[ \t]*[^\s=][^=\n]*$"),
    ),
    r"^\s*(?:async\s+)?(?:def|class|type)\s+NAME\b|^\s*[\w, =]*\bNAME\b\s*[\w, =]*(?::|=(?!=))",
    body="indent",
    comment="#",
)
_SCRIPT_NAME = r"(?P<name>[\w$]+)"
_ANNOTATION = r"[ \t]*(?::(?:[^=\n;]|=>)*)?"
_SCRIPT = Language(
    "JavaScript",
    "script",
    (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"),
    _rules(
        ("function", rf"\bfunction\b[ \t]*\*?[ \t]*{_SCRIPT_NAME}"),
        (
            "class",
            r"^[ \t]*(?:(?:export|default|declare|abstract|const)[ \t]+)*"
            rf"(?:class|interface|enum|namespace)[ \t]+{_SCRIPT_NAME}",
        ),
        ("type", rf"^[ \t]*(?:(?:export|declare)[ \t]+)*type[ \t]+{_SCRIPT_NAME}[ \t]*(?:<[^=\n]*>)?[ \t]*="),
        (
            "value",
            rf"^[ \t]*(?:(?:export|declare)[ \t]+)*(?:const|let|var)[ \t]+{_SCRIPT_NAME}{_ANNOTATION}"
            r"(?:=(?![=>])|;|$)",
        ),
        (
            "field",
            r"^[ \t]+(?:(?:public|private|protected|static|readonly|declare)[ \t]+)*#?"
            rf"{_SCRIPT_NAME}[?!]?{_ANNOTATION}=(?![=>])",
        ),
        ("value", rf"^[ \t]*(?P<owner>[\w$]+(?:\.[\w$]+)*)\.{_SCRIPT_NAME}[ \t]*=(?![=>])"),
        ("function", rf"^[ \t]*{_SCRIPT_NAME}[ \t]*:[ \t]*(?:async[ \t]+)?function\b"),
    ),
    r"\b(?:function\s*\*?|class|interface|enum|namespace|type|const|let|var)\s+NAME\b"
    r"|\bNAME\b[?!]?\s*(?::[^;]*)?=(?!=)|\bNAME\s*:\s*(?:async\s+)?function\b"
    r"|^(?!\s*(?:return|await|new|throw)\b)[^=(]*\bNAME\s*(?:<[^()]*>)?\((?:.*\{|.*\)\s*:|.*[(,]\s*$|\s*$)",
)
_GO = Language(
    "Go",
    "go",
    (".go",),
    _rules(
        ("function", r"^func[ \t]+NAME"),
        ("function", r"^func[ \t]*\([ \t]*(?:\w+[ \t]+)?\*?[ \t]*(?P<owner>\w+)[^)\n]*\)[ \t]*NAME"),
        ("class", r"^[ \t]*type[ \t]+NAME(?:\[[^\]\n]*\])?[ \t]+(?:struct|interface)\b"),
        ("type", r"^[ \t]*type[ \t]+NAME(?:\[[^\]\n]*\])?[ \t]+(?!struct\b|interface\b)[^\s]"),
        ("value", r"^[ \t]*(?:var|const)[ \t]+NAME"),
        ("method", r"^[ \t]+NAME\("),
    ),
    r"^\s*func\b.*\bNAME\s*[\[(]|^\s*(?:type|var|const)\s+NAME\b|^\s+NAME\b(?:\s*$|\s*[(,=]|\s+[\w*\[(])",
)
_VISIBLE = r"^[ \t]*(?:pub(?:\([^)\n]*\))?[ \t]+)?"
_RUST = Language(
    "Rust",
    "rust",
    (".rs",),
    _rules(
        ("function", _VISIBLE + r'(?:(?:default|const|async|unsafe|extern)[ \t]+(?:"[^"\n]*"[ \t]+)?)*fn[ \t]+NAME'),
        ("class", _VISIBLE + r"(?:unsafe[ \t]+)?(?:struct|enum|trait|union|mod)[ \t]+NAME"),
        (
            "impl",
            r"^[ \t]*(?:unsafe[ \t]+)?impl\b(?:[ \t]*<[^{\n]*?>)?[ \t]+(?:[^{;\n]*?\bfor[ \t]+)?(?:\w+::)*&?NAME"
            r"(?=[^\w{;\n:](?:(?!\bfor\b)[^{;\n])*(?:\{|\n|$)|[{\n])",
        ),
        ("type", _VISIBLE + r"type[ \t]+NAME"),
        ("value", _VISIBLE + r"(?:const|static)[ \t]+(?:mut[ \t]+)?NAME[ \t]*:"),
        ("macro", r"^[ \t]*macro_rules![ \t]+NAME"),
    ),
    r"\b(?:fn|struct|enum|trait|union|mod|type|const|static|mut|macro_rules!)\s+NAME\b|^\s*(?:unsafe\s+)?impl\b.*\bNAME\b",
)
_C = Language(
    "C",
    "c",
    (".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".ipp", ".inl"),
    _rules(
        ("macro", r"^[ \t]*#[ \t]*define[ \t]+NAME"),
        (
            "class",
            r"\b(?:enum[ \t]+(?:class|struct)|struct|enum|union|class|namespace)\s+(?:[A-Z_]+\s+)?(?:\w+::)*NAME\s*"
            r"(?:final\s*)?(?::(?!:)[^;{}()]*)?\{",
        ),
        ("type", r"\btypedef\b[^;{}]*?\bNAME\s*(?:\[[^\]\n]*\]\s*)*;"),
        ("type", r"\btypedef\b[^;{}]*?\(\s*\*\s*NAME\s*\)"),
        ("type", r"\busing\s+NAME\s*="),
    ),
    r"^\s*#\s*define\s+NAME\b|\b(?:struct|enum|union|class|namespace|typedef|using)\b.*\bNAME\b"
    r"|^(?!\s*(?:return|else|throw|delete)\b)(?:[^=.;]*[\w*&>\]]\s+[*&]*)?(?:[\w<>]+::)*~?NAME\s*(?:\(|$)|^\s*NAME\s*\([^;]*\{|^\s*\}[^;]*\bNAME\s*;",
    newline_ends=False,
)
_JAVA_MODIFIER = r"(?:public|private|protected|static|final|abstract|sealed|non-sealed|strictfp|volatile|transient)"
_JAVA = Language(
    "Java",
    "java",
    (".java",),
    _rules(
        (
            "class",
            rf"^[ \t]*(?:@\w+(?:\([^)\n]*\))?[ \t]+)*(?:{_JAVA_MODIFIER}[ \t]+)*"
            r"(?:class|interface|enum|record|@interface)[ \t]+NAME",
        ),
        ("field", rf"^[ \t]+(?:{_JAVA_MODIFIER}[ \t]+)+[\w<>\[\], .?]+[ \t]+NAME[ \t]*[=;]"),
    ),
    r"\b(?:class|interface|enum|record)\s+NAME\b|^(?!\s*(?:return|else|throw|new)\b)[^=.;]*[\w>\]]\s+NAME\s*(?:\(|=|;)",
    newline_ends=False,
)
_RUBY = Language(
    "Ruby",
    "ruby",
    (".rb", ".rake", ".gemspec", ".ru"),
    _rules(
        (
            "function",
            r"^[ \t]*(?:(?:private|protected|public|module_function|private_class_method)[ \t]+)?"
            r"def[ \t]+(?:self\.|(?P<owner>[A-Z]\w*)\.)?(?P<name>\w+[?!=]?)",
        ),
        ("class", r"^[ \t]*(?:class|module)[ \t]+(?:\w+::)*NAME"),
        ("value", rf"^[ \t]*(?P<name>[A-Z]\w*)[ \t]*={_NOT_ASSIGNED}"),
    ),
    rf"\bdef\s+(?:\w+\.)?NAME(?!\w)|^\s*(?:class|module)\b.*\bNAME\b|^\s*NAME\s*={_NOT_ASSIGNED}",
    body="end",
    comment="#",
    calls_need_parentheses=False,
)
_SHELL_NAME = r"(?P<name>[A-Za-z_][\w:.-]*)"
_SHELL = Language(
    "shell",
    "shell",
    (".sh", ".bash", ".zsh", ".ksh", ".bats"),
    _rules(
        ("function", rf"^[ \t]*(?:function[ \t]+)?{_SHELL_NAME}[ \t]*\([ \t]*\)\s*[{{(]"),
        ("function", rf"^[ \t]*function[ \t]+{_SHELL_NAME}(?=\s*\{{)"),
        ("value", rf"^(?:(?:export|readonly|declare|local)[ \t]+(?:-\w+[ \t]+)*)?{_SHELL_NAME}="),
    ),
    r"^\s*(?:function\s+)?NAME\s*\(\s*\)|^\s*function\s+NAME\b|^(?:(?:export|readonly|declare)\s+(?:-\w+\s+)*)?NAME=",
    comment="#",
    calls_need_parentheses=False,
)

LANGUAGES = (_PYTHON, _SCRIPT, _GO, _RUST, _C, _JAVA, _RUBY, _SHELL)
_BY_SUFFIX = {suffix: language for language in LANGUAGES for suffix in language.suffixes}
_BY_NAME = {"Rakefile": _RUBY, "Gemfile": _RUBY}
_BY_INTERPRETER = {
    "python": _PYTHON,
    "node": _SCRIPT,
    "ruby": _RUBY,
    "bash": _SHELL,
    "sh": _SHELL,
    "zsh": _SHELL,
    "dash": _SHELL,
    "ksh": _SHELL,
}
_SHEBANG = re.compile(r"#!\s*\S*?/?(?:env\s+(?:-S\s+)?)?(\w+?)[\d.]*(?:\s|$)")


def language_of(path: str, text: str = "") -> Language | None:
    """The language of a file, by its suffix, its name, or the interpreter its first line names."""
    file = PurePosixPath(path)
    if known := _BY_SUFFIX.get(file.suffix.lower()) or _BY_NAME.get(file.name):
        return known
    if file.suffix:
        return None
    named = _SHEBANG.match(text)
    return _BY_INTERPRETER.get(named[1].rsplit("/", 1)[-1]) if named else None


_KEYWORDS = (
    "def|class|function|func|fn|type|struct|enum|union|trait|interface|record|module|mod|namespace|impl|const|static"
    "|let|var|define|typedef|using|macro_rules!"
)


def definition_pattern(name: str) -> str:
    """One pattern for lines that may define `name` in any language: behind a keyword, or after nothing but types
    and before brackets, a colon or an equals sign. It errs on the side of yes. It holds `name` in each branch and
    looks around nowhere, so that a searcher can leave out the files without the name."""
    word = re.escape(name)
    return (
        rf"\b(?:{_KEYWORDS})[\s*<][^=;\"']*\b{word}\b"
        rf"|^[\w\s*&:<>,~@.#}}\[\]]*\b{word}\s*(?:;?$|[=:](?:[^=]|$)|\([^;]*$|\(.*[{{(])"
    )
