"""A transcript as one HTML page that needs nothing else: no scripts, no network. All text in it is escaped."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator

from omg.core.hidden import exact
from omg.session.as_markdown import about_section, heading, section_title
from omg.session.transcript import Item, Part, Section, Transcript

_STYLE = """
:root { color-scheme: light dark; --fg: #1c1e21; --bg: #fff; --dim: #667; --line: #d8dade; --box: #f5f6f8;
  --you: #eaf2ff; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --fg: #e4e6e9; --bg: #16181b; --dim: #99a; --line: #34373c;
  --box: #1f2226; --you: #1b2a40; --bad: #ff8a80 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--fg); background: var(--bg); max-width: 52rem;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; display: inline } h3 { font-size: 1rem; color: var(--dim) }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: .8rem 0 }
.words, .task { background: var(--you); border-radius: .5rem; padding: .6rem .8rem }
.summary, .thinking { border-left: 3px solid var(--line); padding-left: .8rem; color: var(--dim) }
.about, .other { color: var(--dim); font-size: .9rem }
details { margin: .4rem 0 } summary { cursor: pointer; overflow-wrap: anywhere }
.branch { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem; margin: 1rem 0 }
.call > summary, .report > summary, .told > summary, pre { font: .85rem/1.4 ui-monospace, monospace }
.call > summary, .report > summary, .told > summary { color: var(--dim) } .failed > summary { color: var(--bad) }
pre { background: var(--box); border-radius: .4rem; padding: .6rem; overflow: auto; max-height: 30rem;
  white-space: pre-wrap; overflow-wrap: anywhere }
@media print { pre { max-height: none } }
""".strip()
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser may do with the page: show it. It holds nothing else, and this holds even if that were wrong."""


def as_html(told: Transcript) -> str:
    """The page. Forks, tool calls and what the model was told are folded; each opens with a click."""
    title = _text(told.title or f"Session {told.id}")
    lines = "<br>\n".join(_text(line) for line in heading(told))
    sections = "\n".join(_section(section) for section in told.sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
        f'<h1>{title}</h1>\n<p class="about">{lines}</p>\n{sections}\n</body>\n</html>\n'
    )


def _section(section: Section) -> str:
    """A branch: main stands open, forks are folded."""
    open = " open" if section.parent is None else ""
    body = "\n".join(row for part in section.parts for row in _part(part, many=len(section.parts) > 1))
    return (
        f'<details class="branch"{open}>\n<summary><h2>{_text(section_title(section))}</h2></summary>\n'
        f'<p class="about">{_text(about_section(section))}</p>\n{body}\n</details>'
    )


def _part(part: Part, many: bool) -> Iterator[str]:
    if many:
        ended = f" (ended: {part.ended})" if part.ended else ""
        yield f"<h3>epoch {part.number}{_text(ended)}</h3>"
    for item in part.items:
        yield _item(item)


def _item(item: Item) -> str:
    match item.kind:
        case "words" | "task" | "reply" | "summary":
            return f'<div class="text {item.kind}" dir="auto">{_text(item.text)}</div>'
        case "call":
            given = _pre(json.dumps(item.input, ensure_ascii=False, indent=1))
            came = "" if item.result is None else _pre(item.result)
            return _folded("call failed" if item.is_error else "call", item.text, given + came)
        case "report" | "told" | "thinking":
            first = " ".join(item.text.split("\n", 1)[0].split())[:160]
            return _folded(item.kind, "thinking" if item.kind == "thinking" else first, _pre(item.text))
        case "other":
            return f'<p class="other">({_text(item.text)})</p>'


def _folded(name: str, line: str, body: str) -> str:
    return f'<details class="{name}"><summary>{_text(line)}</summary>{body}</details>'


def _pre(text: str) -> str:
    return f"<pre>{_text(text)}</pre>"


def _text(text: str) -> str:
    """`text` as a browser shows it letter by letter: nothing in it is markup, and nothing hidden."""
    return html.escape(exact(text), quote=True)
